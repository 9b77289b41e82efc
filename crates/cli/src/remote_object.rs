//! An object on a share, in the terms of [`volume`](crate::volume). The only file of the command that knows the calls of a
//! server.
use crate::fault::Fault;
use crate::fault_of::{follow_fault, remote_fault};
use crate::volume::{CreateKind, Expected, Found, Rest, SetRequest};
use fsa::Hop;
use nt::{
    AccessMask, CreateAction, CreateDisposition, CreateOptions, FileAttributes, FileInformationClass,
    FileTime, FsctlCode, Guid, NtStatus, Utf16,
};
use places::{Basic, full_ea_list, is_lx, may_have_lx};
use remote::{
    Address, Destination, Evaluation, FollowError, RemoteEntry, RemoteError, RemoteHop, RemoteOpen,
    RemoteRequest, Share,
};
use reparse::lx_ea::LxMetadata;
use reparse::{REPARSE_BYTES_MAX, RawReparse, Tag};
use std::sync::Arc;

/// An object on a share. It need not exist.
pub(crate) struct RemoteObject {
    pub(crate) share: Arc<Share>,
    pub(crate) address: Address,
    pub(crate) evaluation: Evaluation,
}

/// Where a path on a share leads.
pub(crate) struct RemoteEnd {
    pub(crate) hops: Vec<Hop>,
    pub(crate) end: Result<(Address, bool), Fault>,
    /// The link that leads off the share, where the policy lets it.
    pub(crate) elsewhere: Option<Destination>,
}

const LOOK: AccessMask = AccessMask(AccessMask::FILE_READ_ATTRIBUTES.0 | AccessMask::FILE_READ_EA.0);
const CHANGE: AccessMask =
    AccessMask(LOOK.0 | AccessMask::FILE_WRITE_ATTRIBUTES.0 | AccessMask::FILE_WRITE_EA.0);
/// Bytes of FILE_BASIC_INFORMATION: four times, the attributes, four bytes that are not used.
const BASIC_LEN: u32 = 40;
/// Bytes of extended attributes, or of the names of streams, that are asked for.
const LIST_BYTES: u32 = 65_536;

impl RemoteObject {
    /// Opens the object itself, acts, and closes it. Links before the last name are followed.
    fn opened<T>(
        &self,
        request: &RemoteRequest,
        act: impl FnOnce(RemoteOpen) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let opened =
            self.share.open_following(self.address.path.units(), request, self.evaluation, &mut Vec::new());
        let (open, _) = opened.map_err(|error| follow_fault("open", &error))?;
        let done = act(open);
        let closed = self.share.close(open).map_err(|error| remote_fault("close", &error));
        done.and_then(|value| closed.map(|()| value))
    }

    /// The point, and what belongs to it.
    pub(crate) fn get(&self) -> Result<Found, Fault> {
        self.opened(&RemoteRequest::existing(LOOK).itself(), |open| self.found(open))
    }

    /// What the object has beside its point.
    pub(crate) fn rest(&self) -> Result<Rest, Fault> {
        self.opened(&RemoteRequest::existing(LOOK).itself(), |open| {
            let others = self.eas(open)?.into_iter().map(|(name, _)| name);
            Ok(Rest {
                size: open.size,
                other_eas: others.filter(|name| !is_lx(name.as_bytes())).collect(),
                streams: self.streams(open)?,
            })
        })
    }

    /// Attributes and times. [MS-FSCC] 2.4.7
    pub(crate) fn basic(&self) -> Result<Basic, Fault> {
        const WHAT: &str = "ask for attributes and times";
        self.opened(&RemoteRequest::existing(LOOK).itself(), |open| {
            let class = FileInformationClass::BASIC_INFORMATION;
            let got = self.share.query_information(open, class, BASIC_LEN);
            let bytes = got.map_err(|error| remote_fault(WHAT, &error))?.bytes;
            basic_of(&bytes).ok_or_else(|| Fault::input(WHAT, "the server's answer is too short"))
        })
    }

