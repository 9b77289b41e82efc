//! Records of the change journal, `$Extend\$UsnJrnl:$J`, when the volume keeps one.
use crate::attribute::DATA;
use crate::error::{Error, Fault, Result};
use crate::fields::{narrow_u16, narrow_u32, put_u16, put_u32, put_u64, round8};
use crate::file::File;
use crate::file_name::{IS_DIRECTORY, Namespace};
use crate::medium::Medium;
use crate::path::names_of;
use crate::reference::EXTEND;
use crate::standard::Standard;
use crate::stream::Stream;
use crate::volume::Volume;
use nt::{FileAttributes, FileTime, UsnReason, Utf16};

/// The stream of records, whose offsets are the records' numbers.
const J: &str = "$J";
/// Bytes of a record before the name: USN_RECORD_V2. [MS-FSCC] 2.3.62.2
const HEADER: usize = 0x3C;
/// No record lies across a border of these.
const PAGE: u64 = 4096;

impl<M: Medium> Volume<M> {
    /// Notes a change twice, as Windows does: when it happens, and when the file is closed. The number of the later
    /// record, which the file remembers; `None` when the volume keeps no journal.
    pub(crate) fn journal_change(
        &self,
        file: &File,
        standard: &Standard,
        reason: UsnReason,
        now: FileTime,
    ) -> Result<Option<u64>> {
        let extend = self.system_file(EXTEND)?;
        let Some(entry) = self.child(extend, &Utf16::from("$UsnJrnl"))? else { return Ok(None) };
        let journal = self.file(entry.file)?;
        if journal.stream(DATA, J, self.boot.clusters)?.is_none() {
            return Ok(None);
        }
        let names = names_of(file)?;
        let long = names.iter().find(|name| name.namespace != Namespace::DOS).or(names.first());
        let name = long.ok_or_else(|| file.corrupt(Fault("the file has no name")))?;
        let mut journal = journal;
        let mut last = None;
        for reason in [reason, reason | UsnReason::CLOSE] {
            let record = Record { file, standard, reason, now, parent: name.parent.0, name: &name.name };
            last = Some(self.append(&mut journal, &record)?);
        }
        self.store_file(&mut journal)?;
        Ok(last)
    }

    fn append(&self, journal: &mut File, record: &Record<'_>) -> Result<u64> {
        let stream = journal.stream(DATA, J, self.boot.clusters)?;
        let end = stream.as_ref().map_or(0, Stream::len);
        let len = record.len() as u64;
        let usn = if end % PAGE + len > PAGE { end.next_multiple_of(PAGE) } else { end };
        if matches!(stream, Some(Stream::Resident(_))) {
            return Err(Error::NotSupported("a change journal that is resident: it was never used"));
        }
        self.grow(journal, DATA, J, usn + len - end)?;
        let bytes = record.encode(usn).map_err(|fault| journal.corrupt(fault))?;
        match journal.stream(DATA, J, self.boot.clusters)? {
            Some(Stream::Clusters(clusters)) => self.write_clusters(&clusters, usn, &bytes)?,
            _ => return Err(journal.corrupt(Fault("the change journal has no clusters"))),
        }
        Ok(usn)
    }
}

struct Record<'a> {
    file: &'a File,
    standard: &'a Standard,
    reason: UsnReason,
    now: FileTime,
    parent: u64,
    name: &'a Utf16,
}

impl Record<'_> {
    fn len(&self) -> usize {
        round8(HEADER + 2 * self.name.units().len())
    }

    fn encode(&self, usn: u64) -> std::result::Result<Vec<u8>, Fault> {
        let mut bytes = vec![0; HEADER];
        let directory = if self.file.is_directory() { FileAttributes::DIRECTORY.0 } else { 0 };
        put_u32(&mut bytes, 0, narrow_u32(self.len())?)?;
        put_u16(&mut bytes, 4, 2)?;
        put_u64(&mut bytes, 8, self.file.reference().0)?;
        put_u64(&mut bytes, 0x10, self.parent)?;
        put_u64(&mut bytes, 0x18, usn)?;
        put_u64(&mut bytes, 0x20, self.now.0)?;
        put_u32(&mut bytes, 0x28, self.reason.0)?;
        put_u32(&mut bytes, 0x30, self.standard.security_id)?;
        put_u32(&mut bytes, 0x34, (self.standard.attributes.0 & !IS_DIRECTORY) | directory)?;
        put_u16(&mut bytes, 0x38, narrow_u16(2 * self.name.units().len())?)?;
        put_u16(&mut bytes, 0x3A, narrow_u16(HEADER)?)?;
        bytes.extend_from_slice(&self.name.to_le_bytes());
        bytes.resize(self.len(), 0);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr)] // a test that is wrong shall panic
    use super::*;
    use crate::fields::{u16_at, u32_at, u64_at};
    use crate::memory::MemoryImage;
    use crate::{FileRef, NewFile, OpenOptions};
    use std::process::Command;

    const NOW: FileTime = FileTime(133_000_000_000_000_000);

    /// A volume of mkntfs's with a change journal, which no tool here makes: a file in `$Extend` with the stream `$J`.
    fn volume() -> Option<Volume<MemoryImage>> {
        let path = std::env::temp_dir().join(format!("pointsman-usn-{}.img", std::process::id()));
        std::fs::File::create(&path).unwrap().set_len(8 << 20).unwrap();
        let made = Command::new("mkntfs").args(["-q", "-f", "-F"]).arg(&path).output();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        made.ok().filter(|output| output.status.success())?;
        let mut volume = Volume::on(MemoryImage::new(bytes), &OpenOptions::default()).unwrap();
        let made = volume.operation(|volume| {
            let extend = volume.system_file(EXTEND)?;
            let mut file = volume.newborn(&extend, &Utf16::from("$UsnJrnl"), &NewFile::default(), NOW)?;
            // The first page is gone, as in one that Windows has cut at its beginning.
            file.attributes.push(volume.nonresident(DATA, J, &[0; 4096])?);
            volume.store_file(&mut file)?;
            volume.enter(&extend, &file, NOW)
        });
        made.unwrap();
        Some(volume)
    }

    fn journal(volume: &Volume<MemoryImage>) -> Vec<u8> {
        let file = volume.find("$Extend/$UsnJrnl").and_then(|file| volume.file(file)).unwrap();
        let stream = file.stream(DATA, J, volume.boot.clusters).unwrap().unwrap();
        volume.read_whole(&stream, 1 << 20).unwrap()
    }

    /// What dissect.ntfs reads of the journal: the USN, the record of the file, the reasons, the name.
    const DISSECT: &str = "
