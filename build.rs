//! Link arguments for a Node addon, and nothing else.

fn main() {
    #[cfg(feature = "napi")]
    napi_build::setup();
}
