//! A change that is cut off at any write is taken back to the exact former bytes; one that is complete can be.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that is wrong shall panic
mod judge;

use judge::{Disk, NOW, TOOLS, header, junction, missing, skip, symlink, vendor};
use nt::Utf16;
use ntfs::{
    Error, ExtendedAttribute, Journal, Medium, MemoryImage, NewFile, OpenOptions, Refused, Volume, undo,
};
use reparse::{SetEx, SetExFlags, Tag};

type Operation = fn(&mut Volume<MemoryImage>) -> ntfs::Result<()>;

/// Every kind of write, each with what makes it large: splits, clusters, attribute lists.
const OPERATIONS: &[(&str, Operation)] = &[
    ("a small point", |volume| {
        let file = volume.find("empty")?;
        volume.set(file, &symlink("x"), NOW)
    }),
    ("a point in clusters", |volume| {
        let file = volume.find("empty")?;
        volume.set(file, &vendor(16_360), NOW)
    }),
    ("a point on a file with hundreds of names", |volume| {
        let file = volume.find("first")?;
        volume.set(file, &vendor(600), NOW)
    }),
    ("another tag", |volume| {
        let file = volume.find("link")?;
        let (point, _) = reparse::RawReparse::decode(&vendor(5000)).unwrap();
        let (flags, existing_guid) = (SetExFlags::default(), nt::Guid::NIL);
        volume.set_ex(file, &SetEx { flags, existing_tag: Tag::SYMLINK, existing_guid, point }.encode(), NOW)
    }),
    ("a point taken away", |volume| {
        let file = volume.find("link")?;
        volume.delete(file, &header(&symlink("x")), NOW)
    }),
    ("a new directory with a junction", |volume| {
        let point = Some(junction("\\??\\C:\\x"));
        volume.create_path("new", &NewFile { is_directory: true, point, ..NewFile::default() }, NOW).map(drop)
    }),
    ("a new name where a directory splits", |volume| {
        let directory = volume.find("full")?;
        let new = NewFile { point: Some(vendor(9000)), ..NewFile::default() };
        // Names as long as can be fill any block soon.
        volume.create(directory, &Utf16::from("z".repeat(255).as_str()), &new, NOW).map(drop)
    }),
    ("extended attributes", |volume| {
        let file = volume.find("empty")?;
        let ea = ExtendedAttribute { name: b"A".to_vec(), value: vec![1; 3000], is_needed: false };
        volume.set_eas(file, &[ea], NOW)
    }),
];

fn filled(geometry: &[&str]) -> (Disk, Vec<u8>) {
    let disk = Disk::format(12, geometry);
    let mounted = disk.mount();
    std::fs::create_dir(mounted.path("full")).unwrap();
    for name in ["empty", "link", "first"] {
        std::fs::write(mounted.path(name), "").unwrap();
    }
    mounted.set("link", &symlink("x"));
    for number in 0..60 {
        std::fs::hard_link(mounted.path("first"), mounted.path(&format!("link number {number}"))).unwrap();
    }
    for number in 0..13 {
        std::fs::write(mounted.path(&format!("full/{}{number}", "n".repeat(120))), "").unwrap();
    }
    drop(mounted);
    disk.check();
    let bytes = std::fs::read(disk.image()).unwrap();
    (disk, bytes)
}

fn volume_of(image: &MemoryImage) -> ntfs::Result<Volume<MemoryImage>> {
    Volume::on(image.clone(), &OpenOptions::default())
}

/// Before, and not between: at once when nothing was begun, by `undo` when something was. `undo` may be cut off as well.
fn assert_taken_back(image: &MemoryImage, before: &[u8], what: &str) {
    match volume_of(image) {
        Ok(_) => assert!(image.bytes() == before, "{what}: nothing was begun, and something has changed"),
        Err(Error::Refused(Refused::Interrupted(_))) => {
            for cut in 0.. {
                image.fail_after(Some(cut));
                let done = undo(image).is_ok();
                image.fail_after(None);
                if done {
                    break;
                }
            }
            assert!(image.bytes() == before, "{what}: not the former bytes");
            assert!(volume_of(image).is_ok(), "{what}: still refused");
        }
        Err(error) => panic!("{what}: {error}"),
    }
}

#[test]
fn a_change_that_is_cut_off_at_any_write_has_not_happened() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    for geometry in [&[][..], &["-s", "4096"], &["-c", "512"]] {
        let (_disk, before) = filled(geometry);
        for (name, operate) in OPERATIONS {
            cut_everywhere(&before, &format!("{geometry:?} {name}"), operate);
        }
    }
}

