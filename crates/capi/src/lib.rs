//! `DeviceIoControl` and its neighbours for C programs on Linux.
//!
//! What a program sees is `include/pointsman/winioctl.h` and docs/CAPI.md. Here, [`abi`] is the door: every exported call,
//! and every touch of the caller's memory. Behind it all is safe: names ([`path`], [`namespace`]), checked handles
//! ([`handles`]), requests that a pool of threads carries out ([`request`], [`pool`]), and waiting ([`signal`], [`port`]).
//! What a call *means* is the object store's to say, as for the command and the server.

pub mod abi;
mod error;
mod file;
mod find;
mod handles;
mod image_store;
mod information;
mod names;
mod namespace;
mod path;
mod pending;
mod pool;
mod port;
mod privileges;
mod remote_store;
mod request;
mod signal;
mod store;
