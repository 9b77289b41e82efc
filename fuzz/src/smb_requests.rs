//! Requests that mean something, as an input says: each with its parts from lists in which most of what there is stands.
use nt::{
    AccessMask, CreateDisposition, CreateOptions, FileAttributes, FileInformationClass, FsctlCode, Guid,
    NotifyFilter, ShareAccess, Utf16,
};
use wire::close::CloseFlags;
use wire::create::{
    DurableFlags, DurableReconnectV2, DurableRequestV2, ImpersonationLevel, Lease, LeaseFlags, LeaseKey,
    LeaseState, LeaseV2, OplockLevel, RequestContext,
};
use wire::ioctl::{CopyChunk, CopyChunkRequest, ResumeKey, code};
use wire::lock::{LockElement, LockFlags};
use wire::oplock_break::{Acknowledgment, LeaseAcknowledgment, OplockBreak};
use wire::query_directory::QueryDirectoryFlags;
use wire::query_info::{InfoType, QueryInfoFlags};
use wire::{Command, FileId, HEADER_LEN, Header, Request, Writer};

use crate::smb_bodies::BODIES;
use crate::smb_world::{Backing, Script, World};

const NAMES: &[&str] = &[
    "f",
    "d",
    "d\\b",
    "f:s",
    "l",
    "l\\x",
    "",
    "D\\B",
    "a long name.text",
    "d\\..\\f",
    "d\\c",
    "d\\c\\e",
    "F",
    "f::$DATA",
    "x*",
    "d:$I30:$INDEX_ALLOCATION",
];
const ACCESS: &[u32] = &[
    0x001F_01FF,
    0x0012_0089,
    0x0000_0080,
    0x0001_0000,
    0x0200_0000,
    0x0012_019F,
    0x0000_0001,
    0x0100_0000,
    0x8000_0000,
    0x000C_0080,
];
const NUMBERS: &[u64] =
    &[0, 1, 8, 100, 4095, 4096, 65_536, 1 << 20, 1 << 32, 1 << 62, u64::MAX, u64::MAX - 1, 1 << 63];
const LENS: &[u32] = &[4096, 65_536, 0, 1, 8, 24, 40, 100, 600, u32::MAX];
const CODES: &[FsctlCode] = &[
    FsctlCode::SET_REPARSE_POINT,
    FsctlCode::GET_REPARSE_POINT,
    FsctlCode::DELETE_REPARSE_POINT,
    code::SRV_REQUEST_RESUME_KEY,
    code::SRV_COPYCHUNK,
    code::SRV_COPYCHUNK_WRITE,
    FsctlCode::SET_SPARSE,
    FsctlCode::SET_ZERO_DATA,
    FsctlCode::QUERY_ALLOCATED_RANGES,
    FsctlCode::DUPLICATE_EXTENTS_TO_FILE,
    FsctlCode::FILE_LEVEL_TRIM,
    code::LMR_REQUEST_RESILIENCY,
    FsctlCode::CREATE_OR_GET_OBJECT_ID,
    FsctlCode::SET_OBJECT_ID,
    FsctlCode::DELETE_OBJECT_ID,
    FsctlCode::GET_COMPRESSION,
    FsctlCode::SET_COMPRESSION,
    FsctlCode::GET_INTEGRITY_INFORMATION,
    FsctlCode::SET_INTEGRITY_INFORMATION,
    code::SRV_ENUMERATE_SNAPSHOTS,
    code::VALIDATE_NEGOTIATE_INFO,
    code::QUERY_NETWORK_INTERFACE_INFO,
    FsctlCode::QUERY_FILE_REGIONS,
    FsctlCode::SET_REPARSE_POINT_EX,
    FsctlCode::DUPLICATE_EXTENTS_TO_FILE_EX,
    FsctlCode::GET_RETRIEVAL_POINTERS,
    FsctlCode::GET_NTFS_VOLUME_DATA,
    FsctlCode::FIND_FILES_BY_SID,
    FsctlCode::READ_FILE_USN_DATA,
    FsctlCode::SET_ZERO_ON_DEALLOCATION,
    FsctlCode::SET_OBJECT_ID_EXTENDED,
    FsctlCode::IS_PATHNAME_VALID,
    code::DFS_GET_REFERRALS,
    FsctlCode::PIPE_TRANSCEIVE,
];
const DIRECTORY_CLASSES: &[u32] = &[1, 2, 3, 12, 37, 38, 50, 60, 78, 79, 80, 81, 100, 0];
const SET_CLASSES: &[u8] = &[4, 10, 11, 13, 14, 15, 16, 19, 20, 39, 40, 64, 65, 71, 30, 31];
const PATTERNS: &[&str] = &["*", "f", "?", "*.*", "", "d<", "\"x", "a>*"];

