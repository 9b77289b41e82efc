//! libFuzzer's entry to the target `remote_entries`.
#![no_main]
#![allow(unsafe_code)] // the macro exports libFuzzer's C entry point

libfuzzer_sys::fuzz_target!(|input: &[u8]| pointsman_fuzz::remote_entries(input));
