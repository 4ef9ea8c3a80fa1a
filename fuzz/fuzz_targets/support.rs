//! What the targets share: feeding bytes in any portions, and watching memory.
//!
//! The first byte of an input chooses the codec, the second seeds the portions; the rest is what a
//! peer sends.

#![allow(dead_code, reason = "not every target needs all of it")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use shortwire::{
    codec::{Codec, Decoded},
    config::Limits,
    message::{Body, BodyKind, Failure, Message, Part},
};

/// The limit of every codec under test: small, so that inputs reach it.
pub const MAX_FRAME_BYTES: u32 = 8192;

/// What a stream came to: how many messages, a digest of them, the error, what was left over.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub messages: u64,
    pub digest: u64,
    pub error: Option<&'static str>,
    pub left: usize,
}

/// The limits of every codec under test.
pub fn limits() -> Limits {
    Limits { max_frame_bytes: MAX_FRAME_BYTES, ..Limits::default() }
}

/// Feeds the same bytes whole and in portions, and holds the decoder to its promises: it never asks
/// for what is there or for more than the limit allows, it keeps no more than a few times the
/// limit, and portions change nothing.
pub fn check(
    codec: impl Fn() -> Codec,
    seed: u8,
    bytes: &[u8],
    mut each: impl FnMut(&Message<'_>),
) {
    let whole = feed(&mut codec(), bytes, usize::MAX, 0, &mut each);
    let step = usize::from(seed) + 1;
    let split = feed(&mut codec(), bytes, step, usize::from(seed) / 3, |_| {});
    if whole.error.is_none() {
        assert_eq!(whole, split);
    } else {
        let seen = |outcome: &Outcome| (outcome.messages, outcome.digest, outcome.error);
        assert_eq!(seen(&whole), seen(&split));
    }
}

fn feed(
    codec: &mut Codec,
    bytes: &[u8],
    step: usize,
    wobble: usize,
    mut each: impl FnMut(&Message<'_>),
) -> Outcome {
    let mut outcome = Outcome::default();
    let mut hasher = DefaultHasher::new();
    let (mut start, mut end, mut turn) = (0usize, 0usize, 0usize);
    loop {
        let portion = step.saturating_add(turn.wrapping_mul(7) % (wobble + 1));
        end = bytes.len().min(end.saturating_add(portion));
        turn += 1;
        loop {
            let input = &bytes[start..end];
            outcome.left = input.len();
            let before = LIVE.load(Ordering::Relaxed);
            match codec.decode(input) {
                Ok(Decoded::Incomplete { needed }) => {
                    assert!(needed > input.len());
                    assert!(needed <= MAX_FRAME_BYTES as usize + 16);
                    break;
                }
                Ok(Decoded::Skip { consumed }) => {
                    assert!((1..=input.len()).contains(&consumed));
                    start += consumed;
                }
                Ok(Decoded::Message { consumed, message }) => {
                    assert!((1..=input.len()).contains(&consumed));
                    start += consumed;
                    outcome.messages += 1;
                    hold_to_promises(&message);
                    note(&message);
                    format!("{message:?}").hash(&mut hasher);
                    each(&message);
                }
                Err(error) => {
                    outcome.error = Some(error.kind().code());
                    outcome.digest = hasher.finish();
                    return outcome;
                }
            }
            let grown = LIVE.load(Ordering::Relaxed).saturating_sub(before);
            assert!(grown <= MAX_GROWTH_BYTES, "one step kept {grown} bytes");
        }
        if end == bytes.len() {
            outcome.digest = hasher.finish();
            let live = LIVE.load(Ordering::Relaxed);
            assert!(live <= *BASE.get_or_init(|| live) + MAX_LIVE_BYTES, "{live} bytes are live");
            return outcome;
        }
    }
}

/// What nobody checks again: text is UTF-8, and nothing is empty.
fn hold_to_promises(message: &Message<'_>) {
    let Some(body) = body_of(message) else { return };
    match body.kind {
        BodyKind::None => assert!(body.data.is_empty()),
        BodyKind::Json => assert!(std::str::from_utf8(body.data).is_ok()),
        BodyKind::WideJson => assert!(body.data.len() % 2 == 0),
        BodyKind::Bytes | BodyKind::MessagePack => {}
    }
}

/// The payload of a message, if it has one.
pub fn body_of<'a>(message: &Message<'a>) -> Option<Body<'a>> {
    match message {
        Message::Request(request) => Some(request.body),
        Message::Response { body, .. } | Message::Event { body, .. } => Some(*body),
        Message::Greeting { body } => Some(*body),
        Message::Failure { error: Failure::Body(body), .. } => Some(*body),
        Message::Stream { part, .. } => match part {
            Part::Open { body, .. } | Part::Data(body) | Part::Reset(Failure::Body(body)) => {
                Some(*body)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Remembers which kinds of messages have been reached, and tells at the end of the run.
pub fn note(message: &Message<'_>) {
    let text = format!("{message:?}");
    // `Stream { id: 1, part: Open {…} }` and the like: the words that begin with a capital.
    let body = body_of(message).map(|body| format!("{:?}", body.kind));
    let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let name = words.next().unwrap_or_default().to_owned();
    let part = match message {
        Message::Stream { .. } => text.split("part: ").nth(1).unwrap_or_default(),
        _ => "",
    };
    let part: String = part.chars().take_while(|c| c.is_alphanumeric()).collect();
    let traced = if text.contains("trace: Some") { "traced" } else { "" };
    let name = format!("{name} {part} {} {traced}", body.unwrap_or_default());
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    static SEEN: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());
    extern "C" fn tell() {
        let Ok(seen) = SEEN.lock() else { return };
        seen.iter().for_each(|(name, count)| eprintln!("reached {name}: {count}"));
    }
    let mut seen = SEEN.lock().expect("one thread");
    if seen.is_empty() {
        unsafe extern "C" {
            fn atexit(at: extern "C" fn()) -> i32;
        }
        // SAFETY: the function lives as long as the process, and expects nothing of it.
        unsafe { atexit(tell) };
    }
    *seen.entry(name).or_default() += 1;
}

/// The bytes that are allocated at the moment.
pub fn live() -> usize {
    LIVE.load(Ordering::Relaxed)
}

static LIVE: AtomicUsize = AtomicUsize::new(0);
static BASE: std::sync::OnceLock<usize> = std::sync::OnceLock::new();

/// A step may at most double a buffer that holds a whole message.
const MAX_GROWTH_BYTES: usize = 4 * MAX_FRAME_BYTES as usize;
/// What a codec and the fuzzer's own bookkeeping may hold.
const MAX_LIVE_BYTES: usize = 256 * 1024;

/// Counts what is allocated.
struct Counting;

// SAFETY: every call is handed to the system's allocator unchanged; only a number is kept beside.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`, which is the same here.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `dealloc`, which is the same here.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
