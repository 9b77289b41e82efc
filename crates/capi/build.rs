//! What the linker must know of libpointsman.so.
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // The name that programs record, and the promise behind it: docs/CAPI.md, Versions.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libpointsman.so.0");
    // Worker threads may be asleep in its code when a program calls dlclose.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
}