/// Cuts an operation off at every write, whole and torn.
fn cut_everywhere(before: &[u8], what: &str, operate: impl Fn(&mut Volume<MemoryImage>) -> ntfs::Result<()>) {
    for tears in [false, true] {
        let mut cuts = 0;
        loop {
            let image = MemoryImage::new(before.to_vec());
            let mut volume = volume_of(&image).unwrap();
            if tears {
                image.tear_after(cuts)
            } else {
                image.fail_after(Some(cuts))
            }
            let done = operate(&mut volume).is_ok();
            image.fail_after(None);
            if done {
                break;
            }
            assert!(volume.write_refusal().is_some() || image.bytes() == before);
            drop(volume);
            assert_taken_back(&image, before, &format!("{what}, cut at {cuts}"));
            cuts += 1;
        }
        assert!(cuts > 5, "{what}: {cuts} writes are too few to be true");
    }
}

/// Of hundreds of changes in a row, those that touch most sectors: there nodes of `$I30` and of `$R` split and merge, the
/// MFT grows, points move out to clusters, and attribute lists begin.
#[test]
fn the_changes_that_touch_most_are_taken_back_too() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let (disk, before) = filled(&["-c", "1024"]);
    let name = |number: usize| Utf16::from(format!("{number} {}", "n".repeat(60 + number % 90)).as_str());
    let point = |number: usize| if number.is_multiple_of(9) { vendor(16_360) } else { symlink("x") };
    let new = |number: usize| NewFile { point: Some(point(number)), ..NewFile::default() };
    let long = |number: usize| ExtendedAttribute {
        name: b"LONG".to_vec(),
        value: vec![7; 300 + number],
        is_needed: false,
    };
    type Change<'a> = Box<dyn Fn(&mut Volume<MemoryImage>, usize) -> ntfs::Result<()> + 'a>;
    let changes: [(&str, Change<'_>); 3] = [
        (
            "made",
            Box::new(|volume, number| {
                let full = volume.find("full")?;
                volume.create(full, &name(number), &new(number), NOW).map(drop)
            }),
        ),
        (
            "given attributes",
            Box::new(|volume, number| {
                let full = volume.find("full")?;
                let file = volume.lookup(full, &name(number))?.unwrap().file;
                volume.set_eas(file, &[long(number)], NOW)
            }),
        ),
        (
            "taken away",
            Box::new(|volume, number| {
                let full = volume.find("full")?;
                let file = volume.lookup(full, &name(number))?.unwrap().file;
                volume.delete(file, &header(&point(number)), NOW)
            }),
        ),
    ];
    let image = MemoryImage::new(before);
    for (what, change) in &changes {
        let mut heaviest: Vec<(usize, usize, Vec<u8>)> = Vec::new();
        for number in 0..270 {
            let before = image.bytes();
            change(&mut volume_of(&image).unwrap(), number).unwrap();
            let touched = image.journal(Journal::Last).unwrap().unwrap().len();
            // The largest of each kind differ in more than their data.
            let touched = if number.is_multiple_of(9) { touched / 4 } else { touched };
            heaviest.push((touched, number, before));
            heaviest.sort_by_key(|(touched, ..)| std::cmp::Reverse(*touched));
            heaviest.truncate(3);
        }
        for (_, number, before) in &heaviest {
            cut_everywhere(before, &format!("{number} {what}"), |volume| change(volume, *number));
        }
        // What undo brings back is what the checkers found in order.
        let (_, _, sample) = &heaviest[0];
        std::fs::write(disk.image(), sample).unwrap();
        disk.check();
        std::fs::write(disk.image(), image.bytes()).unwrap();
        disk.check();
    }
}

#[test]
fn a_change_that_is_complete_is_clean_and_taken_back_exactly() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let (disk, before) = filled(&[]);
    for (name, operate) in OPERATIONS {
        let image = MemoryImage::new(before.clone());
        let mut volume = volume_of(&image).unwrap();
        operate(&mut volume).unwrap();
        let checked = volume.check(|finding| panic!("{name}: {finding:?}")).unwrap();
        assert_eq!(checked.points, checked.entries, "{name}");
        std::fs::write(disk.image(), image.bytes()).unwrap();
        disk.check();
        drop(volume);
        assert!(image.bytes() != before, "{name}");
        undo(&image).unwrap();
        assert!(image.bytes() == before, "{name}");
        let again = undo(&image).unwrap_err();
        assert!(matches!(again, Error::Request { why: ntfs::Why::NothingToUndo, .. }), "{name}: {again}");
    }
}

