//! Bytes that wait for the kernel: whatever it takes at a time, they leave in order and once.

use std::io::{self, IoSlice};

use bytes::Bytes;
use proptest::{collection::vec, prelude::*};

use crate::{codec::FrameSink, driver::write_queue::WriteQueue};

/// A kernel that takes so many bytes at a time; zero is "would block".
fn taking<'a>(
    taken: &'a mut Vec<u8>,
    portions: impl IntoIterator<Item = usize> + 'a,
) -> impl FnMut(&[IoSlice<'_>]) -> io::Result<usize> + 'a {
    let mut portions = portions.into_iter();
    move |slices| {
        let portion = portions.next().unwrap_or(0);
        if portion == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
        let portion = portion.min(bytes.len());
        taken.extend_from_slice(&bytes[..portion]);
        Ok(portion)
    }
}

fn put(queue: &mut WriteQueue, bytes: &[u8], slot: u32) {
    queue.put_slice(bytes);
    queue.end_message(slot);
}

fn written(queue: &mut WriteQueue) -> Vec<u32> {
    std::iter::from_fn(|| queue.poll_written()).collect()
}

#[test]
fn small_messages_leave_in_one_write() {
    let mut queue = WriteQueue::default();
    (0..10).for_each(|slot| put(&mut queue, b"abc", slot));
    let mut writes = 0;
    let all = queue.write_to(|slices| {
        writes += 1;
        Ok(slices.iter().map(|slice| slice.len()).sum())
    });
    assert!(all.expect("written"));
    assert_eq!(writes, 1);
    assert_eq!((queue.bytes(), queue.written()), (0, 30));
}

#[test]
fn whoever_waits_is_told_when_the_last_byte_has_left() {
    let mut queue = WriteQueue::default();
    put(&mut queue, b"abc", 7);
    put(&mut queue, b"de", 8);
    let mut taken = Vec::new();
    for (portion, told) in [(2, vec![]), (1, vec![7]), (1, vec![]), (1, vec![8])] {
        let all = queue.write_to(taking(&mut taken, [portion])).expect("no error");
        assert_eq!(all, queue.bytes() == 0);
        assert_eq!(written(&mut queue), told);
    }
    assert_eq!(taken, b"abcde");
}

#[test]
fn messages_that_wait_are_counted() {
    let mut queue = WriteQueue::default();
    put(&mut queue, b"abc", 1);
    put(&mut queue, b"de", 2);
    assert_eq!((queue.messages(), queue.bytes()), (2, 5));
    queue.write_to(taking(&mut Vec::new(), [3])).expect("no error");
    written(&mut queue);
    assert_eq!((queue.messages(), queue.bytes()), (1, 2));
    assert_eq!(queue.unwritten().collect::<Vec<_>>(), [2]);
}

#[test]
fn a_lent_body_goes_between_what_is_before_and_behind_it() {
    let mut queue = WriteQueue::default();
    put(&mut queue, b"before ", 0);
    queue.lend(Bytes::from_static(b"lent"));
    queue.put_slice(b"head ");
    queue.put_body(b"lent");
    queue.end_message(1);
    put(&mut queue, b" behind", 2);
    let mut taken = Vec::new();
    for _ in 0..100 {
        queue.write_to(taking(&mut taken, [1])).expect("no error");
    }
    assert_eq!(taken, b"before head lent behind");
    assert_eq!(written(&mut queue), [0, 1, 2]);
}

#[test]
fn what_was_lent_for_a_message_without_a_body_is_not_kept_for_the_next() {
    let mut queue = WriteQueue::default();
    queue.lend(Bytes::from_static(b"stale"));
    queue.end_message(0);
    queue.put_body(b"fresh");
    queue.end_message(1);
    let mut taken = Vec::new();
    queue.write_to(taking(&mut taken, [100])).expect("no error");
    assert_eq!(taken, b"fresh");
}

#[test]
fn an_interrupt_is_tried_again() {
    let mut queue = WriteQueue::default();
    put(&mut queue, b"abc", 0);
    let mut interrupts = 3;
    let all = queue.write_to(|slices| {
        interrupts -= 1;
        if interrupts > 0 { Err(io::ErrorKind::Interrupted.into()) } else { Ok(slices[0].len()) }
    });
    assert!(all.expect("written"));
}

#[test]
fn an_error_is_passed_on_and_so_is_a_kernel_that_takes_nothing() {
    let mut queue = WriteQueue::default();
    put(&mut queue, b"abc", 0);
    let error = queue.write_to(|_| Err(io::ErrorKind::BrokenPipe.into())).expect_err("broken");
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(queue.write_to(|_| Ok(0)).expect_err("stuck").kind(), io::ErrorKind::WriteZero);
}

#[test]
fn an_empty_queue_asks_nobody() {
    let mut queue = WriteQueue::default();
    assert!(queue.write_to(|_| panic!("nothing to write")).expect("nothing"));
}

#[test]
fn a_slow_reader_gets_bounded_writes_and_everything() {
    let mut queue = WriteQueue::default();
    let message = [b'x'; 10_000];
    put(&mut queue, &message, 0);
    queue.write_to(taking(&mut Vec::new(), [1])).expect("no error");
    for slot in 1..100 {
        put(&mut queue, &message, slot);
    }
    let mut left = 0;
    let all = queue.write_to(|slices| {
        assert!(slices.len() <= 16, "{} slices", slices.len());
        let bytes = slices.iter().map(|slice| slice.len()).sum::<usize>();
        left += bytes.min(12_345);
        Ok(bytes.min(12_345))
    });
    assert!(all.expect("written"));
    assert_eq!(left, 100 * message.len() - 1);
    assert_eq!(written(&mut queue).len(), 100);
}

#[derive(Debug, Clone)]
enum Step {
    Put(Vec<u8>),
    Lend(Vec<u8>),
    Write(Vec<usize>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let bytes = || prop_oneof![9 => vec(any::<u8>(), 0..50), 1 => any::<u8>().prop_map(|byte| vec![byte; 70_000])];
    let step = prop_oneof![
        bytes().prop_map(Step::Put),
        bytes().prop_map(Step::Lend),
        vec(prop_oneof![0usize..100, Just(50_000)], 0..4).prop_map(Step::Write),
    ];
    vec(step, 0..60)
}

proptest! {
    /// Whatever is put and taken in whatever portions: all of it, in order, each told once.
    #[test]
    fn bytes_leave_in_order_and_once(steps in steps()) {
        let mut queue = WriteQueue::default();
        let (mut expected, mut taken) = (Vec::new(), Vec::new());
        let (mut ends, mut told) = (Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Put(bytes) => {
                    queue.put_slice(&bytes);
                    expected.extend_from_slice(&bytes);
                }
                Step::Lend(bytes) => {
                    queue.lend(Bytes::from(bytes.clone()));
                    queue.put_slice(b"head");
                    queue.put_body(&bytes);
                    expected.extend_from_slice(b"head");
                    expected.extend_from_slice(&bytes);
                }
                Step::Write(portions) => {
                    queue.write_to(taking(&mut taken, portions)).expect("no error");
                    told.extend(written(&mut queue));
                    let left = ends.iter().take_while(|end| **end <= taken.len()).count();
                    prop_assert_eq!(told.len(), left);
                    continue;
                }
            }
            queue.end_message(ends.len() as u32);
            ends.push(expected.len());
            prop_assert_eq!(queue.bytes(), expected.len() - taken.len());
        }
        queue.write_to(taking(&mut taken, std::iter::repeat(usize::MAX))).expect("no error");
        told.extend(written(&mut queue));
        prop_assert_eq!(taken, expected);
        prop_assert!(told.into_iter().eq(0..ends.len() as u32));
    }
}
