//! Shapes: whatever is taken apart can be put together again and is what the text said; and what is
//! not JSON fits no shape.

use std::fmt::Write as _;

use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::Value;

use crate::codec::shape::{
    IN_DOUBLES, IN_LONG, LONG_UNITS, Node, Outcome, Scalars, Shapes, Values, learn, tag,
};

/// Values of a payload, as JavaScript has them.
#[derive(Debug, Default, PartialEq)]
struct Taken {
    ints: Vec<i32>,
    doubles: Vec<f64>,
    short: Vec<u8>,
    long: Vec<u8>,
}

impl Taken {
    fn values(&mut self) -> Values<'_> {
        let Self { ints, doubles, short, long } = self;
        Values { ints, doubles, short, long }
    }
}

/// What `lib/core/shapes.js` does.
struct Rebuild<'a> {
    ints: std::slice::Iter<'a, i32>,
    doubles: std::slice::Iter<'a, f64>,
    short: &'a str,
    long: std::vec::IntoIter<String>,
}

impl Rebuild<'_> {
    fn all(node: &Node, taken: &Taken) -> Value {
        let long = if taken.long.is_empty() { b"[]" } else { taken.long.as_slice() };
        let long: Vec<String> = serde_json::from_slice(long).expect("an array of strings");
        assert!(long.iter().all(|text| !text.is_empty()));
        let short = std::str::from_utf8(&taken.short).expect("ASCII");
        let (ints, doubles) = (taken.ints.iter(), taken.doubles.iter());
        let mut rebuild = Rebuild { ints, doubles, short, long: long.into_iter() };
        let value = rebuild.node(node);
        assert_eq!(rebuild.ints.next(), None);
        assert_eq!(rebuild.doubles.next(), None);
        assert_eq!((rebuild.short, rebuild.long.next()), ("", None));
        value
    }

    fn int(&mut self) -> i32 {
        *self.ints.next().expect("an int")
    }

    fn number(&mut self) -> Value {
        match self.int() {
            IN_DOUBLES => Value::from(*self.doubles.next().expect("a double")),
            int => Value::from(f64::from(int)),
        }
    }

    fn string(&mut self) -> Value {
        match self.int() {
            IN_LONG => Value::from(self.long.next().expect("a long string")),
            length => {
                assert!(length < LONG_UNITS as i32);
                let (text, rest) = self.short.split_at(length as usize);
                self.short = rest;
                Value::from(text)
            }
        }
    }

    fn node(&mut self, node: &Node) -> Value {
        match node {
            Node::Scalar(Scalars::STRING) => self.string(),
            Node::Scalar(Scalars::NUMBER) => self.number(),
            Node::Scalar(Scalars::BOOLEAN) => Value::Bool(self.int() == 1),
            Node::Scalar(Scalars::NULL) => Value::Null,
            Node::Scalar(_) => match self.int() {
                tag::NULL => Value::Null,
                tag::FALSE => Value::Bool(false),
                tag::TRUE => Value::Bool(true),
                tag::NUMBER => self.number(),
                _ => self.string(),
            },
            Node::Object { nullable, members } => {
                if *nullable && self.int() == 0 {
                    return Value::Null;
                }
                let members = members.iter();
                members.map(|member| (member.key().to_owned(), self.node(&member.value))).collect()
            }
            Node::Array { nullable, element } => {
                if *nullable && self.int() == 0 {
                    return Value::Null;
                }
                let length = self.int();
                (0..length).map(|_| self.node(element.as_ref().expect("an element"))).collect()
            }
        }
    }
}

/// Takes a text apart and puts it together again.
fn through(node: &Node, text: &str) -> Option<Value> {
    let mut taken = Taken::default();
    let fits = taken.values().fill(node, text.as_bytes()).is_ok();
    if !fits {
        assert_eq!(taken, Taken::default());
    }
    fits.then(|| Rebuild::all(node, &taken))
}

/// The value with every number as a double, so that 1 and 1.0 are the same.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::from(number.as_f64().expect("a double")),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(key, item)| (key, plain(item))).collect()
        }
        other => other,
    }
}

/// Whether it is JSON although serde_json says that it isn't: what is infinite, and surrogates that
/// are alone.
fn only_serde_refuses(error: &serde_json::Error) -> bool {
    let text = error.to_string();
    ["number out of range", "surrogate", "hex escape"].iter().any(|known| text.contains(known))
}

