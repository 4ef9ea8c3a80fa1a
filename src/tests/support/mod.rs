//! What several tests need.

pub(super) mod sink;
pub(super) mod waiting;
pub(super) mod wire;
