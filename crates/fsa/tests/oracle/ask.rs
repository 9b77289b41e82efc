//! Short words for what scenarios ask of a volume through its door.
use crate::store::{CHANGE, ITSELF, PLAIN, Store, utf16};
use fsa::host::Host;
use fsa::{DirectoryQuery, EaQuery, Information, OpenId, OpenRequest, Opened, Refusal, Requester};
use fsa::{OpenError, SecurityContext, StoppedOnSymlink};
use nt::security::{Privileges, Sid, Token};
use nt::{
    AccessMask, CreateDisposition, CreateOptions, FileAttributes, FileInformationClass as Class, NtStatus,
    ShareAccess, Utf16,
};

pub const SYMLINK: u32 = 0xA000_000C;
pub const MOUNT_POINT: u32 = 0xA000_0003;
pub const NFS: u32 = 0x8000_0014;
pub const READ: AccessMask = AccessMask::FILE_READ_ATTRIBUTES;
pub const ALL: AccessMask = AccessMask::FILE_ALL_ACCESS;
pub const DIRECTORY: CreateOptions = CreateOptions::DIRECTORY_FILE;
pub const NON_DIRECTORY: CreateOptions = CreateOptions::NON_DIRECTORY_FILE;
pub const OPEN: CreateDisposition = CreateDisposition::OPEN;
pub const CREATE: CreateDisposition = CreateDisposition::CREATE;
pub const OPEN_IF: CreateDisposition = CreateDisposition::OPEN_IF;
pub const OVERWRITE: CreateDisposition = CreateDisposition::OVERWRITE;

/// FileStandardInformation. [MS-FSCC] 2.4.47
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standard {
    pub allocated: u64,
    pub size: u64,
    pub links: u32,
    pub delete_pending: bool,
    pub directory: bool,
}

/// A caller who holds no privilege, and whom nothing else keeps from anything: the scenarios' volumes have no descriptors.
pub fn without_privileges() -> SecurityContext {
    let user = Sid::new(5, &[21, 1, 2, 3, 1001]).unwrap();
    SecurityContext::user(Token { user, groups: vec![Sid::EVERYONE], privileges: Privileges::NONE })
}

/// A header to delete a reparse point with: 8 bytes.
pub fn header(tag: u32) -> Vec<u8> {
    [&tag.to_le_bytes()[..], &[0; 4]].concat()
}

/// A header with a GUID, all zero or not: 24 bytes.
pub fn header_with(tag: u32, owner: nt::Guid) -> Vec<u8> {
    [header(tag), owner.0.to_vec()].concat()
}

pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

pub fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// What refused, or SUCCESS.
pub fn status<T>(result: Result<T, Refusal>) -> NtStatus {
    result.map_or_else(|refusal| refusal.status, |_| NtStatus::SUCCESS)
}

