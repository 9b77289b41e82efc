//! An operation on a store: MS-SMB2's words on one side, MS-FSA's on the other.
use std::sync::Arc;

use fsa::host::Host;
use fsa::{
    DirectoryQuery, EaQuery, Follow, OpenError, OpenId, OpenRequest, OpenedFacts, OplockKey, RangeCopy,
    Refusal, Requester, SecurityContext, SecurityInformation, StoppedOnSymlink, Volume, WaitId, Why,
};
use nt::security::{Sid, Token};
use nt::{AccessMask, CreateAction, CreateOptions, FileInformationClass, Guid, NtStatus, Utf16};
use smb::Data;
use smb::server::Delay;
use smb::store::{Caching, Copied, Done, Op, OpenOp, OpenedFile, StoreOpen};
use wire::create::{NetworkAttributes, PosixResponse};
use wire::ioctl::CopyChunk;
use wire::lock::{LockElement, LockFlags};

use super::{Store, oplocks};

/// What became of an operation.
pub enum Performed {
    /// This came of it.
    Done(Done),
    /// The store will tell.
    Waits(WaitId, Delay),
}

impl From<Done> for Performed {
    fn from(done: Done) -> Performed {
        Performed::Done(done)
    }
}

/// STATUS_INVALID_VIEW_SIZE: what Windows answers a copy beyond the end of its source with (smbtorture smb2.ioctl.copy_chunk_src_exceed).
const INVALID_VIEW_SIZE: NtStatus = NtStatus(0xC000_001F);

type Outcome = Result<Done, Refusal>;

/// Performs it.
pub fn perform<H: Host>(store: &Store<H>, op: &Op) -> Performed {
    performed(outcome(store, op))
}

/// Performs a READ into a buffer that has as many bytes as it asks for behind [`Data::ROOM`], if it need not wait for a disk; nothing when
/// it must, or is none. The buffer is taken with the data, unless these are so few that they are copied: what waits to be sent is counted
/// by its length, and must not keep much more.
pub fn read_at_once<H: Host>(store: &Store<H>, op: &Op, buffer: &mut Vec<u8>) -> Option<Performed> {
    let Op::Read { open, offset, .. } = op else { return None };
    let rest = buffer.get_mut(Data::ROOM..).unwrap_or_default();
    match store.volume.read_at_once(id(*open), *offset, rest) {
        Ok(Some(len)) => {
            buffer.truncate(Data::ROOM + len);
            let data = match buffer.len() < buffer.capacity() / 2 {
                true => buffer.clone(),
                false => core::mem::take(buffer),
            };
            Some(Done::Data(Data::behind_room(data)).into())
        }
        Ok(None) => None,
        Err(refusal) => Some(performed(Err(refusal))),
    }
}

fn performed(outcome: Outcome) -> Performed {
    match outcome {
        Ok(done) => done.into(),
        Err(refusal) => match refusal.waits() {
            Some(wait) => {
                let is_sharing = refusal.status == NtStatus::SHARING_VIOLATION;
                Performed::Waits(wait, if is_sharing { Delay::Sharing } else { Delay::Other })
            }
            None => Done::Failed(refusal.status).into(),
        },
    }
}