/// A value of a shape that is chosen first: arrays of rows, members that may be null.
fn shaped() -> impl Strategy<Value = (Vec<Value>, Kind)> {
    kind().prop_flat_map(|kind| (vec(of_kind(kind.clone()), 1..6), Just(kind)))
}

#[derive(Debug, Clone)]
enum Kind {
    Text,
    Number,
    Truth,
    Maybe(Box<Self>),
    Rows(Box<Self>),
    Object(Vec<(String, Self)>),
}

fn kind() -> impl Strategy<Value = Kind> {
    let leaf = select(vec![Kind::Text, Kind::Number, Kind::Truth]);
    let inner = leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            inner.clone().prop_map(|kind| Kind::Maybe(Box::new(kind))),
            inner.clone().prop_map(|kind| Kind::Rows(Box::new(kind))),
            vec(("[a-zé_$][a-z0-9 '.-]{0,8}", inner), 1..6).prop_map(Kind::Object),
        ]
    });
    vec(("[a-z]{1,4}", inner), 1..5).prop_map(Kind::Object)
}

fn of_kind(kind: Kind) -> BoxedStrategy<Value> {
    match kind {
        Kind::Text => prop_oneof![
            "[ -~]{0,30}".prop_map(Value::from),
            "\\PC{0,20}".prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ]
        .boxed(),
        Kind::Number => prop_oneof![
            any::<i32>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (any::<i32>(), 0u8..8).prop_map(|(whole, places)| {
                Value::from(f64::from(whole) / 10f64.powi(i32::from(places)))
            }),
            any::<f64>().prop_filter("finite", |double| double.is_finite()).prop_map(Value::from),
        ]
        .boxed(),
        Kind::Truth => any::<bool>().prop_map(Value::from).boxed(),
        Kind::Maybe(kind) => {
            option::of(of_kind(*kind)).prop_map(|value| value.unwrap_or(Value::Null)).boxed()
        }
        Kind::Rows(kind) => vec(of_kind(*kind), 0..6).prop_map(Value::from).boxed(),
        Kind::Object(members) => members
            .into_iter()
            .map(|(key, kind)| of_kind(kind).prop_map(move |value| (key.clone(), value)))
            .collect::<Vec<_>>()
            .prop_map(|members| members.into_iter().collect())
            .boxed(),
    }
}

