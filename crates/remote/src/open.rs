//! CREATE, CLOSE and IOCTL. [MS-SMB2] 2.2.13 - 2.2.16, 2.2.31, 2.2.32
use nt::{
    AccessMask, CreateAction, CreateDisposition, CreateOptions, FileAttributes, FsctlCode, NtStatus,
    ShareAccess, Utf16,
};
use reparse::{RawReparse, ReparsePoint, Symlink, Tag};
use wire::create::{self, CreateFlags, ImpersonationLevel, OplockLevel};
use wire::ioctl::{self, IoctlFlags};
use wire::{ErrorId, ErrorResponse, FileId, Request, SymlinkError, close};

use crate::error::RemoteError;
use crate::exchange::Answer;
use crate::share::Share;

/// What an open asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RemoteRequest {
    /// The rights.
    pub access: AccessMask,
    /// Who else may have it open, for what.
    pub share_access: ShareAccess,
    /// What to do when there is, and when there is no, object.
    pub disposition: CreateDisposition,
    /// The options; those that concern the client alone (SYNCHRONOUS_*) are not sent.
    pub options: CreateOptions,
    /// The attributes of an object that is made.
    pub attributes: FileAttributes,
}

/// An open of the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RemoteOpen {
    pub(crate) file_id: FileId,
    /// What the open did.
    pub action: CreateAction,
    /// The object's attributes.
    pub attributes: FileAttributes,
    /// Its bytes.
    pub size: u64,
    /// It is a reparse point that the open was not asked to stop at, and that is followed by nobody.
    pub is_transparent_point: bool,
}

/// Where an open stopped: at a symbolic link. [MS-SMB2] 2.2.2.2.1
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stopped {
    /// The link.
    pub link: Symlink,
    /// How many bytes of the end of the name lie behind it.
    pub unparsed_len: u16,
}

/// How an open ends.
#[derive(Debug)]
pub(crate) enum Outcome {
    Opened(RemoteOpen),
    Stopped(Stopped),
}

/// Options of the client's own, which [MS-SMB2] 2.2.13 has a server ignore or refuse.
const LOCAL_OPTIONS: CreateOptions = CreateOptions(
    CreateOptions::SYNCHRONOUS_IO_ALERT.0
        | CreateOptions::SYNCHRONOUS_IO_NONALERT.0
        | CreateOptions::COMPLETE_IF_OPLOCKED.0,
);

impl RemoteRequest {
    /// An open of what exists, with these rights, shared with all.
    pub fn existing(access: AccessMask) -> RemoteRequest {
        RemoteRequest {
            access,
            share_access: ShareAccess::READ | ShareAccess::WRITE | ShareAccess::DELETE,
            disposition: CreateDisposition::OPEN,
            options: CreateOptions::NONE,
            attributes: FileAttributes(0),
        }
    }

    /// The same, of a link itself.
    #[must_use]
    pub fn itself(mut self) -> RemoteRequest {
        self.options |= CreateOptions::OPEN_REPARSE_POINT;
        self
    }
}

impl Share {
    /// Opens what is at a path, with no link followed.
    pub(crate) fn create(&self, path: &[u16], asked: &RemoteRequest) -> Result<Outcome, RemoteError> {
        let request = Request::Create(create::Request {
            oplock_level: OplockLevel::NONE,
            impersonation_level: ImpersonationLevel::IMPERSONATION,
            desired_access: asked.access,
            file_attributes: asked.attributes,
            share_access: asked.share_access,
            disposition: asked.disposition,
            options: asked.options.without(LOCAL_OPTIONS),
            name: Utf16(self.name_of(path)),
            contexts: Vec::new(),
        });
        let answer = self.exchange(&request, 0)?;
        if answer.status == NtStatus::STOPPED_ON_SYMLINK {
            return Ok(Outcome::Stopped(stopped(&answer)?));
        }
        let message = answer.succeeded()?;
        let response = create::Response::decode(&message)?;
        Ok(Outcome::Opened(RemoteOpen {
            file_id: response.file_id,
            action: response.action,
            attributes: response.attributes.file_attributes,
            size: response.attributes.end_of_file,
            is_transparent_point: response.flags.contains(CreateFlags::REPARSEPOINT),
        }))
    }

    /// Closes an open.
    pub fn close(&self, open: RemoteOpen) -> Result<(), RemoteError> {
        let request =
            Request::Close(close::Request { flags: close::CloseFlags::NONE, file_id: open.file_id });
        let message = self.exchange(&request, 0)?.succeeded()?;
        close::Response::decode(&message)?;
        Ok(())
    }

    /// A control: its status, SUCCESS or BUFFER_OVERFLOW, and its output. FSCTL_SET_REPARSE_POINT and the like take
    /// `output_len_max` 0.
    pub fn fs_control(
        &self,
        open: RemoteOpen,
        code: FsctlCode,
        input: &[u8],
        output_len_max: u32,
    ) -> Result<(NtStatus, Vec<u8>), RemoteError> {
        let request = Request::Ioctl(ioctl::Request {
            code,
            file_id: open.file_id,
            input,
            input_len_max: 0,
            output: &[],
            output_len_max,
            flags: IoctlFlags::IS_FSCTL,
        });
        let input_len = u32::try_from(input.len()).unwrap_or(u32::MAX);
        let answer = self.exchange(&request, input_len.max(output_len_max))?;
        let (status, message) = answer.succeeded_or_cut()?;
        let response = ioctl::Response::decode(&message)?;
        let limit = usize::try_from(output_len_max).unwrap_or(usize::MAX);
        if response.output.len() > limit {
            return Err(RemoteError::Unexpected("output of a length that was asked for"));
        }
        Ok((status, response.output.to_vec()))
    }
}

/// The link that an error response tells of, in the form of any dialect.
fn stopped(answer: &Answer) -> Result<Stopped, RemoteError> {
    let error = answer.error()?;
    let data = match &error {
        ErrorResponse::Plain(data) => data,
        ErrorResponse::Contexts(_) => {
            error.data(ErrorId::DEFAULT).ok_or(RemoteError::Unexpected("the link it stopped at"))?
        }
    };
    if data.is_empty() {
        // macOS tells nothing of the link.
        return Err(RemoteError::Status(NtStatus::STOPPED_ON_SYMLINK));
    }
    let told = SymlinkError::decode(data)?;
    let raw = RawReparse::new(Tag::SYMLINK, None, told.reparse_data)
        .map_err(|_| RemoteError::Unexpected("a link that fits into a reparse point"))?;
    match ReparsePoint::from_raw(&raw).0 {
        ReparsePoint::Symlink(link) => Ok(Stopped { link, unparsed_len: told.unparsed_len }),
        _ => Err(RemoteError::Unexpected("names of the link it stopped at")),
    }
}