    /// Sets attributes and times, as far as the server keeps them. [MS-FSCC] 2.4.7
    pub(crate) fn set_basic(&self, basic: &Basic) -> Result<(), Fault> {
        let times = [basic.created, basic.accessed, basic.written, basic.changed];
        let mut bytes: Vec<u8> = times.iter().flat_map(|time| time.0.to_le_bytes()).collect();
        bytes.extend_from_slice(&basic.attributes.0.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        self.opened(&RemoteRequest::existing(CHANGE).itself(), |open| {
            let class = FileInformationClass::BASIC_INFORMATION;
            let done = self.share.set_information(open, class, &bytes);
            done.map_err(|error| remote_fault("set attributes and times", &error))
        })
    }

    fn found(&self, open: RemoteOpen) -> Result<Found, Fault> {
        const WHAT: &str = "get the reparse point";
        let len_max = u32::try_from(REPARSE_BYTES_MAX).unwrap_or(u32::MAX);
        let got = self.share.fs_control(open, FsctlCode::GET_REPARSE_POINT, &[], len_max);
        let (status, bytes) = got.map_err(|error| remote_fault(WHAT, &error))?;
        if status != NtStatus::SUCCESS {
            return Err(Fault::status(WHAT, status));
        }
        let (point, oddities) = RawReparse::decode(&bytes).map_err(|error| Fault::input(WHAT, error))?;
        let directory = open.attributes.contains(FileAttributes::DIRECTORY);
        let lx = if may_have_lx(point.tag()) { self.lx(open)? } else { LxMetadata::default() };
        Ok(Found { point, oddities, directory, lx })
    }

    fn lx(&self, open: RemoteOpen) -> Result<LxMetadata, Fault> {
        let eas = self.eas(open)?;
        let pairs = eas.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        Ok(LxMetadata::decode(pairs).unwrap_or_default())
    }

    /// The extended attributes; none where the server keeps none.
    fn eas(&self, open: RemoteOpen) -> Result<Vec<(String, Vec<u8>)>, Fault> {
        let class = FileInformationClass::FULL_EA_INFORMATION;
        match self.share.query_information(open, class, LIST_BYTES) {
            Ok(list) => Ok(full_eas(&list.bytes)),
            Err(RemoteError::Status(
                NtStatus::NO_EAS_ON_FILE | NtStatus::EAS_NOT_SUPPORTED | NtStatus::NOT_SUPPORTED,
            )) => Ok(Vec::new()),
            Err(error) => Err(remote_fault("read EAs", &error)),
        }
    }

    /// The names of the streams but the first.
    fn streams(&self, open: RemoteOpen) -> Result<Vec<String>, Fault> {
        let class = FileInformationClass::STREAM_INFORMATION;
        match self.share.query_information(open, class, LIST_BYTES) {
            Ok(list) => Ok(stream_names(&list.bytes)),
            Err(RemoteError::Status(_)) => Ok(Vec::new()), // a server without streams
            Err(error) => Err(remote_fault("list the streams", &error)),
        }
    }

    /// Sets a point. What was made for it goes again if it is refused.
    pub(crate) fn set(&self, asked: &SetRequest) -> Result<(), Fault> {
        let mut request = RemoteRequest::existing(CHANGE).itself();
        if let Some(kind) = asked.create {
            request.disposition = CreateDisposition::OPEN_IF;
            request.attributes = FileAttributes::NORMAL;
            request.access |= AccessMask::DELETE;
            request.options |= match kind {
                CreateKind::File => CreateOptions::NON_DIRECTORY_FILE,
                CreateKind::Dir => CreateOptions::DIRECTORY_FILE,
            };
        }
        self.opened(&request, |open| {
            let done = self.set_open(open, asked);
            if done.is_err() && open.action == CreateAction::CREATED {
                // the refusal is what the user must hear of, whatever becomes of this
                let class = FileInformationClass::DISPOSITION_INFORMATION;
                let _ = self.share.set_information(open, class, &[1]);
            }
            done
        })
    }

    /// FSCTL_SET_REPARSE_POINT_EX is none of the codes that go over the wire (spec/reparse-semantics.md 1.1), so a tag is
    /// exchanged in two steps, each of which compares: deletion of the old, setting of the new.
    fn set_open(&self, open: RemoteOpen, asked: &SetRequest) -> Result<(), Fault> {
        const WHAT: &str = "set the reparse point";
        let bytes = &asked.wanted.bytes;
        let new = RawReparse::decode(bytes).map(|(point, _)| point.tag()).unwrap_or(Tag::RESERVED_ZERO);
        let now = match asked.expected {
            Expected::SameTagOrNone => None,
            _ => match self.found(open) {
                Ok(found) => Some(found.point),
                Err(fault) if fault.is_status(NtStatus::NOT_A_REPARSE_POINT) => None,
                Err(fault) => return Err(fault),
            },
        };
        if let Expected::Tag { tag, or_none, .. } = asked.expected {
            let there = now.as_ref().map(RawReparse::tag);
            if there != tag && !(or_none && there.is_none()) {
                return Err(Fault::status(WHAT, NtStatus::IO_REPARSE_TAG_MISMATCH)
                    .next("`pointsman get` shows the tag that is there"));
            }
        }
        let set = |bytes: &[u8]| self.share.fs_control(open, FsctlCode::SET_REPARSE_POINT, bytes, 0);
        let old = now.filter(|old| old.tag() != new);
        if let Some(old) = &old {
            self.delete_open(open, old.tag(), old.guid())?;
        }
        self.set_eas(open, &asked.wanted.lx.encode())?;
        set(bytes).map(drop).map_err(|error| {
            if let Some(old) = &old {
                let _ = set(&old.encode()); // as above
            }
            remote_fault(WHAT, &error)
        })
    }

    fn set_eas(&self, open: RemoteOpen, eas: &[(&str, Vec<u8>)]) -> Result<(), Fault> {
        if eas.is_empty() {
            return Ok(());
        }
        self.share
            .set_information(open, FileInformationClass::FULL_EA_INFORMATION, &full_ea_list(eas))
            .map_err(|error| remote_fault("set extended attributes", &error))
    }

    /// Removes the point; with a tag or a GUID, only if it has them. Gives the tag that was there.
    pub(crate) fn delete(&self, tag: Option<Tag>, guid: Option<Guid>) -> Result<Tag, Fault> {
        self.opened(&RemoteRequest::existing(CHANGE).itself(), |open| {
            let (tag, guid) = match tag {
                Some(tag) => (tag, guid),
                None => {
                    let point = self.found(open)?.point;
                    (point.tag(), point.guid().filter(|_| !point.tag().is_microsoft()))
                }
            };
            self.delete_open(open, tag, guid).map(|()| tag)
        })
    }

    fn delete_open(&self, open: RemoteOpen, tag: Tag, guid: Option<Guid>) -> Result<(), Fault> {
        const WHAT: &str = "delete the reparse point";
        let guid = guid.filter(|_| !tag.is_microsoft());
        let input = RawReparse::new(tag, guid, &[]).map_err(|error| Fault::input(WHAT, error))?;
        self.share
            .fs_control(open, FsctlCode::DELETE_REPARSE_POINT, &input.encode(), 0)
            .map(drop)
            .map_err(|error| remote_fault(WHAT, &error))
    }

    /// Where the path leads, as a client evaluates it.
    pub(crate) fn resolve(&self) -> RemoteEnd {
        let request = RemoteRequest::existing(AccessMask::FILE_READ_ATTRIBUTES);
        let mut hops = Vec::new();
        let opened =
            self.share.open_following(self.address.path.units(), &request, self.evaluation, &mut hops);
        let hops = hops.into_iter().map(hop).collect();
        let mut elsewhere = None;
        let end = match opened {
            Ok((open, path)) => {
                let directory = open.attributes.contains(FileAttributes::DIRECTORY);
                let closed = self.share.close(open).map_err(|error| remote_fault("close", &error));
                closed.map(|()| (self.address.with_path(path), directory))
            }
            Err(error) => {
                let fault = follow_fault("follow", &error);
                if let FollowError::Elsewhere(destination) = error {
                    elsewhere = Some(destination);
                }
                Err(fault)
            }
        };
        RemoteEnd { hops, end, elsewhere }
    }

    /// The entries of a directory that is no reparse point.
    pub(crate) fn entries(&self) -> Result<Vec<RemoteEntry>, Fault> {
        let mut request = RemoteRequest::existing(AccessMask::FILE_LIST_DIRECTORY).itself();
        request.options |= CreateOptions::DIRECTORY_FILE;
        self.opened(&request, |open| {
            let failed = |error: RemoteError| remote_fault("list the directory", &error);
            let (mut entries, mut restart) = (Vec::new(), true);
            while let Some(part) = self.share.entries(open, restart).map_err(failed)? {
                entries.extend(part);
                restart = false;
            }
            Ok(entries)
        })
    }

    /// An object in this directory.
    pub(crate) fn child(&self, name: &Utf16) -> RemoteObject {
        let mut path = self.address.path.units().to_vec();
        if path.last() != Some(&u16::from(b'\\')) {
            path.push(u16::from(b'\\'));
        }
        path.extend_from_slice(name.units());
        RemoteObject {
            share: Arc::clone(&self.share),
            address: self.address.with_path(Utf16(path)),
            evaluation: self.evaluation,
        }
    }
}

fn hop(hop: RemoteHop) -> Hop {
    let resumed = match &hop.destination {
        Destination::SameShare(path) => Some(path.clone()),
        Destination::Share { server, share, path } => {
            Some(Utf16::from(format!(r"\\{server}\{share}{path}").as_str()))
        }
        Destination::Local { volume, path } => Some(Utf16::from(format!("{volume}{path}").as_str())),
    };
    Hop { link: hop.link, tag: Tag::SYMLINK, target: hop.target, relative: hop.relative, resumed }
}

/// FILE_FULL_EA_INFORMATION, one after another; what is cut is left out. [MS-FSCC] 2.4.16
fn full_eas(mut bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut eas = Vec::new();
    while let Some(([next @ .., _, name_len, value_low, value_high], rest)) = bytes.split_first_chunk::<8>() {
        let value_len = usize::from(u16::from_le_bytes([*value_low, *value_high]));
        let Some((name, rest)) = rest.split_at_checked(usize::from(*name_len)) else { break };
        let Some(value) = rest.get(1..).and_then(|rest| rest.get(..value_len)) else { break };
        eas.push((String::from_utf8_lossy(name).into_owned(), value.to_vec()));
        let next = next.first_chunk::<4>().copied().map_or(0, u32::from_le_bytes);
        match usize::try_from(next) {
            Ok(next) if next >= 8 => bytes = bytes.get(next..).unwrap_or_default(),
            _ => break,
        }
    }
    eas
}

/// The names in FILE_STREAM_INFORMATION, without the data itself. [MS-FSCC] 2.4.49
fn stream_names(mut bytes: &[u8]) -> Vec<String> {
    let u32_at = |bytes: &[u8], at: usize| bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes);
    let mut names = Vec::new();
    while let (Some(next), Some(len)) = (u32_at(bytes, 0), u32_at(bytes, 4)) {
        let name = usize::try_from(len).ok().and_then(|len| bytes.get(24..)?.get(..len));
        let Some(name) = name.and_then(Utf16::from_le_bytes) else { break };
        let name = name.to_string();
        if name != "::$DATA" {
            names.push(name.trim_start_matches(':').trim_end_matches(":$DATA").to_owned());
        }
        match usize::try_from(next) {
            Ok(next) if next >= 24 => bytes = bytes.get(next..).unwrap_or_default(),
            _ => break,
        }
    }
    names
}

