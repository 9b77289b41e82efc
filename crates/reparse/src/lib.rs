#![doc = include_str!("../README.md")]
//!
//! # Where to begin
//!
//! | to | take |
//! | --- | --- |
//! | read bytes from a disk or an archive | [`RawReparse::decode`], then [`ReparsePoint::from_raw`] |
//! | judge bytes as Windows does at SET, SET_EX, DELETE | [`RawReparse::decode_set`], [`SetEx::decode`], [`decode_delete`]; [`verdict`] when the answer is enough |
//! | make a reparse point | [`Symlink`], [`MountPoint`], [`Nfs`], [`LxSymlink`], [`AppExecLink`], [`Wof`], [`Wci`], [`Cloud`], [`Wim`], [`ThirdParty`]; [`RawReparse::new`] for anything |
//! | know a tag | [`Tag`] |
//! | follow a target | [`Symlink::target_syntax`], [`MountPoint::target_syntax`], [`DriveMap`] |
//! | show bytes to a person | [`fields`] |
//! | store a WSL device's numbers, owner and mode | [`lx_ea`] |
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod app_exec_link;
mod cloud;
mod drive_map;
mod explain;
mod hex;
#[cfg(feature = "serde")]
mod json;
pub mod lx_ea;
mod mount_point;
mod names;
mod nfs;
mod oddity;
mod point;
mod raw;
mod reader;
mod set_ex;
mod symlink;
mod tag;
mod target;
mod third_party;
mod vendor;
mod verdict;
mod wci;
mod wim;
mod wof;
mod wsl;

pub use app_exec_link::AppExecLink;
pub use cloud::{Cloud, CloudFlags, HsmRecord};
pub use drive_map::{DriveMap, MapError, Volume, VolumeParseError};
pub use explain::{Field, fields};
pub use mount_point::MountPoint;
pub use nfs::{NFS_TARGET_BYTES_MAX, Nfs, NfsObject};
pub use oddity::Oddity;
pub use point::ReparsePoint;
pub use raw::{
    BuildError, DecodeError, GUID_HEADER_LEN, HEADER_LEN, LENIENT_BYTES_MAX, REPARSE_BYTES_MAX, RawReparse,
};
pub use set_ex::{SET_EX_HEADER_LEN, SetEx, SetExFlags};
pub use symlink::{Symlink, SymlinkFlags};
pub use tag::{Tag, TagParseError};
pub use target::{Target, TargetError, TargetFault};
pub use third_party::ThirdParty;
pub use vendor::Vendor;
pub use verdict::{DeleteRequest, Fault, SetError, Wanted, decode_delete, verdict};
pub use wci::Wci;
pub use wim::Wim;
pub use wof::{WimPointer, Wof, WofAlgorithm, WofBacking, WofSource};
pub use wsl::{LX_TARGET_BYTES_MAX, LxSymlink};
