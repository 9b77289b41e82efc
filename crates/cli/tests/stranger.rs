//! The way of a stranger through issue 2's "Done when": a junction on a directory, a symlink on a file, both read back as
//! JSON and explained, one broken, and the way out told.
#![allow(clippy::expect_used, clippy::indexing_slicing)] // a test that fails does so by a panic
mod run;

use run::Scratch;
use serde_json::json;

#[test]
fn a_stranger_sets_reads_explains_breaks_and_is_told_how() {
    let here = Scratch::new();
    here.dir("tools");
    here.file("latest", "");
    here.run(&["set", "--junction", r"C:\Tools", "tools"]).ok();
    here.run(&["set", "--symlink", r"..\reports\2026.txt", "latest"]).ok();

    let read = here.run(&["get", "--json", "tools", "latest"]);
    assert_eq!(
        read.json(),
        [
            json!({"path": "tools", "kind": "directory", "tag": "0xA0000003", "tag_name": "IO_REPARSE_TAG_MOUNT_POINT",
                "point": {"type": "mount_point", "substitute": r"\??\C:\Tools", "print": r"C:\Tools"}}),
            json!({"path": "latest", "kind": "file", "tag": "0xA000000C", "tag_name": "IO_REPARSE_TAG_SYMLINK",
                "point": {"type": "symlink", "substitute": r"..\reports\2026.txt",
                    "print": r"..\reports\2026.txt", "relative": true}}),
        ]
    );

    let explained = here.run(&["explain", "--path", "tools"]).ok();
    for told in [
        "a junction (mount point)",
        "SubstituteNameOffset",
        r"\??\C:\Tools",
        "a path on a drive",
        "STATUS_SUCCESS",
    ] {
        assert!(explained.contains(told), "{told}: {explained}");
    }

    // Broken: the print name's offset of the junction points behind the data.
    let hex = here.run(&["get", "--hex", "tools"]).ok();
    let mut broken = hex.trim().to_owned();
    broken.replace_range(24..28, "ff00");
    let told = here.run(&["explain", "--hex", &broken]);
    assert_eq!(told.code, 1);
    for part in [
        "STATUS_IO_REPARSE_DATA_INVALID (0xC0000278)",
        "Win32 ERROR_INVALID_REPARSE_DATA (4392)",
        "PrintNameOffset",
        "next: ",
    ] {
        assert!(told.stdout.contains(part), "{part}: {}", told.stdout);
    }
    let refused = here.run(&["set", "--hex", &broken, "tools"]).fails(4);
    assert!(
        refused.starts_with(
            "pointsman: tools: set the reparse point: STATUS_IO_REPARSE_DATA_INVALID (0xC0000278)"
        )
    );
    assert!(refused.contains("next: `pointsman explain`"), "{refused}");
    let unchanged = here.run(&["get", "--hex", "tools"]).ok();
    assert_eq!(unchanged, hex);
}

#[test]
fn the_tour_leaves_nothing_behind() {
    let here = Scratch::new();
    here.run(&["tour"]).ok();
    assert_eq!(std::fs::read_dir(here.path()).expect("the directory").count(), 0);
}
