//! Gives connections their drivers.

use std::{rc::Weak, sync::Arc, time::Instant};

use super::{
    Connection, DriverKind, Entry, Error, Inbound, Inline, Inner, Loop, Place, Result, Thread,
    task, turn::Cue,
};
use crate::{
    driver::task::{Destination, Stay},
    transport::{Stream, Wire},
};

impl Thread {
    /// Gives a connection its driver.
    pub(super) fn place(
        &self,
        inner: &mut Inner,
        index: u32,
        mut machine: Box<Connection>,
        stream: Stream,
        batch: &mut Inbound,
    ) {
        let Some(entry) = inner.entries.get_mut(index as usize) else {
            return;
        };
        machine.presume_heartbeat(entry.peer.usual_heartbeat());
        if self.uv.is_none() || entry.driver == DriverKind::Task || entry.limits.compression != 0 {
            self.run_in_task(entry, index, machine, Ok(stream), Stay::Always, batch);
        } else if stream.is_handshaking() {
            self.run_in_task(entry, index, machine, Ok(stream), Stay::UntilSecure, batch);
        } else {
            match stream.into_wire() {
                Ok(wire) => self.place_inline(inner, index, machine, wire, batch),
                Err(error) => {
                    entry.place = Place::Waiting(machine);
                    inner.finish(index, &error, batch);
                }
            }
        }
        self.schedule(inner, index);
    }

    pub(super) fn run_in_task(
        &self,
        entry: &mut Entry,
        index: u32,
        machine: Box<Connection>,
        stream: Result<Stream>,
        stay: Stay,
        batch: &mut Inbound,
    ) {
        match stream {
            Ok(stream) => {
                let to = Destination { inbox: Arc::clone(&self.inbox), index };
                let handle = task::spawn(&self.runtime, machine, stream, to, stay);
                entry.place = Place::Task(handle);
            }
            Err(error) => {
                let mut machine = machine;
                machine.finish(&error, batch);
            }
        }
    }

    pub(super) fn place_inline(
        &self,
        inner: &mut Inner,
        index: u32,
        machine: Box<Connection>,
        wire: Wire,
        batch: &mut Inbound,
    ) {
        let Some(uv): Option<Loop> = self.uv else {
            return;
        };
        let Some(entry) = inner.entries.get_mut(index as usize) else {
            return;
        };
        let me = Weak::clone(&self.me);
        let ready = move |ready| {
            if let Some(thread) = me.upgrade() {
                thread.ready(index, Cue::Told(ready), Instant::now());
            }
        };
        match Inline::adopt(uv, machine, wire, ready) {
            Ok(mut inline) => {
                inline.set_referenced(entry.referenced);
                let next = inline.open(Instant::now(), batch);
                entry.place = Place::Inline(Box::new(inline));
                self.follow(inner, index, next, batch);
            }
            Err((machine, error)) => {
                entry.place = Place::Waiting(machine);
                inner.finish(index, &Error::system("uv_poll_init", error), batch);
            }
        }
    }
}
