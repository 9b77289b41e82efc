//! What the volume says of its reparse points, in all the places where it says something: `$R`, the MFT, directories.
mod names;
mod repair;
mod wrong;

pub use wrong::Wrong;

use crate::attribute::STANDARD_INFORMATION;
use crate::error::{Error, Fault, Result, Why};
use crate::medium::Medium;
use crate::record::Record;
use crate::reference::FileRef;
use crate::standard::Standard;
use crate::volume::Volume;
use crate::walk::{FoundPoint, WalkOptions};
use nt::FileAttributes;
use reparse::{Oddity, RawReparse, ReparsePoint, Tag};
use std::collections::{BTreeMap, BTreeSet};

/// Something that is wrong with a file's reparse point.
#[derive(Debug)]
pub struct Finding {
    /// The file; `None` where it is of none.
    pub file: Option<FileRef>,
    /// What is wrong.
    pub wrong: Wrong,
}

/// How much was looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Checked {
    /// Files and directories.
    pub files: u64,
    /// Reparse points.
    pub points: u64,
    /// Entries of `$R`.
    pub entries: u64,
    /// Findings.
    pub findings: u64,
}

/// What the MFT says.
#[derive(Default)]
struct Seen {
    points: BTreeMap<FileRef, Tag>,
    /// Files with the attribute in `$STANDARD_INFORMATION`.
    flagged: BTreeSet<FileRef>,
    directories: Vec<FileRef>,
    checked: Checked,
}

impl<M: Medium> Volume<M> {
    /// Compares everything that the volume says of its reparse points, and tells each disagreement. It reads the whole
    /// MFT and every directory.
    pub fn check(&self, mut tell: impl FnMut(Finding)) -> Result<Checked> {
        let mut findings = 0;
        let mut tell = |file: Option<FileRef>, wrong: Wrong| {
            findings += 1;
            tell(Finding { file, wrong });
        };
        let mut seen = self.see(&mut tell)?;
        self.check_bits(&seen, &mut tell);
        seen.checked.entries = self.check_index(&seen.points, &mut tell)?;
        for (file, tag) in &seen.points {
            self.check_point(*file, *tag, &mut tell)?;
        }
        self.check_names(&seen.points, &seen.directories, &mut tell)?;
        seen.checked.points = seen.points.len() as u64;
        seen.checked.findings = findings;
        Ok(seen.checked)
    }

    fn see(&self, tell: &mut impl FnMut(Option<FileRef>, Wrong)) -> Result<Seen> {
        let mut seen = Seen::default();
        let mut walk = self.walk(WalkOptions::default());
        while let Some(record) = walk.next_record() {
            let looked = record.and_then(|record| {
                if record.base().0 == 0 {
                    seen.note(&record)?;
                }
                self.point_of(&record)
            });
            match looked {
                Ok(None) => {}
                Ok(Some(point)) => drop(seen.points.insert(point.file, point.tag)),
                Err(error @ Error::Io { .. }) => return Err(error),
                Err(error) => tell(None, Wrong::Unreadable(error)),
            }
        }
        Ok(seen)
    }

    fn check_bits(&self, seen: &Seen, tell: &mut impl FnMut(Option<FileRef>, Wrong)) {
        for file in seen.points.keys().filter(|file| !seen.flagged.contains(file)) {
            tell(Some(*file), Wrong::BitMissing);
        }
        for file in seen.flagged.iter().filter(|file| !seen.points.contains_key(file)) {
            tell(Some(*file), Wrong::BitWithoutPoint);
        }
    }

