//! What several tests need.

pub(super) mod bytes;
pub(super) mod orders;
pub(super) mod pair;
pub(super) mod sink;
pub(super) mod waiting;
pub(super) mod wire;
