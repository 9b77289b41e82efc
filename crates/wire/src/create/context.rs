//! [MS-SMB2] 2.2.13.2: the chain of create contexts, whatever is in them.
use std::borrow::Cow;

use crate::error::DecodeError;
use crate::reader::Reader;
use crate::writer::{Hole, Writer};

/// The most contexts a message may have. The specification knows sixteen.
pub const CREATE_CONTEXTS_MAX: usize = 64;

/// The names of create contexts. [MS-SMB2] 2.2.13.2
pub mod context_name {
    /// SMB2_CREATE_EA_BUFFER
    pub const EA_BUFFER: &[u8] = b"ExtA";
    /// SMB2_CREATE_SD_BUFFER
    pub const SD_BUFFER: &[u8] = b"SecD";
    /// SMB2_CREATE_DURABLE_HANDLE_REQUEST and its response
    pub const DURABLE_HANDLE_REQUEST: &[u8] = b"DHnQ";
    /// SMB2_CREATE_DURABLE_HANDLE_RECONNECT
    pub const DURABLE_HANDLE_RECONNECT: &[u8] = b"DHnC";
    /// SMB2_CREATE_ALLOCATION_SIZE
    pub const ALLOCATION_SIZE: &[u8] = b"AlSi";
    /// SMB2_CREATE_QUERY_MAXIMAL_ACCESS_REQUEST and its response
    pub const QUERY_MAXIMAL_ACCESS: &[u8] = b"MxAc";
    /// SMB2_CREATE_TIMEWARP_TOKEN
    pub const TIMEWARP_TOKEN: &[u8] = b"TWrp";
    /// SMB2_CREATE_QUERY_ON_DISK_ID
    pub const QUERY_ON_DISK_ID: &[u8] = b"QFid";
    /// SMB2_CREATE_REQUEST_LEASE and V2; the length of the data tells them apart
    pub const REQUEST_LEASE: &[u8] = b"RqLs";
    /// SMB2_CREATE_DURABLE_HANDLE_REQUEST_V2 and its response
    pub const DURABLE_HANDLE_REQUEST_V2: &[u8] = b"DH2Q";
    /// SMB2_CREATE_DURABLE_HANDLE_RECONNECT_V2
    pub const DURABLE_HANDLE_RECONNECT_V2: &[u8] = b"DH2C";
    /// SMB2_CREATE_APP_INSTANCE_ID
    pub const APP_INSTANCE_ID: &[u8] = b"\x45\xBC\xA6\x6A\xEF\xA7\xF7\x4A\x90\x08\xFA\x46\x2E\x14\x4D\x74";
    /// SMB2_CREATE_APP_INSTANCE_VERSION
    pub const APP_INSTANCE_VERSION: &[u8] =
        b"\xB9\x82\xD0\xB7\x3B\x56\x07\x4F\xA0\x7B\x52\x4A\x81\x16\xA0\x10";
    /// SVHDX_OPEN_DEVICE_CONTEXT
    pub const SVHDX_OPEN_DEVICE: &[u8] = b"\x9C\xCB\xCF\x9E\x04\xC1\xE6\x43\x98\x0E\x15\x8D\xA1\xF6\xEC\x83";
    /// SMB2_CREATECONTEXT_RESERVED, by which Samba and Linux mean the POSIX extensions
    pub const POSIX: &[u8] = b"\x93\xAD\x25\x50\x9C\xB4\x11\xE7\xB4\x23\x83\xDE\x96\x8B\xCD\x7C";
    /// Apple's (not in the specification; from captures of macOS)
    pub const AAPL: &[u8] = b"AAPL";
}

/// A create context: its name and its data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Context<'a> {
    /// Name, four bytes or more.
    pub name: Cow<'a, [u8]>,
    /// Data.
    pub data: Cow<'a, [u8]>,
}

/// Bytes before Buffer.
const FIXED_LEN: usize = 16;

/// The shortest name there is.
const NAME_BYTES_MIN: usize = 4;

/// Reads the chain. Next counts from its own context and is a multiple of 8; names and data lie after the fixed part.
pub(super) fn decode_list(bytes: &[u8]) -> Result<Vec<Context<'_>>, DecodeError> {
    let mut contexts = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        if contexts.len() == CREATE_CONTEXTS_MAX {
            return Err(DecodeError::TooMany { what: "create contexts", max: CREATE_CONTEXTS_MAX });
        }
        let next = Reader::new("create context", rest).u32()?;
        let (one, after) = match next {
            0 => (rest, Default::default()),
            next => usize::try_from(next)
                .ok()
                .filter(|next| next.is_multiple_of(8) && *next >= FIXED_LEN)
                .and_then(|next| rest.split_at_checked(next))
                .filter(|(_, after)| !after.is_empty())
                .ok_or(DecodeError::Value { what: "Next of a create context", value: next.into() })?,
        };
        contexts.push(decode(one)?);
        rest = after;
    }
    Ok(contexts)
}

fn decode(bytes: &[u8]) -> Result<Context<'_>, DecodeError> {
    let mut r = Reader::new("create context", bytes);
    r.skip(4)?;
    let (name_offset, name_len) = (r.u16()?, r.u16()?);
    r.skip(2)?;
    let (data_offset, data_len) = (r.u16()?, r.u32()?);
    r.variable_part();
    let name = r.span("name of a create context", name_offset, name_len)?;
    if name.len() < NAME_BYTES_MIN {
        return Err(DecodeError::Value { what: "NameLength of a create context", value: name_len.into() });
    }
    let data = r.span("data of a create context", data_offset, data_len)?;
    Ok(Context { name: name.into(), data: data.into() })
}

/// Appends the chain at a multiple of 8 and fills in where it begins and how long it is; no contexts leave both zero.
pub(super) fn encode_list(contexts: &[Context<'_>], offset: Hole, len: Hole, w: &mut Writer) {
    if contexts.is_empty() {
        return;
    }
    w.align8();
    let list_at = w.offset();
    w.fill32("CreateContextsOffset", offset, list_at);
    for (at, context) in contexts.iter().enumerate() {
        let outer = w.begin();
        encode(context, w, at + 1 == contexts.len());
        w.resume(outer);
    }
    w.fill32("CreateContextsLength", len, w.offset() - list_at);
}

fn encode(context: &Context<'_>, w: &mut Writer, is_last: bool) {
    let next = w.hole(4);
    w.len16("NameOffset", FIXED_LEN);
    w.len16("name of a create context", context.name.len());
    w.u16(0);
    let data_offset = w.hole(2);
    w.len32("data of a create context", context.data.len());
    w.bytes(&context.name);
    if !context.data.is_empty() {
        w.align8();
        w.fill16("DataOffset", data_offset, w.offset());
        w.bytes(&context.data);
    }
    if !is_last {
        w.align8();
        w.fill32("Next", next, w.offset());
    }
}
