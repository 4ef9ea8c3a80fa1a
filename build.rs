//! Link arguments for a Node addon, and nothing else.

use std::env::var;

fn main() {
    #[cfg(feature = "napi")]
    napi_build::setup();
    order_functions();
}

/// Has the linker put what every call runs through side by side, on the one target whose linker is
/// the compiler's own. Elsewhere functions lie in the order of their modules.
fn order_functions() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=hot.ld");
    if var("TARGET").as_deref() == Ok("x86_64-unknown-linux-gnu")
        && let Ok(root) = var("CARGO_MANIFEST_DIR")
    {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-T,{root}/hot.ld");
    }
}
