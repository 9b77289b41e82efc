//! [MS-SMB2] 2.2.9.2: tree connect contexts. The one that the specification defines, a remoted identity, is carried as its
//! bytes: no server of ours takes one.
use crate::error::DecodeError;
use crate::reader::Reader;
use crate::writer::Writer;

/// The most contexts a request may have. The specification knows one.
pub const TREE_CONNECT_CONTEXTS_MAX: u16 = 16;

nt::named_numbers! {
    /// What a context is about. [MS-SMB2] 2.2.9.2
    ContextType(u16), prefix "SMB2_" {
        RESERVED_TREE_CONNECT_CONTEXT_ID = 0x0000;
        REMOTED_IDENTITY_TREE_CONNECT_CONTEXT_ID = 0x0001;
    }
}
nt::named_debug!(ContextType);

/// SMB2_TREE_CONNECT_CONTEXT.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Context<'a> {
    /// ContextType.
    pub kind: ContextType,
    /// Data.
    pub data: &'a [u8],
}

/// Reads the array, each context at a multiple of 8.
pub(super) fn decode_list<'a>(
    body: &Reader<'a>,
    offset: u64,
    count: u16,
) -> Result<Vec<Context<'a>>, DecodeError> {
    if count > TREE_CONNECT_CONTEXTS_MAX {
        let max = TREE_CONNECT_CONTEXTS_MAX.into();
        return Err(DecodeError::TooMany { what: "tree connect contexts", max });
    }
    let mut contexts = Vec::with_capacity(count.into());
    if count == 0 {
        return Ok(contexts);
    }
    let mut r = Reader::new("tree connect context", body.tail("TreeConnectContexts", offset)?);
    for at in 0..count {
        if at > 0 {
            r.skip(r.offset().next_multiple_of(8) - r.offset())?;
        }
        let (kind, len) = (ContextType(r.u16()?), r.u16()?);
        r.skip(4)?;
        contexts.push(Context { kind, data: r.bytes(len.into())? });
    }
    Ok(contexts)
}

/// Appends the array.
pub(super) fn encode_list(contexts: &[Context<'_>], w: &mut Writer) {
    for context in contexts {
        w.align8();
        w.u16(context.kind.0);
        w.len16("tree connect context", context.data.len());
        w.u32(0);
        w.bytes(context.data);
    }
}
