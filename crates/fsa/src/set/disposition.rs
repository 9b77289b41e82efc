//! Deleting, or not, when the last open goes. [MS-FSA] 2.1.5.15.3 and .4
use super::{Input, refuse};
use crate::host::Host;
use crate::link::LinkState;
use crate::opens::Open;
use crate::oplock::Breaks;
use crate::refusal::{Refusal, Why};
use crate::stream::folded;
use crate::volume::Volume;
use nt::{AccessMask, CreateOptions, FileAttributes, FileInformationClass as Class, NtStatus};

/// FILE_DISPOSITION_DELETE. [MS-FSCC] 2.4.12
const DELETE: u32 = 0x01;
/// FILE_DISPOSITION_POSIX_SEMANTICS: taken for a hint, for the volume does not promise FILE_SUPPORTS_POSIX_UNLINK_RENAME.
const POSIX_SEMANTICS: u32 = 0x02;
/// FILE_DISPOSITION_FORCE_IMAGE_SECTION_CHECK: there are no image sections here.
const FORCE_IMAGE_SECTION_CHECK: u32 = 0x04;
/// FILE_DISPOSITION_ON_CLOSE
const ON_CLOSE: u32 = 0x08;
/// FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE
const IGNORE_READONLY: u32 = 0x10;

impl<H: Host> Volume<H> {
    /// [MS-FSA] 2.1.5.15.3
    pub(super) fn set_disposition(&self, open: &Open<H>, input: &[u8]) -> Result<(), Refusal> {
        let delete = Input::new(Class::DISPOSITION_INFORMATION, input, 1)?.u8() != 0;
        open.require(AccessMask::DELETE)?;
        self.dispose(open, delete, false)
    }

    /// [MS-FSA] 2.1.5.15.4
    pub(super) fn set_disposition_ex(&self, open: &Open<H>, input: &[u8]) -> Result<(), Refusal> {
        let flags = Input::new(Class::DISPOSITION_INFORMATION_EX, input, 4)?.u32();
        if flags & !(DELETE | POSIX_SEMANTICS | FORCE_IMAGE_SECTION_CHECK | ON_CLOSE | IGNORE_READONLY) != 0 {
            return Err(refuse(NtStatus::NOT_SUPPORTED, "an unknown flag of disposition"));
        }
        open.require(AccessMask::DELETE)?;
        let delete = flags & DELETE != 0;
        if flags & ON_CLOSE != 0 {
            if !open.options.contains(CreateOptions::DELETE_ON_CLOSE) {
                return Err(refuse(
                    NtStatus::NOT_SUPPORTED,
                    "the file was not opened to be deleted on close",
                ));
            }
            open.set_delete_on_close(delete);
            return Ok(());
        }
        let ignore_readonly = flags & IGNORE_READONLY != 0 && open.has_any(AccessMask::FILE_WRITE_ATTRIBUTES);
        self.dispose(open, delete, ignore_readonly)
    }

    /// Marks the name or the stream, or takes the mark away. A reparse point is deleted like any other object: nothing
    /// of its target counts. semantics 3.5
    fn dispose(&self, open: &Open<H>, delete: bool, ignore_readonly: bool) -> Result<(), Refusal> {
        let mut state = open.file.lock();
        if delete {
            self.break_oplock(open, Breaks::handles())?;
        }
        let stream = open.stream().map(folded);
        if !delete {
            match stream {
                Some(stream) => state.streams_deleted.retain(|going| *going != stream),
                None => {
                    let mut place = open.link.lock();
                    if place.state == LinkState::DeletePending {
                        place.state = LinkState::Present;
                    }
                }
            }
            return Ok(());
        }
        let node = open.file.node();
        let attributes = self.meta(&node)?.attributes;
        if attributes.contains(FileAttributes::READONLY) && !ignore_readonly {
            return Err(Refusal::new(NtStatus::CANNOT_DELETE, Why::ReadOnlyFile));
        }
        if let Some(stream) = stream {
            if !state.streams_deleted.contains(&stream) {
                state.streams_deleted.push(stream);
            }
            return Ok(());
        }
        if open.link.lock().parent.is_none() {
            return Err(refuse(NtStatus::CANNOT_DELETE, "the root is not deleted"));
        }
        if open.file.is_directory() && !self.host.is_empty(&node)? {
            return Err(Refusal::new(NtStatus::DIRECTORY_NOT_EMPTY, Why::DirectoryNotEmpty));
        }
        self.mark_for_deletion(&open.link);
        Ok(())
    }
}
