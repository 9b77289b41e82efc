//! Object ids: names of files that nobody chose. [MS-FSA] 2.1.5.10.1, .2, .13 and .35
//!
//! An id is kept with the file, as FILE_OBJECTID_BUFFER: docs/DISK-FORMAT.md 1. It is made of what tells the file from every
//! other: the volume, the file's number and its birth. Files are not found by it.
use super::ControlReply;
use crate::host::{Host, meta};
use crate::opens::Open;
use crate::refusal::{Refusal, Why};
use crate::volume::{Volume, VolumeKind};
use nt::NotifyAction;
use nt::security::Privileges;
use nt::{AccessMask, NotifyFilter, NtStatus, UsnReason};
use sha2::{Digest, Sha256};

/// FILE_OBJECTID_BUFFER: the id, the volume and the id at birth, the domain. [MS-FSCC] 2.1.3
const LEN: usize = 64;
/// The bytes of an id.
const ID_LEN: usize = 16;

impl<H: Host> Volume<H> {
    /// NTFS has object ids. [MS-FSA] <85>
    pub(crate) fn has_object_ids(&self) -> bool {
        self.options.kind == VolumeKind::Ntfs
    }

    /// The volume's id.
    pub(crate) fn volume_object_id(&self) -> [u8; ID_LEN] {
        digest(&[b"volume", &self.options.serial.to_le_bytes()])
    }

    /// FSCTL_GET_OBJECT_ID. [MS-FSA] 2.1.5.10.13
    pub(super) fn get_object_id(
        &self,
        open: &Open<H>,
        output_len_max: usize,
    ) -> Result<ControlReply, Refusal> {
        self.require_object_ids(output_len_max)?;
        match meta::object_id(&self.host, &open.file.node())? {
            Some(id) => Ok(ControlReply::whole(id.to_vec())),
            None => {
                let why = Why::Object("the file has no object id");
                Err(Refusal::new(NtStatus::OBJECTID_NOT_FOUND, why))
            }
        }
    }

    /// FSCTL_CREATE_OR_GET_OBJECT_ID. [MS-FSA] 2.1.5.10.1
    pub(super) fn create_or_get_object_id(
        &self,
        open: &Open<H>,
        output_len_max: usize,
    ) -> Result<ControlReply, Refusal> {
        self.require_object_ids(output_len_max)?;
        let mut state = open.file.lock();
        let node = open.file.node();
        if let Some(id) = meta::object_id(&self.host, &node)? {
            return Ok(ControlReply::whole(id.to_vec()));
        }
        self.require_writable()?;
        let stat = self.host.stat(&node)?;
        let born = stat.born.unwrap_or(stat.changed);
        let own = digest(&[
            b"file",
            &self.options.serial.to_le_bytes(),
            &stat.id.device.to_le_bytes(),
            &stat.id.inode.to_le_bytes(),
            &born.0.to_le_bytes(),
        ]);
        let mut id = [0; LEN];
        let parts = own.into_iter().chain(self.volume_object_id()).chain(own);
        id.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        meta::set_object_id(&self.host, &node, Some(&id))?;
        self.settle(&node, open.options)?;
        let (filter, reason) = (NotifyFilter::NONE, UsnReason::OBJECT_ID_CHANGE);
        self.tell_change(&mut state, &open.file, &open.link, filter, NotifyAction::MODIFIED, reason);
        Ok(ControlReply::whole(id.to_vec()))
    }

    /// FSCTL_DELETE_OBJECT_ID: without one there is nothing to do. [MS-FSA] 2.1.5.10.2
    pub(super) fn delete_object_id(&self, open: &Open<H>) -> Result<ControlReply, Refusal> {
        self.require_object_ids(LEN)?;
        // FILE_WRITE_ACCESS by FILE_SPECIAL_ACCESS in the control code.
        if !open.has_any(AccessMask::FILE_WRITE_DATA | AccessMask::FILE_WRITE_ATTRIBUTES) {
            open.require(AccessMask::FILE_WRITE_DATA)?;
        }
        self.require_writable()?;
        let _state = open.file.lock();
        let node = open.file.node();
        meta::set_object_id(&self.host, &node, None)?;
        self.settle(&node, open.options)?;
        Ok(ControlReply::nothing())
    }

    /// FSCTL_SET_OBJECT_ID: whoever restores files says which id they have. [MS-FSA] 2.1.5.10.35
    pub(super) fn set_object_id(&self, open: &Open<H>, input: &[u8]) -> Result<ControlReply, Refusal> {
        self.require_object_ids(LEN)?;
        let id: &[u8; LEN] =
            input.try_into().map_err(|_| Refusal::parameter("an object id with its birth has 64 bytes"))?;
        if !open.has_privilege(Privileges::RESTORE) {
            let why = Why::Privilege("SeRestorePrivilege");
            return Err(Refusal::new(NtStatus::ACCESS_DENIED, why));
        }
        self.require_writable()?;
        let _state = open.file.lock();
        let node = open.file.node();
        if meta::object_id(&self.host, &node)?.is_some() {
            let why = Why::Object("the file has an object id already");
            return Err(Refusal::new(NtStatus::OBJECT_NAME_COLLISION, why));
        }
        meta::set_object_id(&self.host, &node, Some(id))?;
        self.settle(&node, open.options)?;
        Ok(ControlReply::nothing())
    }

    fn require_object_ids(&self, output_len_max: usize) -> Result<(), Refusal> {
        if !self.has_object_ids() {
            let why = Why::Object("only NTFS has object ids");
            return Err(Refusal::new(NtStatus::INVALID_DEVICE_REQUEST, why));
        }
        if output_len_max < LEN {
            return Err(Refusal::parameter("no room for an object id"));
        }
        Ok(())
    }
}

/// Sixteen bytes that tell these parts from any others.
fn digest(parts: &[&[u8]]) -> [u8; ID_LEN] {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    let mut id = [0; ID_LEN];
    id.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
    id
}
