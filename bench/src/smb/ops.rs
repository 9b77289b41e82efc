//! What is asked of a server: each operation as one related compound or as one message after the other.
use super::link::{GET, SET, answers};
use nt::{AccessMask, CreateDisposition, CreateOptions, FileAttributes, FileInformationClass, Utf16};
use wire::query_directory::QueryDirectoryFlags;
use wire::query_info::InfoType;
use wire::{FileId, Request, Response, query_directory};

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
            Middle::Get => Some(requests::control(GET, file_id, &[], 16384)),
            Middle::Set => Some(requests::control(SET, file_id, data, 0)),
            Middle::Stat => {
                let class =
                    u8::try_from(FileInformationClass::NETWORK_OPEN_INFORMATION.0).unwrap_or_default();
                Some(requests::query(file_id, InfoType::FILE, class, 56))
            }
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
                all.push(requests::close(FileId::ANY));
                all
            });
        }
        if step == 0 {
            return Some(vec![self.create(number)]);
        }
        let file_id = opened?;
        match (step, self.middle(file_id, data)) {
            (1, Some(middle)) => Some(vec![middle]),
            (1, None) | (2, Some(_)) => Some(vec![requests::close(file_id)]),
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
    let create = requests::create(path).access(desired_access).disposition(disposition).options(options);
    create.attributes(FileAttributes::NONE).request()
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