    /// Compares `$R` with the points there are; how many entries it has.
    fn check_index(
        &self,
        points: &BTreeMap<FileRef, Tag>,
        tell: &mut impl FnMut(Option<FileRef>, Wrong),
    ) -> Result<u64> {
        let Some(entries) = self.reparse_points()? else {
            if !points.is_empty() {
                tell(None, Wrong::NoIndex);
            }
            return Ok(0);
        };
        let mut count = 0;
        let mut listed = BTreeSet::new();
        for entry in entries {
            let FoundPoint { tag, file, .. } = match entry {
                Ok(entry) => entry,
                Err(error @ Error::Io { .. }) => return Err(error),
                Err(error) => {
                    tell(None, Wrong::Unreadable(error));
                    // What is behind it cannot be known, so nothing is missing in it.
                    return Ok(count);
                }
            };
            count += 1;
            match points.get(&file) {
                Some(stored) if *stored == tag => drop(listed.insert(file)),
                Some(stored) => tell(Some(file), Wrong::EntryWrongTag { entry: tag, stored: *stored }),
                None => match self.file(file) {
                    Err(Error::Request { why: Why::Stale(_), .. }) => {
                        tell(Some(file), Wrong::EntryWithoutFile(tag));
                    }
                    Err(error @ Error::Io { .. }) => return Err(error),
                    _ => tell(Some(file), Wrong::EntryWithoutPoint(tag)),
                },
            }
        }
        for (file, tag) in points.iter().filter(|(file, _)| !listed.contains(file)) {
            tell(Some(*file), Wrong::PointWithoutEntry(*tag));
        }
        Ok(count)
    }

    /// The point itself, and whether its file may carry it.
    fn check_point(
        &self,
        reference: FileRef,
        tag: Tag,
        tell: &mut impl FnMut(Option<FileRef>, Wrong),
    ) -> Result<()> {
        let mut tell = |wrong| tell(Some(reference), wrong);
        let file = match self.file(reference) {
            Ok(file) => file,
            Err(error @ Error::Io { .. }) => return Err(error),
            Err(error) => {
                tell(Wrong::Unreadable(error));
                return Ok(());
            }
        };
        if tag == Tag::MOUNT_POINT && !file.is_directory() {
            tell(Wrong::MountPointOnFile);
        }
        if tag == Tag::SYMLINK && !file.is_directory() {
            match self.data_len(&file) {
                Ok(0) => {}
                Ok(len) => tell(Wrong::LinkOnData(len)),
                Err(error) => tell(Wrong::Unreadable(error)),
            }
        }
        match self.stored_point(&file) {
            Ok(None) => {}
            Ok(Some(bytes)) => judge(&bytes, &mut tell),
            Err(error @ Error::Io { .. }) => return Err(error),
            Err(error) => tell(Wrong::Unreadable(error)),
        }
        Ok(())
    }
}

impl Seen {
    fn note(&mut self, record: &Record) -> Result<()> {
        self.checked.files += 1;
        if record.is_directory() {
            self.directories.push(record.reference());
        }
        let views = record.attributes().filter_map(|view| view.ok());
        let standard = views.into_iter().find(|view| view.kind() == STANDARD_INFORMATION);
        let standard = standard.map(|view| view.value().and_then(Standard::decode)).transpose();
        let standard =
            standard.map_err(|fault: Fault| fault.at(crate::error::Place::Record(record.number)))?;
        if standard.is_some_and(|standard| standard.attributes.contains(FileAttributes::REPARSE_POINT)) {
            self.flagged.insert(record.reference());
        }
        Ok(())
    }
}

/// What Windows, and what reads the target there, would say to the bytes.
fn judge(bytes: &[u8], tell: &mut impl FnMut(Wrong)) {
    let Ok((raw, _)) = RawReparse::decode(bytes) else { return tell(Wrong::NoPoint) };
    if let Err(error) = RawReparse::decode_set(bytes) {
        tell(Wrong::Refused(error));
    }
    let (point, oddities) = ReparsePoint::from_raw(&raw);
    oddities.into_iter().filter(is_damage).for_each(|oddity| tell(Wrong::Data(oddity)));
    let target = match &point {
        ReparsePoint::Symlink(link) => link.target_syntax().err(),
        ReparsePoint::MountPoint(mount) => mount.target_syntax().err(),
        _ => None,
    };
    target.into_iter().for_each(|error| tell(Wrong::Target(error)));
}

/// Not merely another layout than Windows writes: something is lost.
fn is_damage(oddity: &Oddity) -> bool {
    matches!(
        oddity,
        Oddity::DataShort { .. }
            | Oddity::NameOutside { .. }
            | Oddity::NameUneven { .. }
            | Oddity::NameHoldsNul { .. }
            | Oddity::NamesOverlap
            | Oddity::CountDiffers { .. }
            | Oddity::PartOverLimit { .. }
            | Oddity::TrailingBytes { .. }
    )
}
