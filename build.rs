//! Link arguments for a Node addon, and nothing else.

use std::env::{var, var_os};

fn main() {
    #[cfg(feature = "napi")]
    napi_build::setup();
    order_functions();
}

/// Has the linker put what every call runs through side by side, on the one target whose linker is
/// the compiler's own. Elsewhere functions lie in the order of their modules, and so they do with
/// `SHORTWIRE_PLAIN_LINK` set, for linkers without scripts (mold).
fn order_functions() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=hot.ld");
    println!("cargo:rerun-if-env-changed=SHORTWIRE_PLAIN_LINK");
    if var("TARGET").as_deref() == Ok("x86_64-unknown-linux-gnu")
        && var_os("SHORTWIRE_PLAIN_LINK").is_none()
        && let Ok(root) = var("CARGO_MANIFEST_DIR")
    {
        println!("cargo:rustc-cdylib-link-arg=-T{root}/hot.ld");
    }
}
