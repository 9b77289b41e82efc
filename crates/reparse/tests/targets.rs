//! Targets: what Windows follows, with which status it refuses the rest, and where they lie on a host.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
use nt::{NtStatus, Utf16};
use reparse::{DriveMap, MapError, MountPoint, Symlink, SymlinkFlags, Target, Volume};

fn absolute(text: &str) -> Result<Target, NtStatus> {
    Target::parse_absolute(&text.into()).map_err(|error| error.status())
}

fn relative(text: &str) -> Result<Target, NtStatus> {
    Target::parse_relative(&text.into()).map_err(|error| error.status())
}

/// The rows of Wine's table in test_reparse_points (dlls/ntdll/tests/file.c) whose answer is in the name alone.
#[test]
fn each_form_of_a_target_has_the_status_of_windows() {
    let ok = NtStatus::SUCCESS;
    let name_invalid = NtStatus::OBJECT_NAME_INVALID;
    let path_not_found = NtStatus::OBJECT_PATH_NOT_FOUND;
    let cases = [
        (true, r".\a\..\.\a\", ok),
        (true, r".\dir.", ok), // a name like another; looking it up decides
        (true, "./x", name_invalid),
        (true, r".\\x", name_invalid),
        (true, r"\??\C:\x", name_invalid),
        (true, r"\\?\C:\x", name_invalid),
        (true, r"C:\x", name_invalid),
        (true, r"\x", ok),
        (true, r"..\..\..", ok),
        (true, "", name_invalid),
        (false, "testreparse_dir", name_invalid),
        (false, r"C:\x", name_invalid),
        (false, r"\\?\C:\x", name_invalid),
        (false, r"\??\C:\bogus", ok),
        (false, r"\??\C:\a\..\b", name_invalid),
        (false, r"\??\C:\a\.\b", path_not_found),
        (false, r"\??\C:\a\\b", name_invalid),
        (false, r"\??\C:\a/b", name_invalid),
        (false, r"\Device\NamedPipe\", ok),
        (false, "", name_invalid),
    ];
    for (is_relative, text, status) in cases {
        let flags = if is_relative { SymlinkFlags::RELATIVE } else { SymlinkFlags::ABSOLUTE };
        let parsed = if is_relative { relative(text) } else { absolute(text) };
        assert_eq!(parsed.as_ref().err().copied().unwrap_or(ok), status, "{text} (relative: {is_relative})");
        if let Ok(link) = Symlink::new(text, "x", flags) {
            assert_eq!(link.target_syntax().map_err(|error| error.status()), parsed, "{text}");
        }
    }
    let junction = MountPoint::new("foobar", "foobar").unwrap();
    assert_eq!(junction.target_syntax().unwrap_err().status(), name_invalid);
}

#[test]
fn the_parts_of_a_target_are_told_apart() {
    let path = |text: &str| Utf16::from(text);
    assert_eq!(absolute(r"\??\C:\a\b"), Ok(Target::Drive { letter: 'C', path: path(r"\a\b") }));
    assert_eq!(absolute(r"\??\c:"), Ok(Target::Drive { letter: 'c', path: path("") }));
    assert_eq!(
        absolute(r"\??\UNC\srv\share\x"),
        Ok(Target::Unc { server: path("srv"), share: path("share"), path: path(r"\x") })
    );
    assert_eq!(
        absolute(r"\??\unc\srv"),
        Ok(Target::Unc { server: path("srv"), share: path(""), path: path("") })
    );
    // found by the law that a target prints as it was read: the backslash after a lone server was lost
    assert_eq!(absolute(r"\??\UNC\srv\").unwrap().to_string(), r"\??\UNC\srv\");
    let guid = "01234567-89ab-cdef-0123-456789abcdef".parse().unwrap();
    let volume = absolute(r"\??\Volume{01234567-89ab-cdef-0123-456789abcdef}\foo\");
    assert_eq!(volume, Ok(Target::Volume { guid, path: path(r"\foo\") }));
    assert!(volume.unwrap().has_trailing_separator());
    assert_eq!(
        absolute(r"\??\GLOBALROOT\Device\X"),
        Ok(Target::DosDevice { name: path("GLOBALROOT"), path: path(r"\Device\X") })
    );
    assert_eq!(absolute(r"\Device\X\y"), Ok(Target::Device { path: path(r"\Device\X\y") }));
    assert_eq!(relative(r"\a"), Ok(Target::Rooted { path: path(r"\a") }));
    assert_eq!(relative(r"..\a"), Ok(Target::Relative { path: path(r"..\a") }));
    let components: Vec<String> =
        absolute(r"\??\C:\a\b\").unwrap().components().map(String::from_utf16_lossy).collect();
    assert_eq!(components, ["a", "b"]);
}

/// alphaleonis/AlphaFS issue 516: a substitute name with both prefixes leads nowhere.
#[test]
fn two_prefixes_are_refused() {
    let broken = r"\??\\\?\Volume{01234567-89ab-cdef-0123-456789abcdef}\foo\";
    assert_eq!(absolute(broken), Err(NtStatus::OBJECT_NAME_INVALID));
}

#[test]
fn streams_may_be_named_in_the_last_component_alone() {
    assert!(relative(r"a\b:stream").is_ok());
    for wrong in [r"a:s\b", "a:", ":s", r"\??\C:\a:\b"] {
        let parsed = if wrong.starts_with(r"\??") { absolute(wrong) } else { relative(wrong) };
        assert_eq!(parsed, Err(NtStatus::OBJECT_NAME_INVALID), "{wrong}");
    }
}

#[test]
fn a_refusal_says_where_in_the_name() {
    let error = Target::parse_absolute(&r"\??\C:\ab\..\c".into()).unwrap_err();
    assert_eq!(error.at, 10);
    assert_eq!(error.to_string(), "an absolute target has \"..\" in it (at character 10)");
}

#[test]
fn paths_as_people_write_them_become_nt_paths() {
    let cases = [
        (r"C:\a\b", r"\??\C:\a\b", r"C:\a\b"),
        ("C:/a/./b//c/../d/", r"\??\C:\a\b\d\", "C:/a/./b//c/../d/"),
        (r"c:\", r"\??\c:\", r"c:\"),
        (r"C:\..\..\a", r"\??\C:\a", r"C:\..\..\a"),
        (r"\\srv\share\a\..\b", r"\??\UNC\srv\share\b", r"\\srv\share\a\..\b"),
        (r"\\srv\share", r"\??\UNC\srv\share", r"\\srv\share"),
        (r"\\?\C:\a\..\b", r"\??\C:\a\..\b", r"C:\a\..\b"),
        (r"\\?\UNC\srv\share\a", r"\??\UNC\srv\share\a", r"\\srv\share\a"),
        (r"\??\C:\a", r"\??\C:\a", r"C:\a"),
        // alphaleonis/AlphaFS issue 516: what `mklink /J` writes for a volume
        (r"\\?\Volume{0}\foo\", r"\??\Volume{0}\foo\", r"\\?\Volume{0}\foo\"),
        (r"\Device\Harddisk0\a", r"\Device\Harddisk0\a", r"\Device\Harddisk0\a"),
    ];
    for (path, substitute, print) in cases {
        let link = Symlink::absolute(path).unwrap();
        assert_eq!(link.substitute().to_string(), substitute, "{path}");
        assert_eq!(link.print().to_string(), print, "{path}");
    }
    for wrong in ["", "a", r"a\b", r"\a", "C:", "C:a", r"\\srv", r"\\", r"\\?\", r"\??\", "/a"] {
        assert!(Symlink::absolute(wrong).is_err(), "{wrong}");
    }
    assert_eq!(Symlink::relative("../a").unwrap().substitute().to_string(), r"..\a");
}

fn map() -> DriveMap {
    let mut map = DriveMap::new();
    map.insert("C:".parse().unwrap(), "/mnt/c/");
    map.insert(r"\\srv\share".parse().unwrap(), "/mnt/c/net");
    map.insert("Volume{01234567-89ab-cdef-0123-456789abcdef}".parse().unwrap(), "/");
    map
}

#[test]
fn targets_map_to_host_paths_and_back() {
    let map = map();
    let cases = [
        (r"\??\C:\a\b", "/mnt/c/a/b"),
        (r"\??\C:\", "/mnt/c"),
        (r"\??\UNC\srv\share\x", "/mnt/c/net/x"),
        (r"\??\Volume{01234567-89ab-cdef-0123-456789abcdef}\etc", "/etc"),
        (r"\??\Volume{01234567-89ab-cdef-0123-456789abcdef}\", "/"),
    ];
    for (nt, host) in cases {
        let target = absolute(nt).unwrap();
        assert_eq!(map.to_host(&target).unwrap(), host.as_bytes(), "{nt}");
        assert_eq!(map.to_target(host.as_bytes()).unwrap().to_string(), nt);
    }
    // letters and names are compared without case, and the longest directory wins
    assert_eq!(map.to_host(&absolute(r"\??\c:\A").unwrap()).unwrap(), b"/mnt/c/A");
    assert_eq!(map.to_host(&absolute(r"\??\UNC\SRV\Share\x").unwrap()).unwrap(), b"/mnt/c/net/x");
    assert_eq!(
        map.to_target(b"/mnt/cc").unwrap().to_string(),
        r"\??\Volume{01234567-89ab-cdef-0123-456789abcdef}\mnt\cc"
    );
}

#[test]
fn what_no_volume_holds_is_not_mapped() {
    let map = map();
    assert_eq!(map.to_host(&absolute(r"\??\D:\a").unwrap()), Err(MapError::NotMapped));
    assert_eq!(map.to_host(&absolute(r"\Device\X").unwrap()), Err(MapError::NotMapped));
    assert_eq!(map.to_host(&relative("a").unwrap()), Err(MapError::Relative));
    assert_eq!(DriveMap::new().to_target(b"/a"), None);
    assert_eq!(map.to_target(b"/mnt/c/a\\b"), None);
    assert_eq!(map.to_target(b"/mnt/c/../x"), None);
    assert_eq!(map.to_target(b"/mnt/c/\xFF"), None);
}

/// A target made by hand, not parsed, cannot climb out of its volume either.
#[test]
fn no_component_leaves_the_mapped_directory() {
    for path in [r"\..\x", r"\.\x", r"\a/../../x", "\\a\0b"] {
        let target = Target::Drive { letter: 'C', path: path.into() };
        assert!(matches!(map().to_host(&target), Err(MapError::Component { .. })), "{path}");
    }
}

#[test]
fn unpaired_surrogates_survive_the_way_to_the_host_and_back() {
    let path = Utf16(vec![0x5C, 0xD83D, 0xDE00, 0x61, 0xD800, 0xDFFF + 1, 0xDC37]);
    let target = Target::Drive { letter: 'C', path };
    let host = map().to_host(&target).unwrap();
    assert_eq!(host, b"/mnt/c/\xF0\x9F\x98\x80a\xED\xA0\x80\xEE\x80\x80\xED\xB0\xB7");
    assert_eq!(map().to_target(&host), Some(target));
}

#[test]
fn a_volume_reads_back_as_it_is_written() {
    for text in ["C:", "Volume{01234567-89ab-cdef-0123-456789abcdef}", r"\\srv\share"] {
        assert_eq!(text.parse::<Volume>().unwrap().to_string(), text);
    }
    for (odd, same) in [(r"c:\", "c:"), ("//srv/share/", r"\\srv\share"), (r"\??\UNC\s\t", r"\\s\t")] {
        assert_eq!(odd.parse::<Volume>().unwrap().to_string(), same);
    }
    for wrong in ["", "C", "CC:", r"\\srv", r"\\srv\a\b", "Volume{x}", r"C:\a"] {
        assert!(wrong.parse::<Volume>().is_err(), "{wrong}");
    }
}
