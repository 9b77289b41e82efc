//! A volume, in memory unless a test says otherwise, and short words for what tests say of it.
// Each test file uses its part of what is public to all; a test says what it expects by panicking.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic)]
use fsa::host::Host;
use fsa::host::memory::{MemoryHost, MemoryOptions};
use fsa::{
    ControlReply, DriveMap, OpenError, OpenId, OpenRequest, Opened, SecurityContext, Volume, VolumeOptions,
};
use nt::security::{Privileges, Sid, Token};
use nt::{
    AccessMask, CreateDisposition, CreateOptions, FileAttributes, FsctlCode, Guid, NtStatus, ShareAccess,
};
use reparse::{MountPoint, Symlink};

/// Rights that are enough to set, and do not conflict with anything.
pub const CHANGE: AccessMask = AccessMask::FILE_WRITE_ATTRIBUTES;
/// Every share mode.
pub const SHARED: ShareAccess =
    ShareAccess(ShareAccess::READ.0 | ShareAccess::WRITE.0 | ShareAccess::DELETE.0);
/// On the object itself.
pub const ITSELF: CreateOptions = CreateOptions::OPEN_REPARSE_POINT;
/// No option.
pub const PLAIN: CreateOptions = CreateOptions::NONE;
/// The GUID of a third party.
pub const OWNER: Guid = Guid([7; 16]);

/// A volume whose root is `C:\`, and a caller.
pub struct Store<H: Host = MemoryHost> {
    pub volume: Volume<H>,
    pub cx: SecurityContext,
}

