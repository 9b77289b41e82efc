//! What clients ask, as those build it who test and measure the server: the tests of the daemon, the simulator, the load generator.
//! Fields that no caller cares for have what Windows sends.
use nt::{
    AccessMask, CreateDisposition, CreateOptions, FileAttributes, FileInformationClass, FsctlCode, Guid,
    NotifyFilter, ShareAccess, Utf16,
};
use wire::create::{
    self, Context, DurableFlags, DurableReconnectV2, DurableRequestV2, ImpersonationLevel, Lease, LeaseKey,
    LeaseState, LeaseV2, OplockLevel, RequestContext,
};
use wire::ioctl::{IoctlFlags, ResiliencyRequest};
use wire::lock::{LockElement, LockFlags};
use wire::negotiate::{self, Capabilities, Dialect, HashAlgorithm, Preauth, SecurityMode, SigningAlgorithm};
use wire::oplock_break::{Acknowledgment, LeaseAcknowledgment};
use wire::query_directory::QueryDirectoryFlags;
use wire::query_info::InfoType;
use wire::{
    FileId, Request, Writer, change_notify, close, flush, ioctl, lock, query_directory, query_info, read,
    session_setup, set_info, tree_connect, write,
};

/// Read, handle and write caching.
pub const ALL: LeaseState = LeaseState(7);

/// NEGOTIATE of one dialect, with a hash and a signing algorithm where it takes contexts.
pub fn negotiate(client_guid: Guid, dialect: Dialect) -> Request<'static> {
    let contexts = vec![
        negotiate::Context::Preauth(Preauth { hashes: vec![HashAlgorithm::SHA_512], salt: &[9; 32] }),
        negotiate::Context::Signing(vec![SigningAlgorithm::AES_CMAC]),
    ];
    Request::Negotiate(negotiate::Request {
        security_mode: SecurityMode::SIGNING_ENABLED,
        capabilities: Capabilities(0x7F),
        client_guid,
        dialects: vec![dialect],
        contexts: if dialect == Dialect::SMB_3_1_1 { contexts } else { Vec::new() },
    })
}

/// SESSION_SETUP in the place of another session, or of none.
pub fn setup(user: &str, previous: u64) -> Request<'_> {
    Request::SessionSetup(session_setup::Request {
        flags: session_setup::RequestFlags::NONE,
        security_mode: SecurityMode::SIGNING_ENABLED,
        capabilities: Capabilities::NONE,
        previous_session_id: previous,
        security_buffer: user.as_bytes(),
    })
}

/// TREE_CONNECT to a share.
pub fn tree(share: &str) -> Request<'static> {
    let path = Utf16::from(format!(r"\\server\{share}").as_str());
    let flags = tree_connect::RequestFlags::NONE;
    Request::TreeConnect(tree_connect::Request { flags, path, contexts: None })
}

/// A CREATE, which is changed before it is sent.
#[derive(Clone, Debug)]
pub struct Create {
    /// The path, from the share on.
    pub name: String,
    /// What is wanted.
    pub access: AccessMask,
    /// What others may.
    pub share: ShareAccess,
    /// Open, make, or both.
    pub disposition: CreateDisposition,
    /// How.
    pub options: CreateOptions,
    /// Of what is made.
    pub attributes: FileAttributes,
    /// The oplock that is wanted.
    pub oplock: OplockLevel,
    /// What else is asked for.
    pub contexts: Vec<RequestContext<'static>>,
}

/// Opens or makes a file, sharing all.
pub fn create(name: &str) -> Create {
    Create {
        name: name.to_owned(),
        access: AccessMask::FILE_READ_DATA
            | AccessMask::FILE_WRITE_DATA
            | AccessMask::FILE_READ_ATTRIBUTES
            | AccessMask::FILE_WRITE_ATTRIBUTES
            | AccessMask::DELETE,
        share: ShareAccess::READ | ShareAccess::WRITE | ShareAccess::DELETE,
        disposition: CreateDisposition::OPEN_IF,
        options: CreateOptions::NONE,
        attributes: FileAttributes::NORMAL,
        oplock: OplockLevel::NONE,
        contexts: Vec::new(),
    }
}

