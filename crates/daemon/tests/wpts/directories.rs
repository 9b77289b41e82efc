//! QUERY_DIRECTORY.
use nt::{CreateOptions, FileInformationClass, NtStatus};
use wire::query_directory::QueryDirectoryFlags;

use crate::ground::{D30, Ground, opened, output, u32_at, utf16};
use crate::peer::Peer;
use crate::peer::request::{create, list};

/// A class, and where in an entry the length of its name stands and the name.
const CLASSES: [(FileInformationClass, usize, usize); 6] = [
    (FileInformationClass::NAMES_INFORMATION, 8, 12),
    (FileInformationClass::DIRECTORY_INFORMATION, 60, 64),
    (FileInformationClass::FULL_DIRECTORY_INFORMATION, 60, 68),
    (FileInformationClass::ID_FULL_DIRECTORY_INFORMATION, 60, 80),
    (FileInformationClass::BOTH_DIRECTORY_INFORMATION, 60, 94),
    (FileInformationClass::ID_BOTH_DIRECTORY_INFORMATION, 60, 104),
];

/// The names of a listing, in order.
fn names(bytes: &[u8], len_at: usize, name_at: usize) -> Vec<String> {
    let (mut names, mut at) = (Vec::new(), 0);
    loop {
        let entry = &bytes[at..];
        let len = u32_at(entry, len_at) as usize;
        let units: Vec<u16> = entry[name_at..name_at + len]
            .chunks(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        names.push(String::from_utf16(&units).unwrap());
        match u32_at(entry, 0) {
            0 => return names,
            next => at += next as usize,
        }
    }
}

fn listed(peer: &mut Peer, name: &str, class: usize, pattern: &str) -> Vec<String> {
    let (class, len_at, name_at) = CLASSES[class];
    let directory = opened(peer, &create(name).directory());
    names(&output(peer, &list(directory, class, pattern)), len_at, name_at)
}

/// BVT_QueryDirectory_FileNamesInformation, _FileDirectoryInformation, _FileFullDirectoryInformation, _FileIdFullDirectoryInformation,
/// _FileBothDirectoryInformation, _FileIdBothDirectoryInformation, CreateFile_CheckNoFilesFound, _CheckSingleFileFound,
/// _CheckSubDirAndSingleFileFound, _CheckMultipleFilesFound
#[test]
fn each_class_lists_what_is_there_behind_the_dots() {
    let ground = Ground::new();
    ground.has_directory("d");
    let mut peer = ground.peer(1, D30);
    for class in 0..CLASSES.len() {
        assert_eq!(listed(&mut peer, "d", class, "*"), [".", ".."]);
    }
    ground.has("d/one", b"");
    ground.has_directory("d/two");
    for class in 0..CLASSES.len() {
        let seen = listed(&mut peer, "d", class, "*");
        assert_eq!(seen[..2], [".", ".."]);
        let mut rest = seen[2..].to_vec();
        rest.sort();
        assert_eq!(rest, ["one", "two"]);
    }
}

/// The 42 cases BVT_QueryDirectoryBySearchPattern_CLASS_ of AsteriskWildCard, SpecialCase_AsteriskWildCard, WildCard_QuestionMark,
/// AsteriskInStringWildCard, DOS_STAR_WildCard, DOS_QM_WildCard and DOS_DOT_WildCard
#[test]
fn each_wildcard_chooses_what_it_should_in_each_class() {
    let short: &[&str] = &["Fine", "File", "Bile", "Fille", "Nine"];
    let typed: &[&str] = &["Fine.txt", "FileGrip.txt", "Bile.txt", "Tile.txt", "Nine.jpg"];
    let plain: &[&str] = &["grcBlankFile1", "grcBlankFile2", "grcBlankFile3", "grc.BadFile_1.txt"];
    // `<` is DOS_STAR, `>` is DOS_QM, `"` is DOS_DOT. [MS-FSA] 2.1.4.4
    let cases: [(&[&str], &str, &[&str]); 7] = [
        (short, "*", &[".", "..", "Bile", "File", "Fille", "Fine", "Nine"]),
        (typed, "*.*", &[".", "..", "Bile.txt", "FileGrip.txt", "Fine.txt", "Nine.jpg", "Tile.txt"]),
        (short, "Fi?e", &["File", "Fine"]),
        (short, "*ile", &["Bile", "File"]),
        (typed, "<txt", &["Bile.txt", "FileGrip.txt", "Fine.txt", "Tile.txt"]),
        (short, "Fi>e", &["File", "Fine"]),
        (plain, "grcBlankFile?\"", &["grcBlankFile1", "grcBlankFile2", "grcBlankFile3"]),
    ];
    for (files, pattern, wanted) in cases {
        let ground = Ground::new();
        ground.has_directory("d");
        files.iter().for_each(|name| ground.has(&format!("d/{name}"), b""));
        let mut peer = ground.peer(1, D30);
        for class in 0..CLASSES.len() {
            let mut seen = listed(&mut peer, "d", class, pattern);
            seen.sort();
            assert_eq!(seen, wanted, "{pattern} {class}");
        }
    }
}

/// Fs_CreateDiretory_QueryDirectory_Suffix_INDEX_ALLOCATION, Fs_CreateDirectory_QueryDirectory_Suffix_I30_INDEX_ALLOCATION
#[test]
fn a_directory_may_be_named_as_the_stream_that_it_is() {
    let ground = Ground::new();
    let mut peer = ground.peer(1, D30);
    for (name, suffix) in [("a", "::$INDEX_ALLOCATION"), ("b", ":$I30:$INDEX_ALLOCATION")] {
        let made = create(&format!("{name}{suffix}")).directory();
        let directory = opened(&mut peer, &made);
        let seen = output(&mut peer, &list(directory, CLASSES[0].0, "*"));
        assert_eq!(names(&seen, 8, 12), [".", ".."]);
        assert!(ground.path(name).is_dir());
    }
}

/// Fs_CreateFiles_QueryDirectory_With_Single_Entry_Flag
#[test]
fn entries_are_told_one_by_one_to_who_asks_for_one() {
    let ground = Ground::new();
    ground.has_directory("d");
    (0..1000).for_each(|number| ground.has(&format!("d/{number:04}"), b""));
    let mut peer = ground.peer(1, D30);
    let directory = opened(&mut peer, &create("d").directory());
    let mut seen = Vec::new();
    loop {
        let mut ask = list(directory, CLASSES[0].0, "*");
        if let wire::Request::QueryDirectory(body) = &mut ask {
            body.flags = QueryDirectoryFlags::RETURN_SINGLE_ENTRY;
        }
        let answered = peer.ask(&ask).unwrap();
        if answered.status() == NtStatus::NO_MORE_FILES {
            break;
        }
        let one = names(&answered.output(), 8, 12);
        assert_eq!(one.len(), 1);
        seen.extend(one);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 1002);
}

/// BVT_SMB2Basic_QueryDir_Reopen_OnDir, _OnFile
#[test]
fn a_listing_begins_again_when_it_is_reopened_and_a_file_has_none() {
    let ground = Ground::new();
    ground.has_directory("d");
    ground.has("d/one", b"");
    ground.has("f", b"");
    let mut peer = ground.peer(1, D30);
    let reopen = |file| {
        let mut ask = list(file, CLASSES[1].0, "*");
        if let wire::Request::QueryDirectory(body) = &mut ask {
            body.flags = QueryDirectoryFlags::REOPEN;
        }
        ask
    };
    let directory = opened(&mut peer, &create("d").directory());
    let first = output(&mut peer, &reopen(directory));
    assert_eq!(output(&mut peer, &reopen(directory)), first);
    let file = opened(&mut peer, &create("f").options(CreateOptions::NON_DIRECTORY_FILE));
    assert_eq!(peer.status(&reopen(file)), NtStatus::INVALID_PARAMETER);
    assert_eq!(utf16("one").len(), 6);
}
