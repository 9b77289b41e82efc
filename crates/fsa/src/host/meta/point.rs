//! `user.SmbReparse`: the whole reparse buffer, or a stub where it does not fit. docs/DISK-FORMAT.md 3
//!
//! This one attribute is the truth: an object is a reparse point if and only if it has it. It is set, replaced and
//! removed in one step, so no crash shows a half.
use nt::Guid;
use reparse::Tag;

use super::AttributeFault;
use crate::host::BlobId;

/// Bytes of the header of every reparse buffer. [MS-FSCC] 2.1.2.2
const HEADER_BYTES: usize = 8;
/// Bytes of the header of a buffer with a GUID. [MS-FSCC] 2.1.2.3
const GUID_HEADER_BYTES: usize = 24;
/// The largest reparse buffer, header included. [MS-FSCC] 2.1.2
pub const REPARSE_BYTES_MAX: usize = 16_384;
/// What a stub has after its header: `PMSTUB`, its version, and the SHA-256 of the whole buffer.
const STUB_MAGIC: &[u8; 6] = b"PMSTUB";
const STUB_VERSION: u16 = 1;
const STUB_TAIL_BYTES: usize = STUB_MAGIC.len() + 2 + 32;
/// The longest stub. Only a buffer whose *data* is longer than this is ever replaced by a stub, so a stub is shorter than
/// either whole buffer (data + 8, data + 24) that its header could announce: the length alone tells them apart.
const STUB_BYTES_MAX: usize = GUID_HEADER_BYTES + STUB_TAIL_BYTES;

/// What a listing or an open needs to know of a reparse point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PointHead {
    /// The tag.
    pub tag: Tag,
    /// The owner's GUID: of third-party tags only.
    pub guid: Option<Guid>,
    /// Bytes of the data after the header.
    pub data_len: u16,
    /// Where the rest is.
    pub form: PointForm,
}

/// Where the bytes of a reparse point are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PointForm {
    /// In the attribute.
    Whole,
    /// Kept beside the tree, under this name.
    Stub(BlobId),
    /// The object is a special file of the host, whose nature is the point.
    HostFile,
    /// The attribute holds neither a buffer nor a stub.
    Damaged,
}

/// Reads the head of a stored value; a damaged one gives what can be read of it.
pub fn decode_head(value: &[u8]) -> PointHead {
    let tag = value.first_chunk::<4>().map_or(Tag(0), |tag| Tag(u32::from_le_bytes(*tag)));
    let data_len = value.get(4..6).and_then(|len| len.try_into().ok()).map_or(0, u16::from_le_bytes);
    let short_form = value.len() == usize::from(data_len) + HEADER_BYTES;
    let guid = value
        .get(HEADER_BYTES..GUID_HEADER_BYTES)
        .filter(|_| is_third_party(tag) && !short_form) // Samba stores a third-party tag without a GUID; Windows never does
        .and_then(|guid| guid.try_into().ok())
        .map(Guid)
        .filter(|guid| *guid != Guid::NIL); // which Windows refuses, and which pads the stub of what Samba stored
    let whole = short_form || value.len() == usize::from(data_len) + GUID_HEADER_BYTES;
    let form = match stub_blob(value) {
        _ if value.len() < HEADER_BYTES || value.len() > REPARSE_BYTES_MAX => PointForm::Damaged,
        _ if whole => PointForm::Whole,
        Some(id) if usize::from(data_len) > STUB_BYTES_MAX => PointForm::Stub(id),
        _ => PointForm::Damaged,
    };
    PointHead { tag, guid, data_len, form }
}

/// The stub for a buffer kept under `id`; `None` where a stub would save nothing or could be taken for a buffer.
pub fn encode_stub(buffer: &[u8], id: BlobId) -> Option<Vec<u8>> {
    let head = decode_head(buffer);
    if head.form != PointForm::Whole || usize::from(head.data_len) <= STUB_BYTES_MAX {
        return None;
    }
    let mut stub = Vec::with_capacity(STUB_BYTES_MAX);
    stub.extend_from_slice(&head.tag.0.to_le_bytes());
    stub.extend_from_slice(&head.data_len.to_le_bytes());
    stub.extend_from_slice(&[0, 0]);
    if is_third_party(head.tag) {
        stub.extend_from_slice(&head.guid.unwrap_or(Guid::NIL).0);
    }
    stub.extend_from_slice(STUB_MAGIC);
    stub.extend_from_slice(&STUB_VERSION.to_le_bytes());
    stub.extend_from_slice(&id.0);
    Some(stub)
}

/// The blob that a value names, if the value has the shape of a stub.
fn stub_blob(value: &[u8]) -> Option<BlobId> {
    let tag = Tag(u32::from_le_bytes(*value.first_chunk()?));
    let tail = value.get(if is_third_party(tag) { GUID_HEADER_BYTES } else { HEADER_BYTES }..)?;
    let tail = tail.strip_prefix(STUB_MAGIC)?.strip_prefix(&STUB_VERSION.to_le_bytes())?;
    tail.try_into().ok().map(BlobId)
}

/// Tells whether `buffer`, found beside the tree, is the one that a stub with this head stands for.
pub(crate) fn is_buffer_of(buffer: &[u8], stub: &PointHead) -> Result<(), AttributeFault> {
    let head = decode_head(buffer);
    let same = head.form == PointForm::Whole
        && (head.tag, head.guid, head.data_len) == (stub.tag, stub.guid, stub.data_len);
    if same { Ok(()) } else { Err(AttributeFault::Shape) }
}

/// Bit 31 clear: the tag is not Microsoft's, and its buffer has a GUID. [MS-FSCC] 2.1.2.1
fn is_third_party(tag: Tag) -> bool {
    tag.0 & 0x8000_0000 == 0
}