import sys
from dissect.ntfs import NTFS
for record in NTFS(open(sys.argv[1], 'rb')).usnjrnl.records():
    reason = int(record.record.Reason)
    print(record.record.Usn, record.record.FileReferenceNumber.SegmentNumberLowPart, reason, record.filename)
";

    /// dissect.ntfs and libfsntfs read the same records, where they are here.
    fn assert_readers_agree(image: &[u8], records: &[(u64, u64, u32)]) {
        let path = std::env::temp_dir().join(format!("pointsman-usn-read-{}.img", std::process::id()));
        std::fs::write(&path, image).unwrap();
        if let Ok(python) = std::env::var("POINTSMAN_DISSECT_PYTHON") {
            let output = Command::new(python).args(["-c", DISSECT]).arg(&path).output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let theirs: Vec<String> = said.lines().map(str::to_owned).collect();
            let ours = records.iter().enumerate().map(|(at, (usn, file, reason))| {
                let number = if at < 80 { at / 2 } else { 7 };
                format!("{usn} {} {reason} a name of some length {number}", FileRef(*file).record())
            });
            assert_eq!(theirs, ours.collect::<Vec<_>>(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        if let Ok(output) = Command::new("fsntfsinfo").arg("-U").arg(&path).output() {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            for (usn, ..) in records {
                assert!(said.contains(&format!(": {usn}\n")), "{usn} is missing in {said}");
            }
            assert_eq!(said.matches("a name of some length").count(), records.len());
        }
        std::fs::remove_file(path).unwrap();
    }

    /// [MS-FSCC] 2.3.62.2: each record tells its own place, and none lies across the border of a page.
    #[test]
    fn every_change_is_noted_twice_at_the_place_that_the_record_tells() {
        let Some(mut volume) = volume() else { return eprintln!("skipped: mkntfs is not installed") };
        let link = reparse::Symlink::relative("x").unwrap().raw().encode();
        let new = NewFile { point: Some(link.clone()), ..NewFile::default() };
        let mut files = Vec::new();
        for number in 0..40 {
            files.push(volume.create_path(&format!("a name of some length {number}"), &new, NOW).unwrap());
        }
        volume.set(files[7], &link, NOW).unwrap();
        let bytes = journal(&volume);
        let (mut at, mut records) = (4096, Vec::new());
        while at < bytes.len() {
            let len = usize::try_from(u32_at(&bytes, at).unwrap()).unwrap();
            if len == 0 {
                at = (at + 1).next_multiple_of(4096);
                continue;
            }
            assert!(at / 4096 == (at + len - 1) / 4096, "a record across the border of a page at {at}");
            assert_eq!(u16_at(&bytes, at + 4), Ok(2));
            assert_eq!(u64_at(&bytes, at + 0x18), Ok(at as u64));
            assert_eq!(u32_at(&bytes, at + 0x34), Ok(0x420));
            records.push((at as u64, u64_at(&bytes, at + 8).unwrap(), u32_at(&bytes, at + 0x28).unwrap()));
            at += len;
        }
        assert!(bytes.len() > 2 * 4096);
        let made = UsnReason::FILE_CREATE | UsnReason::REPARSE_POINT_CHANGE;
        let changed = UsnReason::REPARSE_POINT_CHANGE;
        assert_eq!(records.len(), 82);
        for (pair, file) in records.chunks(2).zip(files.iter().chain([&files[7]])) {
            assert_eq!((pair[0].1, pair[1].1), (file.0, file.0));
            assert_eq!(pair[1].2, pair[0].2 | UsnReason::CLOSE.0);
        }
        assert_eq!((records[0].2, records[80].2), (made.0, changed.0));
        assert_readers_agree(&volume.medium().bytes(), &records);
        // mkntfs's root has no entry in $Secure, so $STANDARD_INFORMATION of what is made in it is short until a number
        // must be kept.
        assert_eq!(volume.facts(files[7]).unwrap().standard.usn, records[81].0);
    }
}
