//! When shapes are learned, announced and given up: what that costs is bounded.

use crate::codec::shape::{MAX_SHAPES, Outcome, Shapes, Values};

fn order(id: usize) -> String {
    let note = "n".repeat(5 + id % 20);
    format!(
        "{{\"id\":{id},\"note\":\"{note}\",\"total\":{id}.25,\"pad\":[{}]}}",
        "1,".repeat(200) + "1"
    )
}

/// What becomes of each of these.
fn read(shapes: &mut Shapes, texts: impl IntoIterator<Item = String>) -> Vec<Outcome> {
    let (mut ints, mut doubles, mut short, mut long) = (vec![], vec![], vec![], vec![]);
    let mut values =
        Values { ints: &mut ints, doubles: &mut doubles, short: &mut short, long: &mut long };
    texts.into_iter().map(|text| shapes.read(text.as_bytes(), &mut values)).collect()
}

#[test]
fn a_payload_that_comes_again_and_again_is_announced_once() {
    let mut shapes = Shapes::default();
    let outcomes = read(&mut shapes, (0..100).map(order));
    let announced = outcomes.iter().position(|outcome| matches!(outcome, Outcome::Announced(..)));
    let announced = announced.expect("it is announced");
    assert!(outcomes[..announced].iter().all(|outcome| *outcome == Outcome::Plain));
    assert!(outcomes[announced + 1..].iter().all(|outcome| *outcome == Outcome::Values(0)));
    assert!((10..30).contains(&announced), "after 8 KB: {announced}");
}

#[test]
fn a_shape_that_widens_is_announced_again_under_its_number() {
    let mut shapes = Shapes::default();
    let texts = (0..200).map(|id| if id < 50 { order(id) } else { order(id).replace(".25", "") });
    let texts = texts.map(|text| text.replace("\"total\":60", "\"total\":null"));
    let outcomes = read(&mut shapes, texts);
    let announced: Vec<u8> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Outcome::Announced(number, _) => Some(*number),
            _ => None,
        })
        .collect();
    assert_eq!(announced, [0, 0]);
    assert_eq!(outcomes.last(), Some(&Outcome::Values(0)));
}

#[test]
fn payloads_that_are_never_alike_stop_costing() {
    let mut shapes = Shapes::default();
    let unlike = |id: usize| {
        let pad = "x".repeat(600);
        format!("{{\"a\":1,\"k{id}\":\"{pad}\"}}")
    };
    let outcomes = read(&mut shapes, (0..5000).map(unlike));
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Plain));
    // It is out of credit most of the time, and learns from few of them.
    assert!(shapes.learned() < 300, "{}", shapes.learned());
}

#[test]
fn there_are_only_so_many_shapes_and_the_oldest_gives_way() {
    let mut shapes = Shapes::default();
    let of = |shape: usize| order(1).replace("note", &format!("note{shape}"));
    let texts = (0..MAX_SHAPES + 4).flat_map(|shape| std::iter::repeat_n(of(shape), 2000));
    let outcomes = read(&mut shapes, texts);
    let numbers = outcomes.iter().filter_map(|outcome| match outcome {
        Outcome::Announced(number, _) => Some(*number),
        _ => None,
    });
    let numbers: Vec<u8> = numbers.collect();
    assert!(numbers.len() > 4, "{numbers:?}");
    assert!(numbers.iter().all(|&number| usize::from(number) < MAX_SHAPES));
}

#[test]
fn each_announcement_wants_more_than_the_one_before() {
    let mut shapes = Shapes::default();
    let of = |shape: usize| order(1).replace("note", &format!("note{shape}"));
    let mut bytes = 0;
    let mut announced = 0;
    for text in (0..60).flat_map(|shape| std::iter::repeat_n(of(shape), 30)) {
        bytes += text.len();
        let outcomes = read(&mut shapes, [text]);
        announced += outcomes.iter().filter(|o| matches!(o, Outcome::Announced(..))).count();
    }
    assert!(bytes > 500_000 && announced <= 2, "{announced} in {bytes}");
}

#[test]
fn what_is_mostly_one_long_string_is_left_to_v8() {
    let mut shapes = Shapes::default();
    let text = |id: usize| format!("{{\"id\":{id},\"text\":\"{}\"}}", "long ".repeat(400));
    let outcomes = read(&mut shapes, (0..200).map(text));
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Plain));
}

#[test]
fn white_space_is_no_shape_and_is_not_tried_for_ever() {
    let mut shapes = Shapes::default();
    let outcomes = read(&mut shapes, (0..2000).map(|id| order(id).replace(':', ": ")));
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Plain));
    assert!(shapes.learned() < 500, "{}", shapes.learned());
}