pub fn utf16(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

pub fn drives() -> DriveMap {
    DriveMap::new().with(r"\??\C:", r"\")
}

impl Store<MemoryHost> {
    pub fn new() -> Store {
        Store::with(VolumeOptions::default())
    }

    pub fn with(options: VolumeOptions) -> Store {
        Store::on(MemoryHost::new(MemoryOptions::default()), options)
    }
}

impl<H: Host> Store<H> {
    pub fn on(host: H, options: VolumeOptions) -> Store<H> {
        let options = VolumeOptions { drives: drives(), events: true, ..options };
        Store { volume: Volume::new(host, options), cx: SecurityContext::superuser() }
    }

    /// As an ordinary user, who holds no privilege.
    pub fn without_privileges(self) -> Store<H> {
        let token = Token {
            user: Sid::new(5, &[21, 1, 2, 3, 1001]).unwrap(),
            groups: vec![Sid::EVERYONE],
            privileges: Privileges::NONE,
        };
        Store { cx: SecurityContext::user(token), ..self }
    }

    pub fn request(&self, request: &OpenRequest<'_>) -> Result<Opened, OpenError> {
        self.volume.open(&self.cx, request)
    }

    /// Opens what exists.
    pub fn try_open(
        &self,
        path: &str,
        access: AccessMask,
        options: CreateOptions,
    ) -> Result<OpenId, NtStatus> {
        self.open_as(path, access, options, CreateDisposition::OPEN).map(|opened| opened.id)
    }

    pub fn open_as(
        &self,
        path: &str,
        access: AccessMask,
        options: CreateOptions,
        disposition: CreateDisposition,
    ) -> Result<Opened, NtStatus> {
        let path = utf16(path);
        let request = OpenRequest { options, disposition, ..OpenRequest::existing(&path, access) };
        self.request(&request).map_err(|error| error.status())
    }

    #[track_caller]
    pub fn open(&self, path: &str, access: AccessMask, options: CreateOptions) -> OpenId {
        self.try_open(path, access, options).unwrap_or_else(|status| panic!("open {path}: {status}"))
    }

    /// The status of opening what exists, for reading attributes.
    pub fn opening(&self, path: &str, options: CreateOptions) -> NtStatus {
        match self.try_open(path, AccessMask::FILE_READ_ATTRIBUTES, options) {
            Ok(id) => {
                self.close(id);
                NtStatus::SUCCESS
            }
            Err(status) => status,
        }
    }

    /// Makes an empty file.
    #[track_caller]
    pub fn file(&self, path: &str) {
        self.make(path, PLAIN);
    }

    /// Makes a file that holds `data`.
    #[track_caller]
    pub fn file_with(&self, path: &str, data: &[u8]) {
        self.file(path);
        let id = self.open(path, AccessMask::FILE_WRITE_DATA, PLAIN);
        self.volume.write(id, 0, data).unwrap();
        self.close(id);
    }

    /// Makes an empty directory.
    #[track_caller]
    pub fn dir(&self, path: &str) {
        self.make(path, CreateOptions::DIRECTORY_FILE);
    }

    #[track_caller]
    fn make(&self, path: &str, options: CreateOptions) {
        let access = AccessMask::FILE_READ_ATTRIBUTES;
        let opened = self.open_as(path, access, options, CreateDisposition::CREATE);
        self.close(opened.unwrap_or_else(|status| panic!("make {path}: {status}")).id);
    }

    #[track_caller]
    pub fn close(&self, id: OpenId) {
        self.volume.close(id).unwrap();
    }

    pub fn set(&self, id: OpenId, point: &[u8]) -> NtStatus {
        self.control(id, FsctlCode::SET_REPARSE_POINT, point, 0)
    }

    pub fn set_ex(&self, id: OpenId, input: &[u8]) -> NtStatus {
        self.control(id, FsctlCode::SET_REPARSE_POINT_EX, input, 0)
    }

    pub fn delete(&self, id: OpenId, input: &[u8]) -> NtStatus {
        self.control(id, FsctlCode::DELETE_REPARSE_POINT, input, 0)
    }

    pub fn get_in(&self, id: OpenId, len_max: usize) -> Result<ControlReply, NtStatus> {
        let reply = self.volume.fs_control(id, FsctlCode::GET_REPARSE_POINT, &[], len_max);
        reply.map_err(|refusal| refusal.status)
    }

    pub fn get(&self, id: OpenId) -> Result<Vec<u8>, NtStatus> {
        self.get_in(id, 16_384).map(|reply| reply.output)
    }

    pub fn control(&self, id: OpenId, code: FsctlCode, input: &[u8], output_len_max: usize) -> NtStatus {
        match self.volume.fs_control(id, code, input, output_len_max) {
            Ok(reply) => reply.status,
            Err(refusal) => refusal.status,
        }
    }

    /// Sets a reparse point on what exists.
    #[track_caller]
    pub fn put(&self, path: &str, point: &[u8]) {
        let id = self.open(path, CHANGE, ITSELF);
        let status = self.set(id, point);
        assert_eq!(status, NtStatus::SUCCESS, "set on {path}");
        self.close(id);
    }

    /// The reparse point of what exists.
    pub fn point_of(&self, path: &str) -> Result<Vec<u8>, NtStatus> {
        let id = self.try_open(path, AccessMask::READ_CONTROL, ITSELF)?;
        let point = self.get(id);
        self.close(id);
        point
    }

    /// All data of a file, through whatever leads to it.
    pub fn read_through(&self, path: &str) -> Result<Vec<u8>, NtStatus> {
        let id = self.try_open(path, AccessMask::FILE_READ_DATA, PLAIN)?;
        let data = self.volume.read(id, 0, 1 << 16);
        self.close(id);
        data.map_err(|refusal| refusal.status)
    }

    /// The attributes of what is open, from the host's own view.
    pub fn attributes(&self, path: &str) -> FileAttributes {
        let mut node = self.volume.host().root();
        for name in path.split('\\').filter(|name| !name.is_empty()) {
            node = self.volume.host().lookup(&node, &utf16(name)).unwrap().unwrap().0;
        }
        fsa::host::meta::load(self.volume.host(), &node).unwrap().attributes
    }
}

/// A relative symbolic link.
pub fn relative(target: &str) -> Vec<u8> {
    symlink(target, target, 1)
}

/// An absolute symbolic link: the substitute name as given.
pub fn absolute(substitute: &str) -> Vec<u8> {
    symlink(substitute, substitute, 0)
}

/// A symbolic link with these names and flags, whatever they are. [MS-FSCC] 2.1.2.4
pub fn symlink(substitute: &str, print: &str, flags: u32) -> Vec<u8> {
    Symlink::new(substitute, print, reparse::SymlinkFlags(flags)).unwrap().raw().encode()
}

/// A mount point with this substitute name.
pub fn junction(substitute: &str) -> Vec<u8> {
    MountPoint::new(substitute, "").unwrap().raw().encode()
}

/// A Microsoft tag with data that nobody reads.
pub fn opaque(tag: u32, data: &[u8]) -> Vec<u8> {
    let len = u16::try_from(data.len()).unwrap();
    [&tag.to_le_bytes()[..], &len.to_le_bytes(), &[0, 0], data].concat()
}

/// A third party's tag.
pub fn third_party(tag: u32, owner: Guid, data: &[u8]) -> Vec<u8> {
    let len = u16::try_from(data.len()).unwrap();
    [&tag.to_le_bytes()[..], &len.to_le_bytes(), &[0, 0], &owner.0, data].concat()
}