impl Create {
    /// Wants this access.
    pub fn access(self, access: AccessMask) -> Create {
        Create { access, ..self }
    }

    /// Shares nothing.
    pub fn alone(self) -> Create {
        Create { share: ShareAccess(0), ..self }
    }

    /// Opens, makes, or both.
    pub fn disposition(self, disposition: CreateDisposition) -> Create {
        Create { disposition, ..self }
    }

    /// With these options.
    pub fn options(self, options: CreateOptions) -> Create {
        Create { options, ..self }
    }

    /// A directory, to be listed.
    pub fn directory(self) -> Create {
        let options = CreateOptions::DIRECTORY_FILE;
        let access = AccessMask::FILE_LIST_DIRECTORY | AccessMask::FILE_READ_ATTRIBUTES;
        Create { options, access, attributes: FileAttributes::NONE, ..self }
    }

    /// For what is made.
    pub fn attributes(self, attributes: FileAttributes) -> Create {
        Create { attributes, ..self }
    }

    /// Wants this oplock.
    pub fn oplock(self, oplock: OplockLevel) -> Create {
        Create { oplock, ..self }
    }

    /// With a context; one of a lease asks for it.
    pub fn with(mut self, context: RequestContext<'static>) -> Create {
        if matches!(context, RequestContext::Lease(_) | RequestContext::LeaseV2(_)) {
            self.oplock = OplockLevel::LEASE;
        }
        self.contexts.push(context);
        self
    }

    /// The message. A context that cannot be written is left out.
    pub fn request(&self) -> Request<'static> {
        let contexts: Vec<Context<'static>> =
            self.contexts.iter().filter_map(RequestContext::encode).collect();
        Request::Create(create::Request {
            oplock_level: self.oplock,
            impersonation_level: ImpersonationLevel::IMPERSONATION,
            desired_access: self.access,
            file_attributes: self.attributes,
            share_access: self.share,
            disposition: self.disposition,
            options: self.options,
            name: Utf16::from(self.name.as_str()),
            contexts,
        })
    }
}

/// A lease, its key made of one number.
pub fn lease(key: u8, state: LeaseState) -> RequestContext<'static> {
    RequestContext::Lease(Lease { key: LeaseKey([key; 16]), state, ..Lease::default() })
}

/// The same of version 2.
pub fn lease_v2(key: u8, state: LeaseState) -> RequestContext<'static> {
    let lease = Lease { key: LeaseKey([key; 16]), state, ..Lease::default() };
    RequestContext::LeaseV2(LeaseV2 { lease, ..LeaseV2::default() })
}

/// A durable open of version 2, its CreateGuid made of one number.
pub fn durable_v2(guid: u8, timeout_ms: u32) -> RequestContext<'static> {
    let (flags, create_guid) = (DurableFlags::NONE, Guid([guid; 16]));
    RequestContext::DurableRequestV2(DurableRequestV2 { timeout_ms, flags, create_guid })
}

/// Asks for a durable open again.
pub fn back(file_id: FileId) -> RequestContext<'static> {
    RequestContext::DurableReconnect(file_id)
}

/// The same of version 2.
pub fn back_v2(file_id: FileId, guid: u8) -> RequestContext<'static> {
    let (flags, create_guid) = (DurableFlags::NONE, Guid([guid; 16]));
    RequestContext::DurableReconnectV2(DurableReconnectV2 { file_id, create_guid, flags })
}

/// WRITE.
pub fn write(file_id: FileId, offset: u64, data: &[u8]) -> Request<'_> {
    let body = write::Request {
        offset,
        file_id,
        channel: read::Channel::NONE,
        remaining: 0,
        flags: write::WriteFlags::NONE,
        channel_information: &[],
    };
    Request::Write(body, data)
}

/// READ.
pub fn read(file_id: FileId, offset: u64, len: u32) -> Request<'static> {
    Request::Read(read::Request {
        data_offset_hint: 0x50,
        flags: read::ReadFlags::NONE,
        len,
        offset,
        file_id,
        len_min: 0,
        channel: read::Channel::NONE,
        remaining: 0,
        channel_information: &[],
    })
}

/// FLUSH.
pub fn flush(file_id: FileId) -> Request<'static> {
    Request::Flush(flush::Request { file_id })
}