fn outcome<H: Host>(store: &Store<H>, op: &Op) -> Outcome {
    let volume = &*store.volume;
    match op {
        Op::Open(op) => open(store, op),
        Op::Describe { open, caller, maximal_access, posix } => {
            let open = volume.open_of(id(*open))?;
            let told = Told { maximal_access: *maximal_access, posix: *posix, path: true, facts: None };
            let found = found(store, &context(caller), &open, told)?;
            Ok(Done::Opened(Box::new(found)))
        }
        Op::Close { open, attributes } => close(volume, *open, *attributes),
        Op::Read { open, offset, len } => {
            volume.read(id(*open), *offset, size(*len)).map(|data| Done::Data(data.into()))
        }
        Op::Write { open, offset, data, write_through } => {
            volume.write(id(*open), *offset, data.as_slice())?;
            if *write_through {
                volume.flush(id(*open))?;
            }
            Ok(Done::Nothing)
        }
        Op::Flush { open } => volume.flush(id(*open)).map(|()| Done::Nothing),
        Op::QueryDirectory { reader, open, class, len_max, restart, single, pattern } => {
            let pattern = pattern.units();
            let query = DirectoryQuery {
                class: *class,
                len_max: size(*len_max),
                restart: *restart,
                single: *single,
                pattern,
            };
            let reader = reader.as_ref().map(context);
            volume.query_directory_for(reader.as_ref(), id(*open), &query).map(output)
        }
        Op::QueryFile { open, class, len_max } => query_file(volume, *open, *class, *len_max),
        Op::QueryEa { open, len_max, single, restart, index, names } => {
            let names = Some(names.as_slice()).filter(|names| !names.is_empty());
            let query =
                EaQuery { len_max: size(*len_max), single: *single, restart: *restart, index: *index, names };
            volume.query_ea(id(*open), &query).map(output)
        }
        Op::QueryVolume { open, class, len_max } => {
            volume.query_volume(id(*open), *class, size(*len_max)).map(output)
        }
        Op::QuerySecurity { open, parts, len_max } => query_security(volume, *open, *parts, *len_max),
        Op::SetFile { caller, open, class, input } => {
            let cx = context(caller);
            volume.set_information(&cx, Requester::Remote, id(*open), *class, input).map(|()| Done::Nothing)
        }
        Op::SetSecurity { caller, open, parts, descriptor } => {
            let parts = SecurityInformation(*parts);
            volume.set_security(&context(caller), id(*open), parts, descriptor).map(|()| Done::Nothing)
        }
        Op::FsControl { open, code, input, output_len_max } => {
            let reply = volume.fs_control(id(*open), *code, input, size(*output_len_max))?;
            Ok(Done::Output { status: reply.status, bytes: reply.output })
        }
        Op::Lock { open, locks } => lock(volume, *open, locks),
        Op::Notify { open, watch_tree, filter, len_max } => {
            volume.notify(id(*open), *watch_tree, *filter, size(*len_max)).map(output)
        }
        Op::Acknowledge { open, caching } => {
            volume.acknowledge_oplock(id(*open), oplocks::level_of(*caching)).map(|()| Done::Nothing)
        }
        Op::Duplicate { source, source_offset, target, target_offset, len, is_atomic } => {
            let (source, target) = (id(*source), id(*target));
            let (source_offset, target_offset, len) = (*source_offset, *target_offset, *len);
            let copy = RangeCopy { source, source_offset, target, target_offset, len };
            volume.duplicate_extents(copy, *is_atomic)?;
            Ok(Done::Output { status: NtStatus::SUCCESS, bytes: Vec::new() })
        }
        Op::Copy { source, target, chunks } => Ok(Done::Copied(copy(volume, *source, *target, chunks))),
    }
}

fn id(open: StoreOpen) -> OpenId {
    super::open_in_store(open)
}

fn size(len: u32) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}

fn output(information: fsa::Information) -> Done {
    Done::Output { status: information.status, bytes: information.bytes }
}

fn context(caller: &Arc<Token>) -> SecurityContext {
    SecurityContext::user(Arc::clone(caller))
}

fn open<H: Host>(store: &Store<H>, op: &OpenOp) -> Outcome {
    let volume = &*store.volume;
    let cx = context(&op.caller);
    let eas = if op.eas.is_empty() { Vec::new() } else { fsa::decode_eas(&op.eas)? };
    let request = OpenRequest {
        path: op.name.units(),
        desired_access: op.desired_access,
        share_access: op.share_access,
        disposition: op.disposition,
        options: op.options,
        attributes: op.attributes,
        eas: &eas,
        security: op.security.as_deref(),
        allocation: op.allocation_size,
        mode: op.posix_mode,
        follow: Follow::Caller,
        wants_facts: true,
        oplock_key: op.key.map(|key| OplockKey(Guid(key.0))),
        parent_oplock_key: op.parent_key.map(|key| OplockKey(Guid(key.0))),
        ..OpenRequest::existing(&[], AccessMask::NONE)
    };
    let opened = match volume.open(&cx, &request) {
        Ok(opened) => opened,
        Err(OpenError::StoppedOnSymlink(stop)) => return Ok(stopped(&stop)),
        Err(OpenError::Refused(refusal)) => return Err(refusal),
    };
    let described = describe(store, &cx, op, &opened);
    if described.is_err() {
        let made = (opened.action == CreateAction::CREATED).then(|| volume.open_of(opened.id)).transpose()?;
        // The open is ours alone: what its closing says changes nothing.
        let _ = volume.close(opened.id);
        if let Some(made) = made {
            remove(volume, &made.path());
        }
    }
    described
}

/// What could not be made as it was asked for is not left behind. Somebody may have opened it meanwhile; then it stays.
fn remove<H: Host>(volume: &Volume<H>, path: &Utf16) {
    let request = OpenRequest {
        options: CreateOptions::OPEN_REPARSE_POINT | CreateOptions::DELETE_ON_CLOSE,
        follow: Follow::Caller,
        ..OpenRequest::existing(path.units(), AccessMask::DELETE)
    };
    if let Ok(opened) = volume.open(&SecurityContext::superuser(), &request) {
        let _ = volume.close(opened.id);
    }
}