proptest! {
    #[test]
    fn a_shape_gives_back_what_it_was_learned_from((values, _) in shaped()) {
        for value in values {
            let text = value.to_string();
            if let Some(node) = learn(text.as_bytes()) {
                prop_assert_eq!(through(&node, &text), Some(plain(value)));
            }
        }
    }

    #[test]
    fn a_united_shape_gives_back_all_that_it_was_united_from((values, _) in shaped()) {
        let mut united: Option<Node> = None;
        let mut of_united = Vec::new();
        for value in values {
            let Some(node) = learn(value.to_string().as_bytes()) else { continue };
            let wider = match united.clone() {
                Some(united) => united.unite(node),
                None => Some(node),
            };
            if let Some(wider) = wider {
                united = Some(wider);
                of_united.push(value);
            }
        }
        for value in of_united {
            let node = united.as_ref().expect("a shape");
            prop_assert_eq!(through(node, &value.to_string()), Some(plain(value)));
        }
    }

    #[test]
    fn what_fits_after_a_change_is_still_json((values, _) in shaped(), at: prop::sample::Index, with in "[\\PC\"\\\\{}\\[\\],:0-9eE.+-]{0,2}", cut in 0usize..3) {
        let text = values[0].to_string();
        let Some(node) = learn(text.as_bytes()) else { return Ok(()) };
        let characters: Vec<char> = text.chars().collect();
        let at = at.index(characters.len());
        let mut changed: String = characters[..at].iter().collect();
        changed.push_str(&with);
        changed.extend(characters[(at + cut).min(characters.len())..].iter());
        let mut taken = Taken::default();
        if taken.values().fill(&node, changed.as_bytes()).is_ok() {
            match serde_json::from_str::<Value>(&changed) {
                // Of members that come twice it keeps one, so only what it writes alike is compared.
                Ok(value) if *value.to_string() == changed => {
                    prop_assert_eq!(through(&node, &changed), Some(plain(value)));
                }
                Ok(_) => {}
                Err(error) => prop_assert!(only_serde_refuses(&error), "{}: {}", changed, error),
            }
        }
    }

    #[test]
    fn a_number_is_what_rust_reads_in_it(text in "-?[0-9]{0,20}(\\.[0-9]{0,20})?([eE][+-]?[0-9]{0,3})?") {
        let json = format!("{{\"n\":{text}}}");
        let node = learn(b"{\"n\":1}").expect("a shape");
        let mut taken = Taken::default();
        let fits = taken.values().fill(&node, json.as_bytes()).is_ok();
        let grammar = text.strip_prefix('-').unwrap_or(&text);
        let whole = grammar.split(['.', 'e', 'E']).next().unwrap_or_default();
        let fraction = grammar.split_once('.').map(|(_, rest)| rest.split(['e', 'E']).next().unwrap_or_default());
        let exponent = grammar.split_once(['e', 'E']).map(|(_, rest)| rest.trim_start_matches(['+', '-']));
        let valid = !whole.is_empty()
            && (whole == "0" || !whole.starts_with('0'))
            && fraction != Some("")
            && exponent != Some("");
        prop_assert_eq!(fits, valid);
        if fits {
            let double = match taken.ints[..] {
                [IN_DOUBLES] => taken.doubles[0],
                [int] => f64::from(int),
                _ => panic!("one number"),
            };
            let expected: f64 = text.parse().expect("a number");
            prop_assert_eq!(double.to_bits(), expected.to_bits());
        }
    }

    #[test]
    fn a_string_ends_where_json_says(text in "([a-z\"\\\\/bu0-9é\u{1}\n ]|\\\\u[0-9a-f]{4}){0,24}") {
        let json = format!("{{\"s\":\"{text}\"}}");
        let node = learn(b"{\"s\":\"\"}").expect("a shape");
        match serde_json::from_str::<Value>(&json) {
            Ok(value) if value.as_object().is_some_and(|object| object.len() == 1 && object.contains_key("s")) && value["s"].is_string() => {
                prop_assert_eq!(through(&node, &json), Some(value));
            }
            Ok(_) => prop_assert_eq!(through(&node, &json), None),
            Err(error) if only_serde_refuses(&error) => {}
            Err(_) => prop_assert_eq!(through(&node, &json), None),
        }
    }

    #[test]
    fn no_bytes_do_any_harm(texts in vec(vec(select(b"{}[]\",:0123456789.eE+-truefalsn\\ u\x01\xff".to_vec()), 0..60), 1..20)) {
        let mut shapes = Shapes::default();
        let mut taken = Taken::default();
        for text in texts {
            let before = taken.ints.len();
            let outcome = shapes.read(&text, &mut taken.values());
            prop_assert!(matches!(outcome, Outcome::Values(_)) || taken.ints.len() == before);
        }
    }
}

#[test]
fn shapes_are_not_learned_from_what_is_rebuilt_otherwise() {
    let declined = [
        "{\"1\":1,\"0\":2}",
        "{\"a\":1,\"a\":2}",
        "{\"__proto__\":{\"a\":1}}",
        "{\"a\\n\":1}",
        "{\"\\u0061\":1,\"a\":1}",
        "{\"a\":[1,{\"b\":2}]}",
        "{\"a\":[{\"b\":2},{\"c\":2}]}",
        "{}",
        "\"text\"",
        "1",
        "null",
        "{\"a\":1} ",
        "{\"a\":01}",
        "{\"a\":1",
    ];
    for text in declined {
        let node = learn(text.as_bytes());
        let fits = node.is_some_and(|node| through(&node, text).is_some());
        assert!(!fits, "{text}");
    }
}

#[test]
fn depth_members_and_places_have_limits() {
    let nested = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    assert!(learn(nested(16).as_bytes()).is_some());
    assert!(learn(nested(17).as_bytes()).is_none());
    let wide = |members: usize| {
        let mut text = String::new();
        for at in 0..members {
            let _ = write!(text, "{}\"k{at}\":1", if at == 0 { '{' } else { ',' });
        }
        text + "}"
    };
    assert!(learn(wide(64).as_bytes()).is_some());
    assert!(learn(wide(65).as_bytes()).is_none());
    let several = |objects: usize| {
        let mut text = String::new();
        for at in 0..objects {
            let comma = if at == 0 { '{' } else { ',' };
            let _ = write!(text, "{comma}\"o{at}\":{}", wide(60));
        }
        text + "}"
    };
    let places = |text: &str| learn(text.as_bytes()).map(|node| node.places());
    assert_eq!(places(&several(4)), Some(244));
    assert_eq!(places(&several(5)), None);
}