/// A request of a kind. A kind without one of its own is one of [`BODIES`].
pub(crate) fn request<B: Backing>(world: &mut World<'_, B>, kind: u8) -> Option<(Command, Vec<u8>)> {
    let script = &mut world.script;
    let at = if matches!(kind, 0..=3) { 0 } else { usize::from(script.byte()) };
    // A high number means the file of the request before, in a chain.
    let file = if at & 0xC0 == 0xC0 { [0xFF; 16] } else { world.file(at) };
    let file_id = file_id(file);
    let script = &mut world.script;
    let body = match kind {
        0..=3 => return create(world, kind),
        4 => {
            let flags = if script.byte() & 1 == 0 { CloseFlags::NONE } else { CloseFlags::POSTQUERY_ATTRIB };
            Request::Close(wire::close::Request { flags, file_id })
        }
        5 => Request::Read(wire::read::Request {
            offset: script.one_of(NUMBERS)?,
            len_min: u32::from(script.byte() & 1),
            ..reading(file_id, script.one_of(LENS)?)
        }),
        6 => return write(script, file_id),
        7 => Request::Lock(lock(script, file_id)?),
        8..=11 => return ioctl(script, file_id, file),
        12 | 13 => return set_info(script, file_id),
        14 | 15 => Request::QueryInfo(wire::query_info::Request {
            info_type: InfoType(1 + (script.byte() & 3)),
            class: script.byte() & 0x7F,
            output_len_max: script.one_of(LENS)?,
            additional: u32::from(script.byte()),
            flags: QueryInfoFlags(u32::from(script.byte() & 7)),
            file_id,
            input: &[],
        }),
        16 | 17 => Request::QueryDirectory(wire::query_directory::Request {
            class: FileInformationClass(script.one_of(DIRECTORY_CLASSES)?),
            flags: QueryDirectoryFlags(script.byte() & 0x17),
            file_index: 0,
            file_id,
            pattern: Utf16::from(script.one_of(PATTERNS)?),
            output_len_max: script.one_of(LENS)?,
        }),
        18 => Request::ChangeNotify(wire::change_notify::Request {
            flags: wire::change_notify::ChangeNotifyFlags(u16::from(script.byte() & 1)),
            output_len_max: script.one_of(LENS)?,
            file_id,
            filter: NotifyFilter(u32::from(script.byte()) | 3),
        }),
        19 => Request::OplockBreak(Acknowledgment::Oplock(OplockBreak {
            oplock_level: script.one_of(&[OplockLevel::NONE, OplockLevel::II, OplockLevel::BATCH])?,
            file_id,
        })),
        20 => Request::OplockBreak(Acknowledgment::Lease(LeaseAcknowledgment {
            key: lease_key(script),
            state: LeaseState(u32::from(script.byte() & 7)),
        })),
        21 => Request::Flush(wire::flush::Request { file_id }),
        22 => Request::Cancel(wire::cancel::Request),
        _ => {
            let (command, body, place) = BODIES.get(at % BODIES.len())?;
            let mut body = body.to_vec();
            let place = place.and_then(|at| body.get_mut(at..at + 16));
            place.into_iter().for_each(|place| place.copy_from_slice(&file));
            return Some((*command, body));
        }
    };
    encoded(&body, &[])
}