fn stopped(stop: &StoppedOnSymlink) -> Done {
    let reparse_data = stop.link.as_bytes().get(8..).unwrap_or_default().to_vec();
    Done::Stopped { unparsed_len: stop.unparsed_len, reparse_data }
}

/// Says what was opened.
fn describe<H: Host>(store: &Store<H>, cx: &SecurityContext, op: &OpenOp, opened: &fsa::Opened) -> Outcome {
    let volume = &*store.volume;
    let open = volume.open_of(opened.id)?;
    oplocks::request(volume, opened.id, op.caching);
    let told = Told {
        maximal_access: op.maximal_access,
        posix: op.posix_mode.is_some(),
        path: op.path,
        facts: opened.facts,
    };
    let file = OpenedFile {
        action: opened.action,
        is_reparse_point: opened.is_reparse_point_opened_without_flag,
        ..found(store, cx, &open, told)?
    };
    Ok(Done::Opened(Box::new(file)))
}

/// What of a file is told beside what always is.
#[derive(Clone, Copy)]
struct Told {
    maximal_access: bool,
    posix: bool,
    path: bool,
    /// What is known already.
    facts: Option<OpenedFacts>,
}

/// The file behind an open, as it is now.
fn found<H: Host>(
    store: &Store<H>,
    cx: &SecurityContext,
    open: &fsa::Open<H>,
    told: Told,
) -> Result<OpenedFile, Refusal> {
    let volume = &*store.volume;
    let facts = told.facts.map_or_else(|| volume.opened_facts(open.id), Ok)?;
    let maximal_access = told.maximal_access.then(|| volume.maximal_access(cx, open.id));
    let maximal_access = maximal_access.transpose().map_err(|error| match error {
        OpenError::Refused(refusal) => refusal,
        OpenError::StoppedOnSymlink(_) => {
            Refusal { status: NtStatus::STOPPED_ON_SYMLINK, why: Why::Object("a link of the caller's") }
        }
    })?;
    let posix = told.posix.then(|| PosixResponse {
        link_count: facts.links,
        reparse_tag: facts.tag,
        mode: facts.mode,
        owner: Sid::new(22, &[1, facts.uid]).unwrap_or(Sid::NULL),
        group: Sid::new(22, &[2, facts.gid]).unwrap_or(Sid::NULL),
    });
    Ok(OpenedFile {
        open: store.name_of(open.id),
        action: CreateAction::OPENED,
        attributes: attributes(&facts),
        granted: open.granted,
        is_directory: open.is_directory(),
        is_reparse_point: false,
        file_id: facts.file_id,
        volume_id: u64::from(volume.options().serial),
        maximal_access,
        path: told.path.then(|| open.path()),
        posix,
        caching: volume.oplock_of(open.id).map_or(Caching::None, oplocks::caching_of),
    })
}

fn attributes(facts: &OpenedFacts) -> NetworkAttributes {
    let [creation_time, last_access_time, last_write_time, change_time] = facts.times;
    NetworkAttributes {
        creation_time,
        last_access_time,
        last_write_time,
        change_time,
        allocation_size: facts.allocated,
        end_of_file: facts.size,
        file_attributes: facts.attributes,
    }
}

fn close<H: Host>(volume: &Volume<H>, open: StoreOpen, wants_attributes: bool) -> Outcome {
    let facts = wants_attributes.then(|| {
        // Why a time cannot be told is nothing that keeps the rest from being told.
        let _ = volume.about_to_close(id(open));
        volume.opened_facts(id(open)).ok()
    });
    let facts = facts.flatten();
    volume.close(id(open))?;
    Ok(Done::Closed(facts.map(|facts| attributes(&facts))))
}

fn query_file<H: Host>(
    volume: &Volume<H>,
    open: StoreOpen,
    class: FileInformationClass,
    len_max: u32,
) -> Outcome {
    let mut information = volume.query_information(id(open), class, size(len_max))?;
    if class == FileInformationClass::NORMALIZED_NAME_INFORMATION {
        information.bytes = below_share(information.bytes);
    }
    Ok(output(information))
}

/// A name from the share's root, without the backslash that stands for it. [MS-SMB2] 3.3.5.20.1
fn below_share(bytes: Vec<u8>) -> Vec<u8> {
    const BACKSLASH: [u8; 2] = [b'\\', 0];
    let Some((len, name)) = bytes.split_first_chunk::<4>() else { return bytes };
    let Some(name) = name.strip_prefix(&BACKSLASH) else { return bytes };
    let len = u32::from_le_bytes(*len).saturating_sub(2);
    [&len.to_le_bytes()[..], name].concat()
}

