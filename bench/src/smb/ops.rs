//! What is asked of a server: each operation as one related compound or as one message after the other.
use super::link::{GET, SET, answers};
use nt::{
    AccessMask, CreateDisposition, CreateOptions, FileAttributes, FileInformationClass, FsctlCode,
    ShareAccess, Utf16,
};
use wire::create::{ImpersonationLevel, OplockLevel};
use wire::ioctl::IoctlFlags;
use wire::query_directory::QueryDirectoryFlags;
use wire::query_info::{InfoType, QueryInfoFlags};
use wire::{FileId, Request, Response, close, create, ioctl, query_directory, query_info, read, write};

/// What stands between the open and the close.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Middle {
    Nothing,
    Stat,
    Get,
    Set,
}

/// An operation: how the object is opened, and what is done with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Operation {
    pub(super) name: &'static str,
    /// A name with `#` in it, where the number of the operation goes.
    pub(super) path: &'static str,
    pub(super) disposition: CreateDisposition,
    pub(super) options: CreateOptions,
    pub(super) middle: Middle,
    /// One compound, not three messages.
    pub(super) is_compound: bool,
    /// How many different objects there are; numbers go round. Nothing where each must be new.
    pub(super) objects: Option<u64>,
}

const POINT: CreateOptions = CreateOptions::OPEN_REPARSE_POINT;

/// Existing objects, `objects` of them, in `kept`.
fn kept(name: &'static str, path: &'static str, options: CreateOptions, middle: Middle) -> Operation {
    let (disposition, is_compound, objects) = (CreateDisposition::OPEN, true, Some(super::KEPT));
    Operation { name, path, disposition, options, middle, is_compound, objects }
}

/// Those that are measured at each protection and number of connections.
pub(super) fn of_existing() -> Vec<Operation> {
    let plain = CreateOptions(0);
    let three = |operation: Operation, name| Operation { name, is_compound: false, ..operation };
    let get = kept("get", r"kept\point#", POINT, Middle::Get);
    let open = kept("open", r"kept\file#", plain, Middle::Nothing);
    let stat = kept("stat", r"kept\file#", plain, Middle::Stat);
    vec![
        get,
        three(get, "get, 3 messages"),
        open,
        three(open, "open, 2 messages"),
        stat,
        three(stat, "stat, 3 messages"),
        kept("open a symlink (stopped)", r"kept\link#", plain, Middle::Nothing),
    ]
}

/// Those that make what exists, where it is missing.
pub(super) fn of_kept() -> [Operation; 3] {
    let make = |name, path, middle| Operation {
        disposition: CreateDisposition::OPEN_IF,
        ..kept(name, path, POINT, middle)
    };
    [
        make("file", r"kept\file#", Middle::Nothing),
        make("point", r"kept\point#", Middle::Set),
        make("link", r"kept\link#", Middle::Set),
    ]
}

/// Those that make new objects: their folder is emptied by the caller.
pub(super) fn of_fresh() -> Vec<Operation> {
    let fresh = |name, path, middle| Operation {
        name,
        path,
        disposition: CreateDisposition::CREATE,
        options: POINT,
        middle,
        is_compound: true,
        objects: None,
    };
    vec![
        fresh("create", r"fresh\c#", Middle::Nothing),
        fresh("set on a fresh file", r"fresh\s#", Middle::Set),
        fresh("create among 100,000", r"many\n#", Middle::Nothing),
    ]
}

/// A symbolic link of Windows, relative. [MS-FSCC] 2.1.2.4
pub(super) fn symlink_data(target: &str) -> Vec<u8> {
    let name: Vec<u8> = target.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let len = u16::try_from(name.len()).unwrap_or_default();
    let mut data = Vec::new();
    data.extend(0xa000_000c_u32.to_le_bytes());
    data.extend((12 + 2 * len).to_le_bytes());
    data.extend([0, 0]);
    for field in [0, len, len, len] {
        data.extend(field.to_le_bytes());
    }
    data.extend(1u32.to_le_bytes());
    data.extend(&name);
    data.extend(&name);
    data
}