/// What a pipe is sent: by a WRITE with a READ behind it another time, or by FSCTL_PIPE_TRANSCEIVE.
pub(crate) fn to_pipe<B: Backing>(world: &World<'_, B>, how: u8, bytes: &[u8]) -> Option<(Command, Vec<u8>)> {
    let file_id = file_id(world.file(0));
    match how {
        0 => encoded(&Request::Write(writing(file_id, 0), bytes), bytes),
        1 => {
            let len = u32::try_from(bytes.len()).unwrap_or(0) * 16;
            encoded(&Request::Read(reading(file_id, len)), &[])
        }
        _ => encoded(
            &requests::control(FsctlCode::PIPE_TRANSCEIVE, file_id, bytes, if how == 2 { 4280 } else { 32 }),
            &[],
        ),
    }
}

fn encoded(request: &Request<'_>, data: &[u8]) -> Option<(Command, Vec<u8>)> {
    let mut w = Writer::new();
    Header::new(request.command(), 0).encode(&mut w);
    request.encode(&mut w);
    let mut body = w.finish().ok()?.split_off(HEADER_LEN);
    body.extend_from_slice(data);
    Some((request.command(), body))
}

fn reading(file_id: FileId, len: u32) -> wire::read::Request<'static> {
    wire::read::Request {
        data_offset_hint: 0x50,
        flags: wire::read::ReadFlags::NONE,
        len,
        offset: 0,
        file_id,
        len_min: 0,
        channel: wire::read::Channel::NONE,
        remaining: 0,
        channel_information: &[],
    }
}

fn writing(file_id: FileId, offset: u64) -> wire::write::Request<'static> {
    wire::write::Request {
        offset,
        file_id,
        channel: wire::read::Channel::NONE,
        remaining: 0,
        flags: wire::write::WriteFlags::NONE,
        channel_information: &[],
    }
}

fn file_id(bytes: [u8; 16]) -> FileId {
    let (persistent, volatile) = bytes.split_at(8);
    let number = |half: &[u8]| half.first_chunk().copied().map_or(0, u64::from_le_bytes);
    FileId { persistent: number(persistent), volatile: number(volatile) }
}

fn lease_key(script: &mut Script<'_>) -> LeaseKey {
    LeaseKey([script.byte() & 3; 16])
}

fn guid(script: &mut Script<'_>) -> Guid {
    Guid([script.byte() & 3; 16])
}