/// What is too small a buffer to a protocol is told with the length that it takes. [MS-SMB2] 3.3.5.20.3
fn query_security<H: Host>(volume: &Volume<H>, open: StoreOpen, parts: u32, len_max: u32) -> Outcome {
    match volume.query_security(id(open), SecurityInformation(parts), size(len_max)) {
        Err(Refusal { status: NtStatus::BUFFER_OVERFLOW, why: Why::Length { wanted, .. } }) => {
            Ok(Done::TooSmall(u32::try_from(wanted).unwrap_or(u32::MAX)))
        }
        other => other.map(output),
    }
}

/// Locks all ranges or none; unlocks one after the other. [MS-SMB2] 3.3.5.14.1 and 3.3.5.14.2
fn lock<H: Host>(volume: &Volume<H>, open: StoreOpen, locks: &[LockElement]) -> Outcome {
    let range = |lock: &LockElement| fsa::LockRange { offset: lock.offset, len: lock.len };
    let unlocks = locks.first().is_some_and(|first| first.flags.contains(LockFlags::UNLOCK));
    for (at, element) in locks.iter().enumerate() {
        if element.flags == LockFlags::UNLOCK {
            volume.unlock(id(open), range(element))?;
            continue;
        }
        if unlocks {
            let why = Why::Parameter("a range is to be locked among those to be unlocked");
            return Err(Refusal { status: NtStatus::INVALID_PARAMETER, why });
        }
        let exclusive = element.flags.contains(LockFlags::EXCLUSIVE_LOCK);
        let fail_immediately = element.flags.contains(LockFlags::FAIL_IMMEDIATELY) || locks.len() > 1;
        if let Err(refusal) = volume.lock(id(open), range(element), exclusive, fail_immediately) {
            for taken in locks.get(..at).unwrap_or_default() {
                // It was taken a moment ago by this open, so nothing keeps it from being given back.
                let _ = volume.unlock(id(open), range(taken));
            }
            return Err(refusal);
        }
    }
    Ok(Done::Nothing)
}

/// [MS-SMB2] 3.3.5.15.6
fn copy<H: Host>(volume: &Volume<H>, source: StoreOpen, target: StoreOpen, chunks: &[CopyChunk]) -> Copied {
    let mut copied = Copied::default();
    for chunk in chunks {
        let copy = RangeCopy {
            source: id(source),
            source_offset: chunk.source_offset,
            target: id(target),
            target_offset: chunk.target_offset,
            len: u64::from(chunk.len),
        };
        // A chunk that reaches beyond the end of the source is refused. [MS-SMB2] 3.3.5.15.6
        let fault = match volume.copy_range(copy) {
            Ok(len) if len == u64::from(chunk.len) => None,
            Ok(_) => Some(INVALID_VIEW_SIZE),
            Err(refusal) if refusal.status == NtStatus::END_OF_FILE => Some(INVALID_VIEW_SIZE),
            Err(refusal) => Some(refusal.status),
        };
        if fault.is_some() {
            copied.fault = fault;
            break;
        }
        copied.chunks += 1;
        copied.bytes = copied.bytes.saturating_add(chunk.len);
    }
    copied
}

#[cfg(test)]
mod tests {
    use super::*;
    use fsa::VolumeOptions;
    use fsa::host::linux::{LinuxHost, LinuxOptions};

    /// A client may ask for much of a short file, very often, and not read the answers.
    #[test]
    fn an_answer_keeps_about_as_much_memory_as_it_has_bytes() {
        let directory = tempfile::tempdir().unwrap();
        let host = LinuxHost::open(directory.path(), LinuxOptions::default()).unwrap();
        let store = Store { number: 0, volume: Arc::new(Volume::new(host, VolumeOptions::default())) };
        for (name, len) in [("short", 10), ("long", 100_000)] {
            std::fs::write(directory.path().join(name), vec![5; len]).unwrap();
            let path: Vec<u16> = name.encode_utf16().collect();
            let request = OpenRequest::existing(&path, AccessMask::FILE_READ_DATA);
            let opened = store.volume.open(&SecurityContext::superuser(), &request).unwrap();
            let read = Op::Read { open: store.name_of(opened.id), offset: 0, len: 1 << 17 };
            let mut buffer = vec![9; Data::ROOM + (1 << 17)];
            let Some(performed) = read_at_once(&store, &read, &mut buffer) else {
                println!(
                    "skipped: the file system of {} does not say what is in memory",
                    directory.path().display()
                );
                return;
            };
            let Performed::Done(Done::Data(data)) = performed else { panic!("no data") };
            assert_eq!(data.as_slice(), vec![5; len]);
            assert_eq!(buffer.is_empty(), len == 100_000, "given with the data, or to be used again");
            assert!(data.into_buffer().capacity() <= 2 * (Data::ROOM + len), "{name}");
        }
    }
}
