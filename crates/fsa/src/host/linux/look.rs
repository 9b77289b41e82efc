//! Looking at an object: its facts and some attributes, with as few questions as can be.
//!
//! A look begins with the kernel's word of who the object is and when it changed last, and ends there where all else is at hand
//! (`known.rs`).
use super::LinuxHost;
use super::known::{AtHand, is_trusted};
use super::node::{Facts, LinuxNode, file_type};
use super::xattr;
use crate::host::{Aim, HostError, HostFault, HostResult, Look, NodeKind, Seen, Values};
use nt::FileTime;
use rustix::fs::{AtFlags, statx};
use rustix::io::Errno;
use rustix::time::{ClockId, clock_gettime};

/// Opens the entry `name` of `dir`, whatever its kind, and looks at it.
pub(super) fn entry(
    host: &LinuxHost,
    dir: &LinuxNode,
    name: &[u8],
    look: Look,
) -> Result<(LinuxNode, Seen), Errno> {
    if look.aim == Aim::Passage && !host.known.keeps_holds() {
        let node = LinuxNode::open_directory(dir.fd(), name, host.resolve)?;
        let seen = object(host, &node, look.wanted)?;
        return Ok((node, seen));
    }
    let now = coarse_now();
    let at = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    let named = statx(dir.fd(), name, at, Facts::WANTED)?;
    let kind = file_type(&named);
    let named = Facts::of(&named);
    let at_hand = match named.stat.kind {
        NodeKind::File | NodeKind::Directory => host.known.find(&named, look.wanted),
        _ => AtHand::default(),
    };
    let is_directory = named.stat.kind == NodeKind::Directory;
    if let Some(hold) = at_hand.hold
        && (is_directory || (look.aim != Aim::Anything && at_hand.values.is_some()))
    {
        let node = LinuxNode::sharing(hold);
        let values = match at_hand.values {
            Some(values) => Some(values),
            None => learn(host, &node, &named, now, look.wanted),
        };
        return Ok((node, Seen { stat: named.stat, values }));
    }
    // What is known to need no look inside is not opened for one.
    let by_name = look.aim == Aim::Attributes && !is_directory && at_hand.values.is_some();
    let node = match by_name {
        true => LinuxNode::open_name(dir.fd(), name, host.resolve)?,
        false => LinuxNode::open_found(dir.fd(), name, host.resolve, kind)?,
    };
    let now = coarse_now();
    let facts = node.facts()?;
    let (seen, is_known) = see(host, &node, &facts, now, look.wanted);
    let may_be_held = match is_directory {
        true => host.known.has_room() && (is_known || is_trusted(node.fd())),
        false => by_name && is_known,
    };
    if may_be_held {
        host.known.hold(&facts, node.hold());
    }
    Ok((node, seen))
}

/// Looks at an object that is held.
pub(super) fn object(
    host: &LinuxHost,
    node: &LinuxNode,
    wanted: &'static [&'static str],
) -> Result<Seen, Errno> {
    let now = coarse_now();
    let facts = node.facts()?;
    Ok(see(host, node, &facts, now, wanted).0)
}

/// What these facts, told not before `now`, and the attributes come to; true when the attributes were at hand, or are now.
fn see(
    host: &LinuxHost,
    node: &LinuxNode,
    facts: &Facts,
    now: FileTime,
    wanted: &'static [&'static str],
) -> (Seen, bool) {
    let stat = facts.stat;
    if !matches!(stat.kind, NodeKind::File | NodeKind::Directory) {
        return (Seen { stat, values: None }, false);
    }
    match host.known.find(facts, wanted).values {
        Some(values) => (Seen { stat, values: Some(values) }, true),
        None => {
            let values = learn(host, node, facts, now, wanted);
            (Seen { stat, values }, false)
        }
    }
}

/// Reads attributes.
fn learn(
    host: &LinuxHost,
    node: &LinuxNode,
    facts: &Facts,
    now: FileTime,
    wanted: &'static [&'static str],
) -> Option<Values> {
    let values = Values::of(&read(node, wanted).ok()?);
    if let Some(fd) = node.attribute_fd() {
        host.known.saw(fd, facts, now, wanted, &values);
    }
    Some(values)
}

/// The values of attributes. Of two and more it is asked first which there are: most objects have none, or not all.
fn read(node: &LinuxNode, wanted: &[&str]) -> HostResult<Vec<Option<Vec<u8>>>> {
    let names = match wanted {
        [] | [_] => None,
        _ => xattr::names_of(node)?,
    };
    let value = |name: &&str| {
        if names.as_ref().is_some_and(|names| !names.iter().any(|found| found == name)) {
            return Ok(None);
        }
        match xattr::get(node, name) {
            Err(HostError { fault: HostFault::NotSupported, .. }) => Ok(None),
            value => value,
        }
    };
    wanted.iter().map(value).collect()
}

/// The clock that stamps changes, or a little before.
fn coarse_now() -> FileTime {
    let now = clock_gettime(ClockId::RealtimeCoarse);
    FileTime::from_unix(now.tv_sec, u32::try_from(now.tv_nsec).unwrap_or_default())
}