fn basic(times: [i64; 4], attributes: FileAttributes) -> Vec<u8> {
    let mut bytes: Vec<u8> = times.iter().flat_map(|time| time.to_le_bytes()).collect();
    bytes.extend_from_slice(&attributes.0.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes
}

/// FILE_RENAME_INFORMATION or FILE_LINK_INFORMATION. [MS-FSCC] 2.4.28.2 and 2.4.42.2
fn new_name(replace: bool, name: &str) -> Vec<u8> {
    let name: Vec<u8> = utf16(name).iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let mut bytes = vec![u8::from(replace)];
    bytes.resize(16, 0);
    bytes.extend_from_slice(&u32::try_from(name.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(&name);
    bytes.resize(bytes.len().max(24), 0);
    bytes
}

impl<H: Host> Store<H> {
    /// Makes a file, or a directory with such options, and keeps it open.
    #[track_caller]
    pub fn made(&self, path: &str, access: AccessMask, options: CreateOptions) -> OpenId {
        match self.open_as(path, access, options, CREATE) {
            Ok(opened) => opened.id,
            Err(status) => panic!("make {path}: {status}"),
        }
    }

    /// Opens `path` as somebody else.
    pub fn open_by(&self, cx: &SecurityContext, path: &str, access: AccessMask) -> Result<OpenId, NtStatus> {
        let path = utf16(path);
        let request = OpenRequest { options: ITSELF, ..OpenRequest::existing(&path, access) };
        self.volume.open(cx, &request).map(|opened| opened.id).map_err(|error| error.status())
    }

    /// Opens `name` from where `root` stands.
    pub fn open_from(&self, root: OpenId, name: &str, options: CreateOptions) -> Result<OpenId, NtStatus> {
        let name = utf16(name);
        let request = OpenRequest {
            relative_to: Some(root),
            options,
            ..OpenRequest::existing(&name, AccessMask::READ_CONTROL)
        };
        self.request(&request).map(|opened| opened.id).map_err(|error| error.status())
    }

    /// Opens what exists, sharing only this.
    pub fn open_sharing(
        &self,
        path: &str,
        access: AccessMask,
        share: ShareAccess,
    ) -> Result<OpenId, NtStatus> {
        let path = utf16(path);
        let request =
            OpenRequest { options: ITSELF, share_access: share, ..OpenRequest::existing(&path, access) };
        self.request(&request).map(|opened| opened.id).map_err(|error| error.status())
    }

    /// Opens as an SMB server does, which follows no symbolic link.
    pub fn open_for_client(&self, path: &str, options: CreateOptions) -> Result<Opened, OpenError> {
        let path = utf16(path);
        let request =
            OpenRequest { options, follow: fsa::Follow::Caller, ..OpenRequest::existing(&path, READ) };
        self.request(&request)
    }

    /// Where an open for a client stops.
    #[track_caller]
    pub fn stop(&self, path: &str) -> StoppedOnSymlink {
        match self.open_for_client(path, PLAIN) {
            Err(OpenError::StoppedOnSymlink(stop)) => *stop,
            other => panic!("{path} does not stop at a symbolic link: {other:?}"),
        }
    }

    /// Makes an object and sets a reparse point on it.
    #[track_caller]
    pub fn point(&self, path: &str, options: CreateOptions, point: &[u8]) {
        let id = self.made(path, CHANGE, options);
        assert_eq!(self.set(id, point), NtStatus::SUCCESS, "set on {path}");
        self.close(id);
    }

    /// A class of information in whole.
    #[track_caller]
    pub fn ask(&self, id: OpenId, class: Class) -> Vec<u8> {
        let Information { bytes, status } = self.volume.query_information(id, class, 4096).unwrap();
        assert_eq!(status, NtStatus::SUCCESS, "{class:?}");
        bytes
    }

    /// Attributes and tag, as FileAttributeTagInformation has them.
    #[track_caller]
    pub fn attributes_and_tag(&self, id: OpenId) -> (FileAttributes, u32) {
        let bytes = self.ask(id, Class::ATTRIBUTE_TAG_INFORMATION);
        (FileAttributes(u32_at(&bytes, 0)), u32_at(&bytes, 4))
    }

    /// The attributes, as FileBasicInformation has them.
    #[track_caller]
    pub fn basic_attributes(&self, id: OpenId) -> FileAttributes {
        FileAttributes(u32_at(&self.ask(id, Class::BASIC_INFORMATION), 32))
    }

    /// Attributes and tag of the object itself.
    #[track_caller]
    pub fn shown(&self, path: &str) -> (FileAttributes, u32) {
        let id = self.open(path, READ, ITSELF);
        let shown = self.attributes_and_tag(id);
        self.close(id);
        shown
    }

    #[track_caller]
    pub fn standard(&self, id: OpenId) -> Standard {
        let bytes = self.ask(id, Class::STANDARD_INFORMATION);
        Standard {
            allocated: u64_at(&bytes, 0),
            size: u64_at(&bytes, 8),
            links: u32_at(&bytes, 16),
            delete_pending: bytes[20] != 0,
            directory: bytes[21] != 0,
        }
    }

    #[track_caller]
    pub fn file_id(&self, id: OpenId) -> u64 {
        u64_at(&self.ask(id, Class::INTERNAL_INFORMATION), 0)
    }

    /// Who is reached by opening `path`.
    #[track_caller]
    pub fn id_at(&self, path: &str, options: CreateOptions) -> u64 {
        let id = self.open(path, READ, options);
        let file_id = self.file_id(id);
        self.close(id);
        file_id
    }

    /// The length of the EAs, as FileEaInformation has it.
    #[track_caller]
    pub fn ea_size(&self, id: OpenId) -> u32 {
        u32_at(&self.ask(id, Class::EA_INFORMATION), 0)
    }

    pub fn inform(&self, id: OpenId, class: Class, input: &[u8]) -> NtStatus {
        status(self.volume.set_information(&self.cx, Requester::Local, id, class, input))
    }

    pub fn set_attributes(&self, id: OpenId, attributes: FileAttributes) -> NtStatus {
        self.inform(id, Class::BASIC_INFORMATION, &basic([0; 4], attributes))
    }

    /// Creation, last access and last write.
    pub fn set_times(&self, id: OpenId, times: [i64; 3]) -> NtStatus {
        let [created, accessed, written] = times;
        self.inform(
            id,
            Class::BASIC_INFORMATION,
            &basic([created, accessed, written, 0], FileAttributes::NONE),
        )
    }

    /// Last access and last write of the object itself.
    #[track_caller]
    pub fn times(&self, path: &str) -> [u64; 2] {
        let id = self.open(path, READ, ITSELF);
        let bytes = self.ask(id, Class::BASIC_INFORMATION);
        self.close(id);
        [u64_at(&bytes, 8), u64_at(&bytes, 16)]
    }

    /// Marks for deletion.
    pub fn dispose(&self, id: OpenId) -> NtStatus {
        self.inform(id, Class::DISPOSITION_INFORMATION, &[1])
    }

    /// What DeleteFile and RemoveDirectory do: the object itself, whatever it is.
    pub fn unlink(&self, path: &str) -> NtStatus {
        let id = match self.try_open(path, AccessMask::DELETE, ITSELF) {
            Ok(id) => id,
            Err(status) => return status,
        };
        let done = self.dispose(id);
        self.close(id);
        done
    }

    /// What MoveFile does, within one directory.
    pub fn rename(&self, path: &str, name: &str, replace: bool) -> NtStatus {
        let id = self.open(path, AccessMask::DELETE | AccessMask::SYNCHRONIZE, ITSELF);
        let done = self.inform(id, Class::RENAME_INFORMATION, &new_name(replace, name));
        self.close(id);
        done
    }

    /// What CreateHardLink does, within one directory.
    pub fn hard_link(&self, path: &str, name: &str) -> NtStatus {
        let id = self.open(path, AccessMask::FILE_WRITE_ATTRIBUTES | AccessMask::SYNCHRONIZE, ITSELF);
        let done = self.inform(id, Class::LINK_INFORMATION, &new_name(false, name));
        self.close(id);
        done
    }

    pub fn truncate(&self, id: OpenId) -> NtStatus {
        self.inform(id, Class::END_OF_FILE_INFORMATION, &[0; 8])
    }

    pub fn write_ea(&self, id: OpenId, name: &str, value: &str) -> NtStatus {
        let mut bytes = vec![0, 0, 0, 0, 0, u8::try_from(name.len()).unwrap()];
        bytes.extend_from_slice(&u16::try_from(value.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(value.as_bytes());
        status(self.volume.set_ea(id, &bytes))
    }

    /// The names of the EAs, each with its value.
    pub fn eas(&self, id: OpenId) -> Result<Vec<(String, Vec<u8>)>, NtStatus> {
        let query = EaQuery { len_max: 65_536, restart: true, ..EaQuery::default() };
        let bytes = self.volume.query_ea(id, &query).map_err(|refusal| refusal.status)?.bytes;
        Ok(entries(&bytes).into_iter().map(named_value).collect())
    }

    /// The entries of a directory in this class, of names that match.
    pub fn list(&self, id: OpenId, class: Class, pattern: &str) -> Result<Vec<Vec<u8>>, NtStatus> {
        let pattern = utf16(pattern);
        let query =
            DirectoryQuery { class, len_max: 65_536, restart: true, single: false, pattern: &pattern };
        let found = self.volume.query_directory(id, &query).map_err(|refusal| refusal.status)?;
        Ok(entries(&found.bytes).into_iter().map(<[u8]>::to_vec).collect())
    }

    /// The names of a directory.
    pub fn names(&self, id: OpenId) -> Result<Vec<String>, NtStatus> {
        let entries = self.list(id, Class::NAMES_INFORMATION, "")?;
        let name = |entry: &Vec<u8>| {
            let len = usize::try_from(u32_at(entry, 8)).unwrap();
            Utf16::from_le_bytes(&entry[12..12 + len]).unwrap().to_string()
        };
        Ok(entries.iter().map(name).collect())
    }

    /// The names in a directory, opened through whatever leads to it.
    #[track_caller]
    pub fn names_in(&self, path: &str) -> Vec<String> {
        let id = self.open(path, AccessMask::FILE_LIST_DIRECTORY, PLAIN);
        let names = self.names(id).unwrap();
        self.close(id);
        names
    }

    /// What a directory's entry says of one name: attributes, EaSize, and the tag where the class has a field for it.
    #[track_caller]
    pub fn entry(&self, dir: &str, name: &str, class: Class) -> (FileAttributes, u32, Option<u32>) {
        let id = self.open(dir, AccessMask::FILE_LIST_DIRECTORY, PLAIN);
        let found = self.list(id, class, name).unwrap();
        self.close(id);
        assert_eq!(found.len(), 1, "{name} is there once");
        let entry = &found[0];
        let tag = has_tag_field(class).then(|| u32_at(entry, 68));
        (FileAttributes(u32_at(entry, 56)), u32_at(entry, 64), tag)
    }

    /// Whether the object itself is there.
    pub fn exists(&self, path: &str) -> bool {
        self.opening(path, ITSELF) == NtStatus::SUCCESS
    }

    /// Writes data at the start of what is opened.
    pub fn write(&self, id: OpenId, data: &[u8]) -> NtStatus {
        status(self.volume.write(id, 0, data))
    }

    /// Data of what is opened.
    pub fn read(&self, id: OpenId) -> Result<Vec<u8>, NtStatus> {
        self.volume.read(id, 0, 65_536).map_err(|refusal| refusal.status)
    }
}

/// Classes of directory information that have EaSize. [MS-FSCC] 2.4
pub const WITH_EA_SIZE: &[Class] = &[
    Class::FULL_DIRECTORY_INFORMATION,
    Class::BOTH_DIRECTORY_INFORMATION,
    Class::ID_FULL_DIRECTORY_INFORMATION,
    Class::ID_BOTH_DIRECTORY_INFORMATION,
];

/// Classes that have ReparsePointTag beside it.
pub const WITH_TAG: &[Class] = &[
    Class::ID_EXTD_DIRECTORY_INFORMATION,
    Class::ID_EXTD_BOTH_DIRECTORY_INFORMATION,
    Class::ID64_EXTD_DIRECTORY_INFORMATION,
    Class::ID64_EXTD_BOTH_DIRECTORY_INFORMATION,
    Class::ID_ALL_EXTD_DIRECTORY_INFORMATION,
    Class::ID_ALL_EXTD_BOTH_DIRECTORY_INFORMATION,
];

fn has_tag_field(class: Class) -> bool {
    WITH_TAG.contains(&class)
}

/// Entries chained by NextEntryOffset, which each begins with.
fn entries(bytes: &[u8]) -> Vec<&[u8]> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    while rest.len() >= 4 {
        let next = usize::try_from(u32_at(rest, 0)).unwrap();
        let (entry, after) = if next == 0 { (rest, &[][..]) } else { rest.split_at(next) };
        entries.push(entry);
        rest = after;
    }
    entries
}

/// The name and value of an entry of FILE_FULL_EA_INFORMATION. [MS-FSCC] 2.4.16
fn named_value(entry: &[u8]) -> (String, Vec<u8>) {
    let name_end = 8 + usize::from(entry[5]);
    let value_len = usize::from(u16::from_le_bytes([entry[6], entry[7]]));
    let name = String::from_utf8(entry[8..name_end].to_vec()).unwrap();
    (name, entry[name_end + 1..name_end + 1 + value_len].to_vec())
}