/// CLOSE, without asking for the attributes.
pub fn close(file_id: FileId) -> Request<'static> {
    Request::Close(close::Request { flags: close::CloseFlags::NONE, file_id })
}

/// An exclusive lock that does not wait.
pub const LOCK: LockFlags = LockFlags(0x12);
/// The end of one.
pub const UNLOCK: LockFlags = LockFlags::UNLOCK;

/// LOCK of the bytes 100 to 199, at a place in the LockSequenceArray with a number; 0 at place 0 is none.
pub fn lock(file_id: FileId, bucket: u32, number: u32, flags: LockFlags) -> Request<'static> {
    let locks = vec![LockElement { offset: 100, len: 100, flags }];
    Request::Lock(lock::Request { lock_sequence: bucket << 4 | number, file_id, locks })
}

/// IOCTL of a file system's control, whose output may be so long.
pub fn control(code: FsctlCode, file_id: FileId, input: &[u8], output_len_max: u32) -> Request<'_> {
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

/// The input of FSCTL_LMR_REQUEST_RESILIENCY.
pub fn resiliency(timeout_ms: u32) -> Vec<u8> {
    let mut w = Writer::new();
    ResiliencyRequest { timeout_ms }.encode(&mut w);
    w.finish().unwrap_or_default()
}

/// A relative symbolic link to a name. [MS-FSCC] 2.1.2.4
pub fn symlink(target: &str) -> Vec<u8> {
    let name: Vec<u8> = target.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let len = u16::try_from(name.len()).unwrap_or_default();
    let mut data = 0xA000_000C_u32.to_le_bytes().to_vec();
    data.extend((12 + 2 * len).to_le_bytes());
    data.extend([0, 0]);
    [0, len, len, len].iter().for_each(|field: &u16| data.extend(field.to_le_bytes()));
    data.extend(1u32.to_le_bytes());
    data.extend(&name);
    data.extend(&name);
    data
}

/// QUERY_INFO of a class, for so many bytes.
pub fn query(file_id: FileId, info_type: InfoType, class: u8, output_len_max: u32) -> Request<'static> {
    let flags = query_info::QueryInfoFlags::NONE;
    let (additional, input) = (0, &[][..]);
    Request::QueryInfo(query_info::Request {
        info_type,
        class,
        output_len_max,
        additional,
        flags,
        file_id,
        input,
    })
}

/// SET_INFO of a class.
pub fn set(file_id: FileId, info_type: InfoType, class: u8, input: &[u8]) -> Request<'_> {
    Request::SetInfo(set_info::Request { info_type, class, additional: 0, file_id, input })
}

/// QUERY_DIRECTORY from the beginning.
pub fn list(file_id: FileId, class: FileInformationClass, pattern: &str) -> Request<'static> {
    Request::QueryDirectory(query_directory::Request {
        class,
        flags: QueryDirectoryFlags::RESTART_SCANS,
        file_index: 0,
        file_id,
        pattern: Utf16::from(pattern),
        output_len_max: 65_536,
    })
}

/// CHANGE_NOTIFY for a directory alone.
pub fn notify(file_id: FileId, filter: NotifyFilter, output_len_max: u32) -> Request<'static> {
    let flags = change_notify::ChangeNotifyFlags::NONE;
    Request::ChangeNotify(change_notify::Request { flags, output_len_max, file_id, filter })
}

/// Acknowledges the break of a lease.
pub fn acknowledge(key: LeaseKey, state: LeaseState) -> Request<'static> {
    Request::OplockBreak(Acknowledgment::Lease(LeaseAcknowledgment { key, state }))
}

/// FileRenameInformation, in the form of SMB2. [MS-FSCC] 2.4.37
pub fn rename_to(name: &str, replaces: bool) -> Vec<u8> {
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let len = u32::try_from(name.len()).unwrap_or_default();
    let mut bytes =
        [&[u8::from(replaces), 0, 0, 0, 0, 0, 0, 0][..], &[0; 8], &len.to_le_bytes(), &name].concat();
    // No shorter than the structure.
    bytes.resize(bytes.len().max(24), 0);
    bytes
}
