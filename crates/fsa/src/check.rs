//! Checking what is stored against itself, and putting right what can be. docs/DISK-FORMAT.md 8
//!
//! Nothing here is needed for a tree to be read correctly: a stale bit is ignored, and a value that nobody names only takes
//! room. What a check finds is what a crash, another program or a careless copy left behind.
use crate::host::meta::{self, AttributeFault, DosAttrib, Meta, PointForm, decode_head};
use crate::host::{BlobId, Host, HostError, HostFault, HostResult, NodeId, NodeKind};
use nt::{FileAttributes, Utf16};
use std::collections::HashSet;

/// Something that a check found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The object's path from the root; empty when it concerns none.
    pub path: Utf16,
    /// What is wrong.
    pub wrong: Wrong,
    /// It has been put right.
    pub repaired: bool,
}

/// What can be wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Wrong {
    /// The bit that tells Samba of a reparse point is set, and there is none; or the other way round.
    StaleBit {
        /// The bit is set.
        set: bool,
    },
    /// `user.DOSATTRIB` cannot be read, so the object has no attributes.
    Attributes(AttributeFault),
    /// `user.SmbReparse` holds neither a reparse buffer nor a stub. What it was cannot be told.
    Point {
        /// Its length in bytes.
        len: usize,
    },
    /// `user.SmbReparse` holds a buffer that Windows would refuse.
    Buffer(&'static str),
    /// The rest of the reparse point is kept beside the tree and not there.
    BlobMissing(BlobId),
    /// The rest of the reparse point, kept beside the tree, is damaged or another's.
    BlobDamaged(BlobId),
    /// `security.NTACL` cannot be read.
    Security(AttributeFault),
    /// A value is kept beside the tree that no object of the tree names.
    Orphan(BlobId),
    /// An object waits for a name that its maker, dead by now, never gave it. The path is what it is called meanwhile.
    Leftover,
    /// The object could not be looked at.
    Unreadable(HostError),
}

/// What a check has seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Checked {
    /// Files, directories and others, each once.
    pub objects: u64,
    /// How many of them are reparse points.
    pub points: u64,
    /// How many findings were reported.
    pub findings: u64,
    /// How many of those were put right.
    pub repaired: u64,
}

/// Walks the whole tree below the root of `host` and reports what is wrong.
///
/// With `repair`, stale bits are set right, unreadable `user.DOSATTRIB` and what dead makers
/// left are removed, and values that nobody names are forgotten. Only values that were there when the walk began are: one kept since may belong to a reparse point that is
/// just being set. A reparse point is never removed: its owner decides. A repair wants no other writer on the tree, for
/// setting anew, elsewhere, the very bytes that nobody named when the walk passed is what it cannot see.
pub fn check<H: Host>(host: &H, repair: bool, report: impl FnMut(Finding)) -> HostResult<Checked> {
    let before = host.blobs()?;
    let mut walk = Walk {
        host,
        repair,
        report,
        checked: Checked::default(),
        seen: HashSet::new(),
        named: HashSet::new(),
        unreadable: false,
    };
    walk.object(&host.root(), &Utf16::from("\\"));
    let mut directories = vec![(host.root(), Utf16::default())];
    while let Some((directory, path)) = directories.pop() {
        let entries = match host.entries(&directory) {
            Ok(entries) => entries,
            Err(error) => {
                walk.find(&path, Wrong::Unreadable(error), false);
                continue;
            }
        };
        for entry in entries {
            let mut below = path.clone();
            below.0.push(u16::from(b'\\'));
            below.0.extend(crate::directory::shown(&entry.name).0);
            let node = match host.open_entry(&directory, &entry.name) {
                Ok(node) => node,
                Err(HostError { fault: HostFault::NotFound, .. }) => continue, // gone since
                Err(error) => {
                    walk.find(&below, Wrong::Unreadable(error), false);
                    continue;
                }
            };
            if walk.object(&node, &below) {
                directories.push((node, below));
            }
        }
    }
    walk.orphans(before);
    walk.leftovers()?;
    Ok(walk.checked)
}

struct Walk<'a, H: Host, F: FnMut(Finding)> {
    host: &'a H,
    repair: bool,
    report: F,
    checked: Checked,
    /// Objects with several names that were met.
    seen: HashSet<NodeId>,
    /// Values that a stub names.
    named: HashSet<BlobId>,
    /// Something could not be looked at.
    unreadable: bool,
}

