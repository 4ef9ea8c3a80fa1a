//! Texts in a row through the shapes of one connection: what fits one is JSON, what doesn't adds
//! nothing, and nothing panics. Texts are separated by zero bytes, which JSON has none of.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use shortwire::codec::shape::{Outcome, Shapes, Values, learn};

fuzz_target!(|data: &[u8]| {
    // The codecs let nothing else through.
    let Ok(data) = std::str::from_utf8(data) else { return };
    let (mut ints, mut doubles, mut short, mut long) = (vec![], vec![], vec![], vec![]);
    let mut shapes = Shapes::default();
    let mut first = None;
    for text in data.split('\0') {
        let sizes = (ints.len(), doubles.len(), short.len(), long.len());
        let mut values =
            Values { ints: &mut ints, doubles: &mut doubles, short: &mut short, long: &mut long };
        let fits = match shapes.read(text.as_bytes(), &mut values) {
            Outcome::Values(_) => true,
            _ => {
                assert_eq!(sizes, (ints.len(), doubles.len(), short.len(), long.len()));
                false
            }
        };
        assert!(!fits || is_json(text), "{text}");
        // Most inputs are too short to be announced: the first shape is tried by hand.
        if first.is_none() {
            first = learn(text.as_bytes());
        }
        let Some(node) = &first else { continue };
        long.clear();
        let mut values =
            Values { ints: &mut ints, doubles: &mut doubles, short: &mut short, long: &mut long };
        if values.fill(node, text.as_bytes()).is_ok() {
            assert!(is_json(text), "{text}");
            assert!(long.is_empty() || is_json(std::str::from_utf8(&long).expect("UTF-8")));
            assert!(short.is_ascii());
        }
        long.clear();
    }
});

/// Whether it is JSON, in JavaScript's eyes: surrogates may be alone, numbers infinite.
fn is_json(text: &str) -> bool {
    match serde_json::from_str::<Value>(text) {
        Ok(_) => true,
        Err(error) => {
            let why = error.to_string();
            ["number out of range", "surrogate", "hex escape"]
                .iter()
                .any(|known| why.contains(known))
        }
    }
}
