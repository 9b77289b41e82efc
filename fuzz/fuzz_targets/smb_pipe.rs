//! libFuzzer's entry to the target `smb_pipe`.
#![no_main]
#![allow(unsafe_code)] // the macro exports libFuzzer's C entry point

libfuzzer_sys::fuzz_target!(|input: &[u8]| pointsman_fuzz::smb_pipe(input));