/// A CREATE. The kinds differ in how much is asked for: nothing beside the name, a lease, a durable handle, anything.
fn create<B: Backing>(world: &mut World<'_, B>, kind: u8) -> Option<(Command, Vec<u8>)> {
    let old = file_id(world.file(usize::from(kind)));
    let script = &mut world.script;
    let name = Utf16::from(script.one_of(NAMES)?);
    let (how, access, flags) = (script.byte(), script.byte(), script.byte());
    let mut options = CreateOptions::NONE;
    for (bit, option) in [
        (1, CreateOptions::DIRECTORY_FILE),
        (2, CreateOptions::NON_DIRECTORY_FILE),
        (4, CreateOptions::DELETE_ON_CLOSE),
        (8, CreateOptions::OPEN_REPARSE_POINT),
    ] {
        if flags & bit != 0 {
            options |= option;
        }
    }
    let mut asked = Vec::new();
    let mut oplock_level = OplockLevel::NONE;
    let mut eas = Vec::new();
    let mut security = Vec::new();
    if kind == 1 || (kind == 2 && flags & 0x80 != 0) {
        oplock_level = OplockLevel::LEASE;
        let lease = Lease {
            key: lease_key(script),
            state: LeaseState(u32::from(script.byte() & 7)),
            flags: LeaseFlags(u32::from(flags >> 4 & 4)),
        };
        let parent_key = lease_key(script);
        asked.push(match flags & 0x20 {
            0 => RequestContext::LeaseV2(LeaseV2 { lease, parent_key, epoch: 1 }),
            _ => RequestContext::Lease(lease),
        });
    } else if flags & 0x10 != 0 {
        oplock_level = script.one_of(&[
            OplockLevel::BATCH,
            OplockLevel::EXCLUSIVE,
            OplockLevel::II,
            OplockLevel::LEASE,
        ])?;
    }
    if kind == 2 {
        let (which, create_guid) = (script.byte(), guid(script));
        asked.push(match which & 3 {
            0 => RequestContext::DurableRequestV2(DurableRequestV2 {
                timeout_ms: u32::from(which) * 100,
                flags: DurableFlags(u32::from(which >> 3 & 2)),
                create_guid,
            }),
            1 => RequestContext::DurableReconnectV2(DurableReconnectV2 {
                file_id: old,
                create_guid,
                flags: DurableFlags(u32::from(which >> 3 & 2)),
            }),
            2 => RequestContext::DurableRequest,
            _ => RequestContext::DurableReconnect(old),
        });
        if which & 0x80 != 0 {
            asked.push(RequestContext::AppInstanceId(guid(script)));
        }
    }
    if kind == 3 {
        let which = script.byte();
        if which & 1 != 0 {
            let len = script.byte();
            eas = script.bytes(usize::from(len & 0x3F)).to_vec();
        }
        if which & 2 != 0 {
            let len = script.byte();
            security = script.bytes(usize::from(len & 0x7F)).to_vec();
        }
        let time = nt::FileTime(u64::from(which));
        for (bit, context) in [
            (4, RequestContext::QueryMaximalAccess(None)),
            (8, RequestContext::QueryOnDiskId),
            (0x10, RequestContext::AllocationSize(u64::from(which) << 8)),
            (0x20, RequestContext::Posix { mode: 0o644 }),
            (0x40, RequestContext::TimewarpToken(time)),
            (0x80, RequestContext::Aapl(&[1; 24])),
        ] {
            if which & bit != 0 {
                asked.push(context);
            }
        }
    }
    if !eas.is_empty() {
        asked.push(RequestContext::EaBuffer(&eas));
    }
    if !security.is_empty() {
        asked.push(RequestContext::SdBuffer(&security));
    }
    let request = Request::Create(wire::create::Request {
        oplock_level,
        impersonation_level: ImpersonationLevel::IMPERSONATION,
        desired_access: AccessMask(*ACCESS.get(usize::from(access) % ACCESS.len())?),
        file_attributes: FileAttributes(u32::from(access >> 4)),
        share_access: ShareAccess(u32::from(how >> 4 & 7) ^ 7),
        disposition: CreateDisposition([3u32, 1, 2, 0, 4, 5, 3, 6].get(usize::from(how & 7)).copied()?),
        options,
        name,
        contexts: asked.iter().filter_map(RequestContext::encode).collect(),
    });
    encoded(&request, &[])
}

fn write(script: &mut Script<'_>, file_id: FileId) -> Option<(Command, Vec<u8>)> {
    let offset = script.one_of(NUMBERS)?;
    // A host in memory has no holes.
    let offset = if (1 << 21..1 << 40).contains(&offset) { offset >> 16 } else { offset };
    let len = script.byte();
    let data = vec![len; usize::from(len)];
    encoded(&Request::Write(writing(file_id, offset), &data), &data)
}

fn lock(script: &mut Script<'_>, file_id: FileId) -> Option<wire::lock::Request> {
    let how = script.byte();
    let element = |script: &mut Script<'_>| {
        let flags = script.byte();
        let flags = [2u32, 4, 1, 0x12, 0x11, 0, 7].get(usize::from(flags & 7)).copied().unwrap_or(2);
        let (offset, len) = (script.one_of(NUMBERS)?, script.one_of(NUMBERS)?);
        Some(LockElement { offset, len, flags: LockFlags(flags) })
    };
    let locks: Option<Vec<_>> = (0..how & 3).map(|_| element(script)).collect();
    Some(wire::lock::Request { lock_sequence: u32::from(how >> 2), file_id, locks: locks? })
}

