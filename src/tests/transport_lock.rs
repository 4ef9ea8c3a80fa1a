//! The lock beside a socket file, and the races that it decides.

use std::{
    fs,
    os::unix::{
        fs::symlink,
        net::{UnixListener as ForeignListener, UnixStream as ForeignStream},
    },
    path::{Path, PathBuf},
    pin::pin,
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};
use tempfile::TempDir;

use super::support::waiting::assert_waits;
use crate::{
    error::Result,
    transport::{BindOptions, Endpoint, Listener, bind, lock::PathLock},
};

const RACERS: usize = 8;
const ROUNDS: usize = 4000;

fn fresh() -> (TempDir, PathBuf, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("test.sock");
    let lock = directory.path().join("test.sock.lock");
    (directory, path, lock)
}

async fn serve(path: &Path) -> Result<Listener> {
    bind(&Endpoint::Path(path.into()), &BindOptions::default()).await
}

/// Lets all racers go at once and gives back those that won, still listening.
fn race(path: &Path) -> Vec<Listener> {
    let barrier = Barrier::new(RACERS);
    let racer = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            barrier.wait();
            serve(path).await
        })
    };
    let outcomes: Vec<_> = thread::scope(|scope| {
        let racers: Vec<_> = (0..RACERS).map(|_| scope.spawn(racer)).collect();
        racers.into_iter().map(|racer| racer.join().expect("no panic")).collect()
    });
    let won = |outcome: Result<Listener>| match outcome {
        Ok(listener) => Some(listener),
        Err(error) => {
            assert_eq!(error.errno(), Some(Errno::ADDRINUSE.raw_os_error()), "{error}");
            None
        }
    };
    outcomes.into_iter().filter_map(won).collect()
}

#[test]
fn one_at_a_time_holds_the_lock_though_each_removes_it() {
    let (_directory, path, lock) = fresh();
    let taken = AtomicBool::new(false);
    let worker = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            for _ in 0..ROUNDS {
                // Giving up after a while is allowed, two at once is not.
                let Ok(_lock) = PathLock::acquire(&path).await else {
                    continue;
                };
                assert!(!taken.swap(true, Ordering::SeqCst), "somebody else has it too");
                thread::yield_now();
                taken.store(false, Ordering::SeqCst);
            }
        });
    };
    thread::scope(|scope| {
        for _ in 0..RACERS {
            scope.spawn(worker);
        }
    });
    assert!(!lock.exists());
}

#[test]
fn one_of_many_wins_a_free_path() {
    for _ in 0..100 {
        let (directory, path, _) = fresh();
        let winners = race(&path);
        assert_eq!(winners.len(), 1);
        ForeignStream::connect(&path).expect("the winner is reachable");
        drop(winners);
        assert_eq!(fs::read_dir(&directory).expect("readable").count(), 0);
    }
}

#[test]
fn one_of_many_reclaims_a_dead_path() {
    for _ in 0..40 {
        let (directory, path, _) = fresh();
        drop(ForeignListener::bind(&path).expect("a free path"));
        let winners = race(&path);
        assert_eq!(winners.len(), 1);
        ForeignStream::connect(&path).expect("the winner is reachable");
        drop(winners);
        assert_eq!(fs::read_dir(&directory).expect("readable").count(), 0);
    }
}

#[test]
fn successor_survives_the_close_of_its_predecessor() {
    let (_directory, path, _) = fresh();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    for _ in 0..200 {
        let old = runtime.block_on(serve(&path)).expect("a free path");
        let new = thread::scope(|scope| {
            scope.spawn(|| old.close().expect("removed"));
            loop {
                if let Ok(new) = runtime.block_on(serve(&path)) {
                    break new;
                }
            }
        });
        ForeignStream::connect(&path).expect("the successor is reachable");
        drop(new);
    }
}

#[tokio::test]
async fn lock_left_by_a_crash_is_used_and_removed() {
    let (_directory, path, lock) = fresh();
    fs::write(&lock, "").expect("writable");
    let _listener = serve(&path).await.expect("nobody holds it");
    assert!(!lock.exists());
}

#[tokio::test]
async fn somebody_elses_lock_file_is_not_removed() {
    let (_directory, path, lock) = fresh();
    fs::write(&lock, "4711\n").expect("writable");
    let _listener = serve(&path).await.expect("nobody holds it");
    assert_eq!(fs::read_to_string(&lock).expect("still there"), "4711\n");
}

#[tokio::test]
async fn symlink_for_a_lock_is_not_followed() {
    let (directory, path, lock) = fresh();
    let target = directory.path().join("target");
    symlink(&target, &lock).expect("writable");
    let error = serve(&path).await.expect_err("no lock to be had");
    assert_eq!((error.message(), error.errno()), ("open", Some(Errno::LOOP.raw_os_error())));
    assert!(!target.exists() && !path.exists());
}

#[tokio::test(start_paused = true)]
async fn lock_that_is_never_given_back_means_in_use() {
    let (_directory, path, lock) = fresh();
    let held = fs::File::create(&lock).expect("writable");
    flock(&held, FlockOperation::LockExclusive).expect("free");
    let error = serve(&path).await.expect_err("somebody is at it");
    assert_eq!(error.errno(), Some(Errno::ADDRINUSE.raw_os_error()));
    assert!(lock.exists() && !path.exists());
}

#[tokio::test(start_paused = true)]
async fn lock_is_waited_for() {
    let (_directory, path, lock) = fresh();
    let held = fs::File::create(&lock).expect("writable");
    flock(&held, FlockOperation::LockExclusive).expect("free");
    let mut bound = pin!(serve(&path));
    assert_waits(bound.as_mut()).await;
    drop(held);
    bound.await.expect("the lock is free now");
}

#[tokio::test(start_paused = true)]
async fn abandoned_bind_leaves_nothing_behind() {
    let (_directory, path, lock) = fresh();
    drop(ForeignListener::bind(&path).expect("a free path"));
    {
        let mut bound = pin!(serve(&path));
        assert_waits(bound.as_mut()).await;
        assert!(lock.exists(), "it waits between two probes");
    }
    assert!(!lock.exists());
    let _listener = serve(&path).await.expect("free to try again");
}
