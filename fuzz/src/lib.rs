//! Fuzz targets. Each takes any bytes and must return: a panic is a bug, whatever the bytes.
//!
//! `cargo run -p pointsman-fuzz --bin replay` runs the seed corpus and mutations of it on any toolchain (this is what the
//! tests do); `cargo fuzz run TARGET --features libfuzzer` runs one target under libFuzzer for as long as one likes.

pub mod container_targets;
pub mod fsa_targets;
pub mod ntfs_image;
mod ntfs_targets;
mod reparse_targets;
mod smb_server_target;
pub mod smb_targets;
mod wire_targets;
pub mod xca_targets;

pub use ntfs_targets::{ntfs_journal, ntfs_read, ntfs_write};
pub use reparse_targets::{reparse_decode, reparse_json, reparse_set, reparse_target};
pub use smb_server_target::smb_server;
pub use smb_targets::smb_connection;
pub use wire_targets::{wire_payload, wire_request, wire_response};

/// A target: its name, which is also its folder under `fuzz/corpus/`, and what it runs.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("container", container_targets::container),
    ("fsa_path", fsa_targets::path),
    ("fsa_sequence", fsa_targets::sequence),
    ("fsa_xattrs", fsa_targets::xattrs),
    ("ntfs_journal", ntfs_journal),
    ("ntfs_read", ntfs_read),
    ("ntfs_write", ntfs_write),
    ("reparse_decode", reparse_decode),
    ("reparse_json", reparse_json),
    ("reparse_set", reparse_set),
    ("reparse_target", reparse_target),
    ("smb_connection", smb_connection),
    ("smb_server", smb_server),
    ("wire_payload", wire_payload),
    ("wire_request", wire_request),
    ("wire_response", wire_response),
    ("lznt1", xca_targets::lznt1),
    ("lzx", xca_targets::lzx),
    ("wof", xca_targets::wof),
    ("xpress", xca_targets::xpress),
];
