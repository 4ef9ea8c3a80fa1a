//! `fanOut(text, targets, bytes?)`: one message or one question for many connections, in one
//! crossing.
//!
//! The head of the shared outbound array says what it is:
//!
//! ```text
//!   word 0              word 1         word 2        word 3                            word 4
//!   kind | body « 8     topic length   body length   timeout ms / most bytes           targets
//! ```
//!
//! A message's targets are indices; it answers with the number of those to whom it was queued, or, if
//! there is more to know, with a list: that number, then pairs as in `Outcome::notes`. A question's are
//! pairs of an index and a slot; it answers with a list of the indices that have news.
#![expect(unsafe_code, reason = "N-API is a C interface, and records lie in shared memory")]

use std::{ffi::CString, ptr};

use napi::sys;

use super::{
    hot::{self, Shared},
    raw::{Env, Failed, Value},
    text,
};
use crate::{
    driver::{
        batch::{Outbound, kind},
        broadcast::Broadcast,
    },
    error::Error,
    message::{Body, BodyKind},
};

impl Shared {
    fn fan_out(
        &self,
        env: Env,
        text: Value,
        targets: Value,
        bytes: Option<Value>,
    ) -> Result<Value, Failed> {
        let [head, topic_units, body_units, extra, count] = *self.fan_out_head()?;
        let mut buffer = self.buffer.take();
        text::read(env, text, (topic_units + body_units) as usize, &mut buffer)?;
        let targets = env.uint32s(targets)?.get(..count as usize).ok_or(Failed)?;
        let bytes = bytes.map(|bytes| env.bytes(bytes)).transpose()?;
        let text = simdutf8::basic::from_utf8(&buffer).map_err(|_| Failed)?;
        let record = [head, 0, topic_units, body_units, extra];
        let orders = Outbound { records: &record, text, bytes };
        let answer = if head & 0xff == kind::MESSAGE {
            self.broadcast(env, orders, extra, targets)
        } else {
            env.uint32_list(&self.thread.ask(targets, orders))
        };
        hot::keep(&self.buffer, buffer);
        answer
    }

    fn broadcast(
        &self,
        env: Env,
        orders: Outbound<'_>,
        max_frame_bytes: u32,
        targets: &[u32],
    ) -> Result<Value, Failed> {
        let Some(order) = orders.orders().next() else { return Err(Failed) };
        let (trace, topic) = order.trace_and_topic();
        let body = if order.body.kind == BodyKind::None { Body::NONE } else { order.body };
        let message = match Broadcast::new(topic, body, trace, max_frame_bytes) {
            Ok(message) => message,
            Err(error) => return Err(throw(env, &error)),
        };
        let outcome = self.thread.broadcast(targets, message);
        if outcome.notes.is_empty() {
            return env.uint32(outcome.queued);
        }
        let mut list = outcome.notes;
        list.insert(0, outcome.queued);
        env.uint32_list(&list)
    }
}

/// Leaves an error for JavaScript, as those of the lifecycle calls look.
fn throw(env: Env, error: &Error) -> Failed {
    let text = format!("{}:0:{}", error.kind() as u8, error.message());
    let text = CString::new(text).unwrap_or_default();
    // SAFETY: on the environment's thread; a NUL-terminated text, which is copied.
    unsafe { sys::napi_throw_error(env.0, ptr::null(), text.as_ptr()) };
    Failed
}

/// `fanOut(text, targets, bytes?)`: what came of it.
pub(super) unsafe extern "C" fn fan_out(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    hot::call(env, info, |shared, env, arguments, count| {
        let [text, targets, bytes] = arguments;
        shared.fan_out(env, text, targets, (count > 2).then_some(bytes))
    })
}