fn basic_of(bytes: &[u8]) -> Option<Basic> {
    let (times, rest) = bytes.split_at_checked(32)?;
    let [created, accessed, written, changed] = times.as_chunks::<8>().0 else { return None };
    let time = |bytes: &[u8; 8]| FileTime(u64::from_le_bytes(*bytes));
    Some(Basic {
        created: time(created),
        accessed: time(accessed),
        written: time(written),
        changed: time(changed),
        attributes: FileAttributes(u32::from_le_bytes(*rest.first_chunk()?)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_eas_is_read_back_as_it_was_written() {
        let list = full_ea_list(&[("$LXUID", vec![1, 0, 0, 0]), ("A", vec![9])]);
        let eas = full_eas(&list);
        assert_eq!(eas, [("$LXUID".to_owned(), vec![1, 0, 0, 0]), ("A".to_owned(), vec![9])]);
        assert_eq!(full_eas(&list[..10]), []);
    }

    #[test]
    fn names_of_streams_leave_out_the_data() {
        let entry = |next: u32, name: &str| {
            let name = Utf16::from(name).to_le_bytes();
            let mut bytes = [next.to_le_bytes(), u32::try_from(name.len()).unwrap().to_le_bytes()].concat();
            bytes.resize(24, 0);
            bytes.extend(name);
            bytes.resize(if next == 0 { bytes.len() } else { next as usize }, 0);
            bytes
        };
        let list = [entry(40, "::$DATA"), entry(0, ":one:$DATA")].concat();
        assert_eq!(stream_names(&list), ["one"]);
    }
}
