//! The answer to the POSIX create context, as Samba and Linux lay it out (Samba's smb3-posix-spec; `create_posix_rsp` of
//! the Linux client).
use nt::security::Sid;

use crate::error::DecodeError;
use crate::reader::Reader;
use crate::writer::Writer;

/// What a POSIX client learns of the file it opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PosixResponse {
    /// Hard links.
    pub link_count: u32,
    /// The reparse tag, 0 for none.
    pub reparse_tag: u32,
    /// Permission bits.
    pub mode: u32,
    /// The owner.
    pub owner: Sid,
    /// The group.
    pub group: Sid,
}

impl PosixResponse {
    pub(super) fn decode(r: &mut Reader<'_>) -> Result<PosixResponse, DecodeError> {
        let (link_count, reparse_tag, mode) = (r.u32()?, r.u32()?, r.u32()?);
        let (owner, group) = decode_sids(r.rest())?;
        Ok(PosixResponse { link_count, reparse_tag, mode, owner, group })
    }

    pub(super) fn encode(&self, w: &mut Writer) {
        w.u32(self.link_count);
        w.u32(self.reparse_tag);
        w.u32(self.mode);
        let mut sids = Vec::new();
        self.owner.encode(&mut sids);
        self.group.encode(&mut sids);
        w.bytes(&sids);
    }
}

/// Two SIDs, one after the other.
fn decode_sids(bytes: &[u8]) -> Result<(Sid, Sid), DecodeError> {
    let fault = DecodeError::Value { what: "SID", value: 0 };
    let (owner, rest) = Sid::decode(bytes).map_err(|_| fault)?;
    let (group, _) = Sid::decode(rest).map_err(|_| fault)?;
    Ok((owner, group))
}
