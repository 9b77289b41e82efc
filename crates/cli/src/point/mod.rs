//! Reparse points at the edge of the command: from options and files to bytes, from bytes to words.

pub(crate) mod args;
pub(crate) mod build;
pub(crate) mod describe;
pub(crate) mod hex;
pub(crate) mod json;
pub(crate) mod line;
pub(crate) mod names;
pub(crate) mod prefix;
pub(crate) mod saved;
