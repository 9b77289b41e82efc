//! Fuzz targets. Each takes any bytes and must return: a panic is a bug, whatever the bytes.
//!
//! `cargo run -p pointsman-fuzz --bin replay` runs the seed corpus and mutations of it on any toolchain (this is what the
//! tests do); `cargo xtask fuzz TARGET` runs one target under libFuzzer for as long as one likes.

pub mod container_targets;
pub mod fsa_targets;
mod logon_targets;
pub mod ntfs_image;
mod ntfs_targets;
mod reparse_targets;
mod smb_bodies;
mod smb_frames_target;
mod smb_requests;
mod smb_server_target;
mod smb_store_target;
pub mod smb_targets;
mod smb_world;
mod wire_targets;
pub mod xca_targets;

pub use logon_targets::{logon, nt_security};
pub use ntfs_targets::{ntfs_journal, ntfs_read, ntfs_write};
pub use reparse_targets::{reparse_decode, reparse_json, reparse_set, reparse_target};
pub use smb_frames_target::smb_frames;
pub use smb_server_target::smb_server;
pub use smb_store_target::{smb_pipe, smb_store};
pub use smb_targets::smb_connection;
pub use wire_targets::{remote_entries, wire_payload, wire_request, wire_response};

/// No input may make anything take more memory than this, in all.
const MEMORY_BYTES_MAX: usize = 1 << 30;

#[global_allocator]
static ALLOCATOR: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, MEMORY_BYTES_MAX);

/// A target: its name, which is also its folder under `fuzz/corpus/`, and what it runs.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("container", container_targets::container),
    ("fsa_path", fsa_targets::path),
    ("fsa_sequence", fsa_targets::sequence),
    ("fsa_xattrs", fsa_targets::xattrs),
    ("logon", logon),
    ("nt_security", nt_security),
    ("ntfs_journal", ntfs_journal),
    ("ntfs_read", ntfs_read),
    ("ntfs_write", ntfs_write),
    ("remote_entries", remote_entries),
    ("reparse_decode", reparse_decode),
    ("reparse_json", reparse_json),
    ("reparse_set", reparse_set),
    ("reparse_target", reparse_target),
    ("smb_connection", smb_connection),
    ("smb_frames", smb_frames),
    ("smb_pipe", smb_pipe),
    ("smb_server", smb_server),
    ("smb_store", smb_store),
    ("wire_payload", wire_payload),
    ("wire_request", wire_request),
    ("wire_response", wire_response),
    ("lznt1", xca_targets::lznt1),
    ("lzx", xca_targets::lzx),
    ("wof", xca_targets::wof),
    ("xpress", xca_targets::xpress),
];