impl<H: Host, F: FnMut(Finding)> Walk<'_, H, F> {
    /// Checks one object; true for a directory, to be walked.
    fn object(&mut self, node: &H::Node, path: &Utf16) -> bool {
        match self.attributes_of(node, path) {
            Ok(is_directory) => is_directory,
            Err(HostError { fault: HostFault::NotFound, .. }) => false,
            Err(error) => {
                self.find(path, Wrong::Unreadable(error), false);
                false
            }
        }
    }

    fn attributes_of(&mut self, node: &H::Node, path: &Utf16) -> HostResult<bool> {
        let stat = self.host.stat(node)?;
        let is_directory = stat.kind == NodeKind::Directory;
        if !is_directory && stat.links > 1 && !self.seen.insert(stat.id) {
            return Ok(false);
        }
        self.checked.objects += 1;
        if !matches!(stat.kind, NodeKind::File | NodeKind::Directory) {
            self.checked.points += 1; // by nature, and nothing is stored
            return Ok(false);
        }
        let point = self.host.xattr(node, meta::SMB_REPARSE)?;
        let head = point.as_deref().map(decode_head);
        if let Some(value) = &point {
            self.checked.points += 1;
            self.point(node, path, value)?;
        }
        let stored = match self.host.xattr(node, meta::DOSATTRIB)?.map(|value| DosAttrib::decode(&value)) {
            None => None,
            Some(Ok(stored)) => Some(stored),
            Some(Err(fault)) => {
                let repaired = self.repair && self.host.remove_xattr(node, meta::DOSATTRIB)?;
                self.find(path, Wrong::Attributes(fault), repaired);
                None
            }
        };
        let set = stored.is_some_and(|stored| stored.attributes.contains(FileAttributes::REPARSE_POINT));
        if set != head.is_some() {
            let repaired = self.repair && meta::mark_truth(self.host, node, &Meta::new(stat, stored, head))?;
            self.find(path, Wrong::StaleBit { set }, repaired);
        }
        match self.host.xattr(node, meta::NTACL) {
            Ok(Some(value)) => {
                if let Err(fault) = meta::NtAcl::decode(&value) {
                    self.find(path, Wrong::Security(fault), false);
                }
            }
            Ok(None) | Err(HostError { fault: HostFault::Denied | HostFault::NotSupported, .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(is_directory)
    }

    /// Checks a stored reparse point.
    fn point(&mut self, node: &H::Node, path: &Utf16, value: &[u8]) -> HostResult<()> {
        let wrong = match decode_head(value).form {
            PointForm::Whole => unacceptable(value),
            PointForm::Stub(id) => {
                self.named.insert(id);
                match self.host.blob(node, id) {
                    Ok(None) => Some(Wrong::BlobMissing(id)),
                    Ok(Some(buffer)) if meta::is_buffer_of(&buffer, &decode_head(value)).is_ok() => {
                        unacceptable(&buffer)
                    }
                    Ok(Some(_)) | Err(HostError { fault: HostFault::Corrupt, .. }) => {
                        Some(Wrong::BlobDamaged(id))
                    }
                    Err(error) => return Err(error),
                }
            }
            PointForm::Damaged | PointForm::HostFile => Some(Wrong::Point { len: value.len() }),
        };
        if let Some(wrong) = wrong {
            self.find(path, wrong, false);
        }
        Ok(())
    }

    /// Values that were there before the walk and that no stub named. Where something could not be looked at, it may be
    /// what names them: then nothing is forgotten.
    fn orphans(&mut self, before: Vec<BlobId>) {
        for id in before {
            if self.named.contains(&id) {
                continue;
            }
            let removed = self.repair && !self.unreadable && self.host.remove_blob(id).is_ok();
            self.find(&Utf16::default(), Wrong::Orphan(id), removed);
        }
    }

    /// What dead makers left.
    fn leftovers(&mut self) -> HostResult<()> {
        for name in self.host.leftovers()? {
            let removed = self.repair && self.host.remove_leftover(&name).is_ok();
            self.find(&crate::directory::shown(&name), Wrong::Leftover, removed);
        }
        Ok(())
    }

    fn find(&mut self, path: &Utf16, wrong: Wrong, repaired: bool) {
        self.checked.findings += 1;
        self.unreadable |= matches!(wrong, Wrong::Unreadable(_));
        self.checked.repaired += u64::from(repaired);
        (self.report)(Finding { path: path.clone(), wrong, repaired });
    }
}

/// Why Windows would refuse a buffer, if it would.
fn unacceptable(buffer: &[u8]) -> Option<Wrong> {
    reparse::verdict(buffer).err().map(|error| Wrong::Buffer(error.reason()))
}