impl Operation {
    fn create(&self, number: u64) -> Request<'static> {
        let number = self.objects.map_or(number, |objects| number % objects);
        let wants = match self.middle {
            Middle::Set => AccessMask::FILE_WRITE_ATTRIBUTES | AccessMask::FILE_READ_ATTRIBUTES,
            _ => AccessMask::FILE_READ_ATTRIBUTES,
        };
        create_request(&self.path.replace('#', &number.to_string()), wants, self.disposition, self.options)
    }

    fn middle<'a>(&self, file_id: FileId, data: &'a [u8]) -> Option<Request<'a>> {
        match self.middle {
            Middle::Nothing => None,
            Middle::Get => Some(control(GET, file_id, &[], 16384)),
            Middle::Set => Some(control(SET, file_id, data, 0)),
            Middle::Stat => Some(Request::QueryInfo(query_info::Request {
                info_type: InfoType::FILE,
                class: u8::try_from(FileInformationClass::NETWORK_OPEN_INFORMATION.0).unwrap_or_default(),
                output_len_max: 56,
                additional: 0,
                flags: QueryInfoFlags(0),
                file_id,
                input: &[],
            })),
        }
    }

    /// The requests of a step, given the file that an earlier answer named; nothing when the operation is over.
    pub(super) fn step<'a>(
        &self,
        number: u64,
        step: usize,
        opened: Option<FileId>,
        data: &'a [u8],
    ) -> Option<Vec<Request<'a>>> {
        if self.is_compound {
            return (step == 0).then(|| {
                let mut all = vec![self.create(number)];
                all.extend(self.middle(FileId::ANY, data));
                all.push(close_request(FileId::ANY));
                all
            });
        }
        if step == 0 {
            return Some(vec![self.create(number)]);
        }
        let file_id = opened?;
        match (step, self.middle(file_id, data)) {
            (1, Some(middle)) => Some(vec![middle]),
            (1, None) | (2, Some(_)) => Some(vec![close_request(file_id)]),
            _ => None,
        }
    }
}

/// The file that an answer opened, if it did.
pub(super) fn file_id_of(message: &[u8]) -> Option<FileId> {
    match answers(message).ok()?.first() {
        Some((_, Response::Create(created))) => Some(created.file_id),
        _ => None,
    }
}

pub(super) fn create_request(
    path: &str,
    desired_access: AccessMask,
    disposition: CreateDisposition,
    options: CreateOptions,
) -> Request<'static> {
    Request::Create(create::Request {
        oplock_level: OplockLevel::NONE,
        impersonation_level: ImpersonationLevel::IMPERSONATION,
        desired_access,
        file_attributes: FileAttributes(0),
        share_access: ShareAccess::READ | ShareAccess::WRITE | ShareAccess::DELETE,
        disposition,
        options,
        name: Utf16::from(path),
        contexts: Vec::new(),
    })
}

pub(super) fn control(code: FsctlCode, file_id: FileId, input: &[u8], output_len_max: u32) -> Request<'_> {
    Request::Ioctl(ioctl::Request {
        code,
        file_id,
        input,
        input_len_max: 0,
        output: &[],
        output_len_max,
        flags: IoctlFlags::IS_FSCTL,
    })
}

pub(super) fn close_request(file_id: FileId) -> Request<'static> {
    Request::Close(close::Request { flags: close::CloseFlags(0), file_id })
}

pub(super) fn list_request(file_id: FileId) -> Request<'static> {
    Request::QueryDirectory(query_directory::Request {
        class: FileInformationClass::ID_BOTH_DIRECTORY_INFORMATION,
        flags: QueryDirectoryFlags(0),
        file_index: 0,
        file_id,
        pattern: Utf16::from("*"),
        output_len_max: 1 << 20,
    })
}

pub(super) fn read_request(file_id: FileId, offset: u64, len: u32) -> Request<'static> {
    Request::Read(read::Request {
        data_offset_hint: 0x50,
        flags: read::ReadFlags(0),
        len,
        offset,
        file_id,
        len_min: 0,
        channel: read::Channel::NONE,
        remaining: 0,
        channel_information: &[],
    })
}

pub(super) fn write_request(file_id: FileId, offset: u64, data: &[u8]) -> Request<'_> {
    Request::Write(
        write::Request {
            offset,
            file_id,
            channel: read::Channel::NONE,
            remaining: 0,
            channel_information: &[],
            flags: write::WriteFlags(0),
        },
        data,
    )
}