/// A disk may write sectors in any order until it is flushed: any of them may be new and the others old.
#[test]
fn whichever_sectors_reached_the_disk_undo_brings_the_former_bytes() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let (_disk, before) = filled(&[]);
    let mut random = fastrand::Rng::with_seed(3);
    for (name, operate) in OPERATIONS {
        let image = MemoryImage::new(before.clone());
        operate(&mut volume_of(&image).unwrap()).unwrap();
        let (after, journal) = (image.bytes(), image.journal(Journal::Last).unwrap().unwrap());
        for _ in 0..20 {
            let mut mixed = before.clone();
            for (old, new) in mixed.chunks_mut(512).zip(after.chunks(512)) {
                if random.bool() {
                    old.copy_from_slice(new);
                }
            }
            let image = MemoryImage::new(mixed);
            image.begin(&journal).unwrap();
            assert_taken_back(&image, &before, name);
        }
    }
}

#[test]
fn a_change_is_not_taken_back_over_what_another_program_wrote_since() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let (_disk, before) = filled(&[]);
    let image = MemoryImage::new(before.clone());
    OPERATIONS[0].1(&mut volume_of(&image).unwrap()).unwrap();
    let after = image.bytes();
    let changed = (0..after.len()).find(|at| after[*at] != before[*at]).unwrap();
    image.write_at(changed as u64, &[after[changed] ^ 0x55]).unwrap();
    let refused = undo(&image).unwrap_err();
    assert!(matches!(refused, Error::Request { why: ntfs::Why::ChangedSince, .. }), "{refused}");
    image.write_at(changed as u64, &[after[changed]]).unwrap();
    undo(&image).unwrap();
    assert!(image.bytes() == before);
}

/// What one opened volume changed is undone together; another one's is its own.
#[test]
fn a_session_is_taken_back_as_a_whole_whatever_write_of_it_was_the_last() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let (_disk, before) = filled(&[]);
    let session = |volume: &mut Volume<MemoryImage>| -> ntfs::Result<()> {
        OPERATIONS.iter().try_for_each(|(_, operate)| match operate(volume) {
            // Some are for a file as it was at first; what is refused is not part of the session.
            Err(Error::Request { .. }) => Ok(()),
            other => other,
        })
    };
    let mut last = 0;
    for cut in (0..).step_by(5) {
        let image = MemoryImage::new(before.clone());
        image.fail_after(Some(cut));
        let done = session(&mut volume_of(&image).unwrap()).is_ok();
        image.fail_after(None);
        // The change that was cut off, if one was; then those before it, in one step.
        if volume_of(&image).is_err() {
            undo(&image).unwrap();
            assert!(volume_of(&image).unwrap().check(|finding| panic!("{finding:?}")).is_ok());
        }
        if image.bytes() != before {
            undo(&image).unwrap();
        }
        assert!(image.bytes() == before, "cut at {cut}");
        assert!(matches!(undo(&image), Err(Error::Request { why: ntfs::Why::NothingToUndo, .. })));
        if done {
            last = cut;
            break;
        }
    }
    assert!(last > 60, "{last} writes are too few to be true");
}

/// The journal of a change joins that of its session in two steps: it is written behind it, then removed. Cut off anywhere
/// between, nothing is taken back twice and nothing is lost.
#[test]
fn a_journal_that_was_being_joined_to_its_session_counts_once() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let (disk, before) = filled(&[]);
    let journal = |suffix: &str| disk.beside(&format!("disk.img.{suffix}"));
    let mut volume = judge::open(&disk);
    let mut set = |path: &str, point: &[u8]| {
        let file = volume.find(path).unwrap();
        volume.set(file, point, NOW).unwrap();
    };
    set("empty", &symlink("x"));
    let between = std::fs::read(disk.image()).unwrap();
    let first = std::fs::read(journal("pointsman-last")).unwrap();
    set("first", &vendor(600));
    drop(volume);
    let after = std::fs::read(disk.image()).unwrap();
    let both = std::fs::read(journal("pointsman-last")).unwrap();
    let second = &both[first.len()..];
    assert!(both.starts_with(&first) && second.len() > 1000);
    for joined in [0, 1, second.len() / 2, second.len() - 1, second.len()] {
        std::fs::write(disk.image(), &after).unwrap();
        std::fs::write(journal("pointsman-last"), &both[..first.len() + joined]).unwrap();
        std::fs::write(journal("pointsman-undo"), second).unwrap();
        let undo_file = || ntfs::ImageFile::open(&disk.image(), false, None).and_then(|image| undo(&image));
        undo_file().unwrap();
        assert!(std::fs::read(disk.image()).unwrap() == between, "{joined} bytes");
        undo_file().unwrap();
        assert!(std::fs::read(disk.image()).unwrap() == before, "{joined} bytes");
        assert!(undo_file().is_err());
    }
}
