//! Which topics a peer wants: patterns, before the first and after the last, floods of them.

use proptest::prelude::*;

use crate::session::topics::{MAX_FORMS, MAX_PATTERN_BYTES, Topics};

fn of(patterns: &[&str]) -> Topics {
    let mut topics = Topics::new(1000);
    for pattern in patterns {
        topics.subscribe(pattern).expect("a pattern");
    }
    topics
}

#[test]
fn patterns_match_whole_segments() {
    for (pattern, wanted, unwanted) in [
        ("a", &["a"][..], &["b", "a.b", "aa", "A"][..]),
        ("a.b", &["a.b"], &["a", "a.c", "a.b.c", "x.a.b", "a..b"]),
        ("a.*", &["a.b", "a.é🌍", "a."], &["a", "a.b.c", "b.a", "ab"]),
        ("*.b", &["a.b", ".b"], &["b", "a.b.c", "a.a.b"]),
        ("a.*.c", &["a.b.c", "a..c"], &["a.c", "a.b.b.c", "a.b.d"]),
        ("*", &["a", "*", "**"], &["a.b"]),
        ("*.*", &["a.b", "."], &["a", "a.b.c"]),
        ("a.**", &["a.b", "a.b.c", "a..", "a."], &["a", "b.a", "ab.c"]),
        ("*.b.**", &["a.b.c", "x.b.c.d"], &["a.b", "a.c.d", "b.c"]),
        ("**", &["a", "a.b", ".", "a.b.c.d.e"], &[]),
        ("größe.日本", &["größe.日本"], &["größe", "größe.日"]),
        (".", &["."], &["", "a.", ".."]),
    ] {
        let topics = of(&[pattern]);
        for topic in wanted {
            assert!(topics.wants(topic), "{pattern} and {topic}");
        }
        for topic in unwanted.iter().filter(|topic| !topic.is_empty()) {
            assert!(!topics.wants(topic), "{pattern} and {topic}");
        }
        assert!(topics.wants(""), "no topic is for everybody");
    }
}

#[test]
fn all_before_the_first_and_none_after_the_last() {
    let mut topics = Topics::new(10);
    assert!(topics.wants("a") && topics.wants("a.b.c"));
    topics.unsubscribe("a");
    assert!(topics.wants("a"), "nothing was subscribed to, so nothing has changed");
    topics.subscribe("a").expect("a pattern");
    assert!(topics.wants("a") && !topics.wants("b"));
    topics.unsubscribe("a");
    assert!(topics.is_empty() && !topics.wants("a") && topics.wants(""));
    topics.subscribe("b.*").expect("a pattern");
    assert!(topics.wants("b.c") && !topics.wants("a"));
}

#[test]
fn all_can_be_taken_back_at_once() {
    let mut topics = Topics::new(10);
    topics.unsubscribe_all();
    assert!(!topics.wants("a"));
    topics.subscribe("a.**").expect("a pattern");
    topics.unsubscribe_all();
    assert!(!topics.wants("a.b"));
}

#[test]
fn twice_is_once() {
    let mut topics = of(&["a.*", "a.*", "b", "b"]);
    assert_eq!(topics.len(), 2);
    topics.unsubscribe("a.*");
    assert!(!topics.wants("a.x") && topics.wants("b"));
    topics.unsubscribe("a.*");
    assert_eq!(topics.len(), 1);
}

#[test]
fn patterns_of_one_form_go_one_by_one() {
    let mut topics = of(&["a.*", "b.*"]);
    topics.unsubscribe("a.*");
    assert!(!topics.wants("a.x") && topics.wants("b.x"));
}

#[test]
fn what_is_no_pattern_is_refused() {
    let long = "a".repeat(MAX_PATTERN_BYTES + 1);
    let far = format!("{}*", "a.".repeat(64));
    for pattern in ["", "a*", "*a", "a.*b", "***", "a.**.b", "**.a", "**.**", &long, &far] {
        let mut topics = Topics::new(10);
        assert!(topics.subscribe(pattern).is_err(), "{pattern}");
        assert!(topics.is_empty() && topics.wants("a"), "{pattern}");
    }
    let longest = "a".repeat(MAX_PATTERN_BYTES);
    assert!(of(&[&longest]).wants(&longest));
}

#[test]
fn there_is_an_end_to_patterns_and_to_their_forms() {
    let mut topics = Topics::new(3);
    for pattern in ["a", "b", "c", "a"] {
        topics.subscribe(pattern).expect("room");
    }
    assert!(topics.subscribe("d").is_err());
    topics.unsubscribe("a");
    topics.subscribe("d").expect("room again");

    let mut topics = Topics::new(1_000_000);
    let form = |stars: usize| {
        let segment = |at: usize| if stars >> at & 1 == 1usize { "*" } else { "x" };
        (0..7).map(segment).collect::<Vec<_>>().join(".")
    };
    let patterns: Vec<String> = (1..=MAX_FORMS).map(form).collect();
    for pattern in &patterns {
        topics.subscribe(pattern).expect("room");
    }
    assert!(topics.subscribe("*.**").is_err());
    topics.unsubscribe(&patterns[0]);
    topics.subscribe("*.**").expect("a form has gone");
}

/// What a pattern means, by a look at one segment after the other.
fn matches(pattern: &str, topic: &str) -> bool {
    let (patterns, topics): (Vec<_>, Vec<_>) =
        (pattern.split('.').collect(), topic.split('.').collect());
    for (at, segment) in patterns.iter().enumerate() {
        match (*segment, topics.get(at)) {
            ("**", rest) => return rest.is_some(),
            ("*", Some(_)) => {}
            (literal, Some(segment)) if literal == *segment => {}
            _ => return false,
        }
    }
    patterns.len() == topics.len()
}

proptest! {
    #[test]
    fn a_set_wants_what_one_of_its_patterns_matches(
        patterns in prop::collection::vec("(a|b|\\*)(\\.(a|b|\\*)){0,3}(\\.\\*\\*)?", 1..20),
        topic in "[ab](\\.[ab]){0,4}",
        gone in 0usize..20,
    ) {
        let mut topics = Topics::new(1000);
        let mut left: Vec<&String> = Vec::new();
        for pattern in &patterns {
            topics.subscribe(pattern).expect("a pattern");
            left.push(pattern);
        }
        if let Some(pattern) = patterns.get(gone) {
            topics.unsubscribe(pattern);
            left.retain(|other| *other != pattern);
        }
        let expected = left.iter().any(|pattern| matches(pattern, &topic));
        prop_assert_eq!(topics.wants(&topic), expected);
    }
}
