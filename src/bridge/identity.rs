//! Ids of connections, names of unfinished files: as unlikely to be the same as anything random.
//!
//! JavaScript could make them itself with `node:crypto`, which takes some 3 ms and 0.8 MB to load, in
//! every process. Must not know: who gets one.

use napi::{Error, bindgen_prelude::*};
use napi_derive::napi;

/// 128 random bits of the system's, as 32 hexadecimal digits.
#[napi]
pub fn random_id() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Error::from_reason(error.to_string()))?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}