fn ioctl(script: &mut Script<'_>, file_id: FileId, file: [u8; 16]) -> Option<(Command, Vec<u8>)> {
    let code = script.one_of(CODES)?;
    let output_len_max = script.one_of(LENS)?;
    let how = script.byte();
    let input = match how & 7 {
        0 => reparse::Symlink::relative(script.one_of(&["f", "d", "..\\f", "l", "nowhere"])?)
            .ok()?
            .raw()
            .encode(),
        1 => reparse::MountPoint::new("\\??\\C:\\d", "d").ok()?.raw().encode(),
        2 => {
            let tag = reparse::Tag(script.one_of(&[0xBEEFu32, 0x8000_0023, 0x9000_601A, 0x8000_0014])?);
            let guid = (!tag.is_microsoft()).then_some(Guid([7; 16]));
            reparse::RawReparse::new(tag, guid, script.bytes(16)).ok()?.encode()
        }
        3 => {
            let tag =
                script.one_of(&[reparse::Tag::SYMLINK, reparse::Tag::MOUNT_POINT, reparse::Tag(0xBEEF)])?;
            let guid = (!tag.is_microsoft()).then_some(Guid([7; 16]));
            reparse::RawReparse::new(tag, guid, &[]).ok()?.encode()
        }
        4 => {
            // The key of an open is the two halves of its FileId, the volatile one first.
            let mut source = [0; 24];
            let (persistent, volatile) = file.split_at(8);
            source.iter_mut().zip(volatile.iter().chain(persistent)).for_each(|(to, from)| *to = *from);
            let chunk = |script: &mut Script<'_>| {
                Some(CopyChunk {
                    source_offset: script.one_of(NUMBERS)?,
                    target_offset: script.one_of(NUMBERS)? & 0x00FF_FFFF,
                    len: script.one_of(&[1u32, 100, 65_536, 0, u32::MAX])?,
                })
            };
            let chunks: Option<Vec<_>> = (0..how >> 4 & 3).map(|_| chunk(script)).collect();
            let mut w = Writer::new();
            CopyChunkRequest { source: ResumeKey(source), chunks: chunks? }.encode(&mut w);
            w.finish().ok()?
        }
        5 => [script.one_of(NUMBERS)?.to_le_bytes(), script.one_of(NUMBERS)?.to_le_bytes()].concat(),
        6 => {
            let ranges = [script.one_of(NUMBERS)?, script.one_of(NUMBERS)?, script.one_of(NUMBERS)?];
            [&file[..], &ranges.map(u64::to_le_bytes).concat()].concat()
        }
        _ => {
            let len = script.byte();
            script.bytes(len.into()).to_vec()
        }
    };
    encoded(&requests::control(code, file_id, &input, output_len_max), &[])
}

fn set_info(script: &mut Script<'_>, file_id: FileId) -> Option<(Command, Vec<u8>)> {
    let how = script.byte();
    let mut info_type = InfoType::FILE;
    let class = script.one_of(SET_CLASSES)?;
    let input = match how & 7 {
        0 | 1 => {
            let name = Utf16::from(script.one_of(NAMES)?);
            let name: Vec<u8> = name.units().iter().flat_map(|unit| unit.to_le_bytes()).collect();
            let len = u32::try_from(name.len()).unwrap_or(0).to_le_bytes();
            [&[how >> 4 & 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &len, &name].concat()
        }
        2 => (script.one_of(NUMBERS)? & 0xC000_0000_001F_FFFF).to_le_bytes().to_vec(),
        3 => vec![how >> 4, 0, 0, 0],
        4 => {
            let times: Vec<u8> =
                (0..4).flat_map(|_| (u64::from(script.byte()) << 48).to_le_bytes()).collect();
            [&times[..], &[script.byte(), script.byte(), 0, 0, 0, 0, 0, 0]].concat()
        }
        5 => [&[0, 0, 0, 0, 0, 1, how >> 4, 0, b'N', 0][..], &vec![7; usize::from(how >> 4)]].concat(),
        6 => {
            info_type = InfoType::SECURITY;
            let len = script.byte();
            script.bytes(usize::from(len & 0x7F)).to_vec()
        }
        _ => {
            info_type = InfoType(1 + (how >> 4 & 3));
            let len = script.byte();
            script.bytes(usize::from(len & 0x7F)).to_vec()
        }
    };
    let additional = if info_type == InfoType::SECURITY { u32::from(script.byte()) } else { 0 };
    let request = wire::set_info::Request { info_type, class, additional, file_id, input: &input };
    encoded(&Request::SetInfo(request), &[])
}
