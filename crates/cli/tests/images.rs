//! The command inside disk images that nobody has mounted. mkntfs makes them, ntfs-3g mounts and reads them, ntfsfix and
//! ntfsinfo check them; where one of these is missing, or /dev/fuse is, a test skips and says so.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)] // a test that fails does so by a panic
mod run;

use run::Scratch;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const GUID: &str = "3740c860-b19b-11d9-9669-0800200c9a66";
/// Data of a third party's point of 16,384 bytes, the most there can be: the header takes 24.
const VENDOR_LEN: usize = 16_384 - 24;

/// A fresh volume of 32 MiB; `None`, with the reason printed, where it cannot be made or mounted.
fn volume() -> Option<Scratch> {
    for tool in ["mkntfs", "ntfs-3g", "ntfsfix", "ntfsinfo", "getfattr"] {
        let there = Command::new("sh").args(["-c", &format!("command -v {tool}")]).output();
        if !there.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: {tool} is not installed");
            return None;
        }
    }
    if let Err(error) = std::fs::OpenOptions::new().read(true).write(true).open("/dev/fuse") {
        eprintln!("skipped: /dev/fuse: {error}");
        return None;
    }
    let here = Scratch::new();
    let made = here.shell("truncate -s 32M disk.img && mkntfs -q -f -F disk.img 2>&1");
    assert_eq!(made.code, 0, "{}", made.stdout);
    Some(here)
}

/// The volume while ntfs-3g has it mounted.
struct Mounted(PathBuf);

impl Mounted {
    fn of(here: &Scratch) -> Mounted {
        let directory = here.dir("mnt");
        let ran = here.shell("ntfs-3g -o efs_raw disk.img mnt");
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        Mounted(directory)
    }

    /// The reparse point as ntfs-3g reads it.
    fn point(&self, path: &str) -> Vec<u8> {
        let path = self.0.join(path);
        let mut command = Command::new("getfattr");
        command.args(["-h", "-n", "system.ntfs_reparse_data", "--only-values", "--absolute-names"]);
        let output = command.arg(&path).output().expect("getfattr");
        assert!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
        output.stdout
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        for _ in 0..50 {
            if Command::new("umount").arg(&self.0).output().is_ok_and(|output| output.status.success()) {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        std::thread::sleep(Duration::from_millis(300)); // ntfs-3g writes the last of it after umount has returned
    }
}

fn assert_clean(here: &Scratch) {
    let fix = here.shell("ntfsfix -n disk.img 2>&1 && ntfsinfo -m disk.img > info");
    assert!(fix.code == 0 && fix.stdout.contains("processed successfully"), "{}", fix.stdout);
    let checked = here.run(&["check", "disk.img!/"]).ok();
    assert!(checked.contains("findings: 0"), "{checked}");
}

fn set_four(here: &Scratch) {
    let data = "a5".repeat(VENDOR_LEN);
    here.run(&["set", "--create", "dir", "--junction", r"C:\target", "disk.img!/junction"]).ok();
    here.run(&["set", "--create", "file", "--symlink", r"junction\file", "disk.img!/link"]).ok();
    here.file("line", &format!(
        r#"{{"path":"disk.img!/vendor","create":"file","tag":"0x0000BEEF","guid":"{GUID}","data":"{data}"}}"#
    ));
    here.shell("pointsman set --batch < line").ok();
    here.run(&["set", "--create", "file", "--wsl-fifo", "--lx-mode", "644", "disk.img!/fifo"]).ok();
}

const FOUR: [&str; 4] = ["junction", "link", "vendor", "fifo"];

/// Issue 5, "Done when": what the command sets, ntfs-3g reads; the checkers find nothing; saved, wiped and restored, the
/// points are the same.
#[test]
fn four_points_set_in_an_image_are_read_by_ntfs_3g_and_survive_save_wipe_and_restore() {
    let Some(here) = volume() else { return };
    set_four(&here);
    assert_clean(&here);
    let raw = |name: &str| here.run(&["get", "--raw", &format!("disk.img!/{name}")]).bytes;
    let before: Vec<Vec<u8>> = FOUR.iter().map(|name| raw(name)).collect();
    assert_eq!(before[2].len(), 16_384);
    let mounted = Mounted::of(&here);
    for (name, bytes) in FOUR.iter().zip(&before) {
        assert_eq!(&mounted.point(name), bytes, "{name}");
    }
    drop(mounted);
    here.shell("pointsman save disk.img!/ > points.jsonl").ok();
    for name in FOUR {
        here.run(&["delete", &format!("disk.img!/{name}")]).ok();
    }
    assert_eq!(here.run(&["find", "disk.img!/"]).ok(), "");
    let told = here.run(&["restore", "--dry-run", "disk.img!/", "points.jsonl"]).ok();
    assert!(told.contains("restored: 4") && told.contains("nothing was changed"), "{told}");
    assert_eq!(here.run(&["find", "disk.img!/"]).ok(), "");
    let told = here.run(&["restore", "disk.img!/", "points.jsonl"]).ok();
    assert!(told.contains("restored: 4"), "{told}");
    let after: Vec<Vec<u8>> = FOUR.iter().map(|name| raw(name)).collect();
    assert!(before == after);
    assert!(here.run(&["get", "disk.img!/fifo"]).ok().contains("10644"));
    assert_clean(&here);
    let points = |file: &str| {
        let text = std::fs::read_to_string(here.join(file)).expect("lines");
        text.lines().filter(|line| line.contains("\"bytes\"")).map(str::to_owned).collect::<Vec<_>>()
    };
    here.shell("pointsman save disk.img!/ > again.jsonl").ok();
    assert_eq!(points("points.jsonl"), points("again.jsonl"));
    // On another, empty volume the objects are made.
    here.shell("truncate -s 32M other.img && mkntfs -q -f -F other.img 2>&1").ok();
    here.run(&["restore", "other.img!/", "points.jsonl"]).ok();
    here.shell("pointsman save other.img!/ > other.jsonl").ok();
    assert_eq!(points("points.jsonl"), points("other.jsonl"));
    let mounted = Mounted::of(&here);
    assert_eq!(mounted.point("vendor"), before[2]);
}

#[test]
fn points_are_found_copied_retargeted_and_resolved_between_an_image_and_this_machine() {
    let Some(here) = volume() else { return };
    set_four(&here);
    let found = here.run(&["find", "-l", "--sort", "disk.img!/"]).ok();
    assert_eq!(found, "disk.img!/fifo\ndisk.img!/junction\ndisk.img!/link\ndisk.img!/vendor\n");
    here.run(&["copy", "disk.img!/fifo", "fifo"]).ok();
    here.run(&["copy", "fifo", "disk.img!/fifo2"]).ok();
    for path in ["fifo", "disk.img!/fifo2"] {
        assert!(here.run(&["get", path]).ok().contains("10644"), "{path}");
    }
    let mounted = Mounted::of(&here);
    std::fs::create_dir(mounted.0.join("target")).expect("a directory");
    std::fs::write(mounted.0.join("target/file"), "x").expect("a file");
    drop(mounted);
    let end = here.run(&["resolve", "disk.img!/link"]).ok();
    assert!(end.contains("ends at disk.img!/target/file, a file"), "{end}");
    // A drive that is said to lie elsewhere is not the image.
    let away = here.run(&["resolve", "--drive", "C:=.", "disk.img!/link"]);
    assert_eq!(away.code, 4, "{}", away.stdout);
    here.run(&["retarget", "disk.img!/", "--from", r"C:\target", "--to", r"C:\new", "--apply"]).ok();
    assert!(here.run(&["get", "disk.img!/junction"]).ok().contains(r"C:\new"));
    here.run(&["retarget", "--undo", "pointsman-undo.jsonl"]).ok();
    assert!(here.run(&["get", "disk.img!/junction"]).ok().contains(r"C:\target"));
    assert_clean(&here);
}

#[test]
fn refusals_leave_the_image_as_it_was_and_undo_takes_the_last_change_back() {
    let Some(here) = volume() else { return };
    let image = || std::fs::read(here.join("disk.img")).expect("the image");
    let fresh = image();
    let told = here.run(&["set", "--symlink", "x", "disk.img!/none"]).fails(4);
    assert!(told.contains("STATUS_OBJECT_NAME_NOT_FOUND") && told.contains("--create"), "{told}");
    here.run(&["set", "--create", "file", "--junction", r"C:\x", "disk.img!/none"]).fails(4);
    here.run(&["set", "--create", "file", "--symlink", "x", "disk.img!/no/where"]).fails(4);
    assert!(image() == fresh);
    here.run(&["set", "--create", "dir", "--junction", r"C:\x", "disk.img!/j"]).ok();
    let told = here.run(&["set", "--symlink", "x", "disk.img!/j"]).fails(4);
    assert!(told.contains("STATUS_IO_REPARSE_TAG_MISMATCH") && told.contains("--replace-tag"), "{told}");
    here.run(&["undo", "disk.img"]).ok();
    assert!(image() == fresh, "the exact former bytes");
    here.run(&["undo", "disk.img"]).fails(4);
}

#[test]
fn a_saved_file_that_was_changed_or_leads_out_of_its_root_changes_nothing() {
    let here = Scratch::new();
    here.run(&["set", "--create", "file", "--symlink", "x", "a"]).ok();
    here.shell("pointsman save . > whole && sed 's/\"directory\":false/\"directory\":true/' whole > changed && head -n 2 whole > cut").ok();
    for file in ["changed", "cut"] {
        here.run(&["restore", ".", file]).fails(6);
    }
    here.run(&["delete", "a"]).ok();
    let told = here.run(&["restore", "--policy", "SYMLINK=skip", ".", "whole"]).ok();
    assert!(told.contains("a: 0xA000000C: skipped") && told.contains("skipped: 1"), "{told}");
    here.run(&["get", "a"]).fails(3);
    here.run(&["restore", ".", "whole"]).ok();
    here.run(&["get", "a"]).ok();
    let told = here.run(&["restore", "--policy", "all=drop", ".", "whole"]).ok();
    assert!(told.contains("dropped: 1"), "{told}");
    here.run(&["get", "a"]).fails(3);
    // A file with a right checksum and a wrong path.
    let head = "{\"pointsman_save\":1,\"root\":\".\"}\n";
    let line = "{\"path\":\"../out\",\"directory\":false,\"tag\":\"0xA000000C\",\"bytes\":\"00\"}\n";
    here.file("body", &format!("{head}{line}"));
    here.shell("{ cat body; printf '{\"points\":1,\"sha256\":\"%s\"}\\n' $(sha256sum < body | cut -d' ' -f1); } > out.jsonl").ok();
    let told = here.run(&["restore", ".", "out.jsonl"]).fails(1);
    assert!(told.contains("leads out of the root"), "{told}");
}

/// Data is read from an image as from this machine; a file of holes under a placeholder's tag is not there.
#[test]
fn cat_writes_what_is_on_the_disk_and_says_what_is_not() {
    let Some(here) = volume() else { return };
    let mounted = Mounted::of(&here);
    std::fs::write(mounted.0.join("kept"), "x".repeat(300_000)).expect("a file");
    std::fs::write(mounted.0.join("compressed"), "y").expect("a file");
    drop(mounted);
    here.run(&["set", "--tag", "CLOUD", "--data", "00", "disk.img!/kept"]).ok();
    assert_eq!(here.run(&["cat", "disk.img!/kept"]).ok(), "x".repeat(300_000));
    assert!(here.run(&["cat", "--state", "disk.img!/kept"]).ok().contains("hydrated"));
    // A point without the stream that it promises.
    here.run(&["set", "--wof", "xpress4k", "disk.img!/compressed"]).ok();
    let told = here.run(&["cat", "disk.img!/compressed"]).fails(4);
    assert!(told.contains("STATUS_FILE_CORRUPT_ERROR") && told.contains("WofCompressedData"), "{told}");
    here.shell("truncate -s 1M away && pointsman set --tag CLOUD --data 00 away").ok();
    let told = here.run(&["cat", "away"]).fails(4);
    assert!(told.contains("STATUS_FILE_NOT_AVAILABLE") && told.contains("cloud-only"), "{told}");
}

/// A file of one chunk that would not have become smaller: the stream is the data. The files that need a decoder are judged
/// in the crate `ntfs`.
#[test]
fn cat_decodes_what_the_overlay_filter_compressed_in_an_image_and_on_this_machine() {
    let Some(here) = volume() else { return };
    here.dir("mnt");
    here.shell(
        "ntfs-3g -o efs_raw,streams_interface=windows disk.img mnt && truncate -s 5 mnt/file && \
                printf hello > mnt/file:WofCompressedData && umount mnt && sleep 0.5",
    )
    .ok();
    here.run(&["set", "--wof", "lzx", "disk.img!/file"]).ok();
    assert_eq!(here.run(&["cat", "disk.img!/file"]).ok(), "hello");
    let state = here.run(&["cat", "--state", "--json", "disk.img!/file"]);
    let state = &state.json()[0];
    assert_eq!((&state["state"], &state["compression"]), (&"hydrated".into(), &"LZX".into()), "{state}");
    assert_eq!((&state["len"], &state["stored"]), (&5.into(), &5.into()));
    // Samba's form of a stream: its data and a zero.
    here.shell(
        "truncate -s 5 file && setfattr -n 'user.DosStream.WofCompressedData:$DATA' -v 0x68656c6c6f00 file",
    )
    .ok();
    here.run(&["set", "--wof", "xpress8k", "file"]).ok();
    assert_eq!(here.run(&["cat", "file"]).ok(), "hello");
}

#[test]
fn cat_says_of_links_images_and_deduplicated_files_where_the_data_is() {
    let Some(here) = volume() else { return };
    here.shell("printf hello > target").ok();
    here.run(&["set", "--create", "file", "--symlink", "target", "link"]).ok();
    let told = here.run(&["cat", "link"]).fails(4);
    assert!(told.contains("STATUS_STOPPED_ON_SYMLINK") && told.contains("leads to target"), "{told}");
    assert_eq!(here.run(&["cat", "--follow", "link"]).ok(), "hello");
    assert_eq!(here.run(&["cat", "--follow", "target"]).ok(), "hello", "nothing to follow");
    assert_eq!(here.run(&["cat", "--state", "link"]).ok(), "link: link: leads to target\n");
    let mounted = Mounted::of(&here);
    std::fs::create_dir(mounted.0.join("folder")).expect("a directory");
    for name in ["folder/inner", "small", "dedup", "wim"] {
        std::fs::write(mounted.0.join(name), "inner").expect("a file");
    }
    drop(mounted);
    here.run(&["set", "--create", "dir", "--junction", r"C:\folder", "disk.img!/junction"]).ok();
    here.run(&["set", "--create", "file", "--symlink", r"junction\inner", "disk.img!/link"]).ok();
    assert_eq!(here.run(&["cat", "disk.img!/junction/inner"]).ok(), "inner");
    assert_eq!(here.run(&["cat", "--follow", "disk.img!/link"]).ok(), "inner");
    here.run(&["cat", "disk.img!/junction"]).fails(4);
    here.run(&["cat", "--follow", "disk.img!/junction"]).fails(4); // a directory
    // The layout of ntfs's record: a small file has no hole that could tell; its attribute does. (0x00401000)
    for (name, tag) in [("small", "CLOUD"), ("dedup", "DEDUP")] {
        let path = format!("disk.img!/{name}");
        here.run(&["set", "--tag", tag, "--data", "00", &path]).ok();
        assert_eq!(here.run(&["cat", &path]).ok(), "inner", "{name} is whole");
    }
    here.shell("ntfs-3g -o efs_raw disk.img mnt && for f in small dedup; do \
                setfattr -h -n system.ntfs_attrib_be -v 0x00401420 mnt/$f || exit 1; done; umount mnt && sleep 0.5").ok();
    let told = here.run(&["cat", "disk.img!/small"]).fails(4);
    assert!(told.contains("cloud-only, 0 of 5 bytes"), "{told}");
    let told = here.run(&["cat", "disk.img!/dedup"]).fails(4);
    assert!(told.contains("STATUS_FILE_NOT_AVAILABLE") && told.contains("chunk store"), "{told}");
    let hash = "11".repeat(20);
    let number =
        |value: u64| value.to_le_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let numbers = [number(500), number(300), number(4096)].concat();
    let data =
        format!("01000000 01000000 {} {} {hash} {hash} {numbers}", number(2), number(7)).replace(' ', "");
    here.run(&["set", "--tag", "WOF", "--data", &data, "disk.img!/wim"]).ok();
    let told = here.run(&["cat", "disk.img!/wim"]).fails(4);
    for part in ["STATUS_FILE_NOT_AVAILABLE", "data source 7", "300 bytes at 4096", &hash] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

/// The format is told by the bytes: the names say something else.
#[test]
fn images_in_other_formats_are_read_by_every_command_and_written_by_none() {
    let Some(here) = volume() else { return };
    if here.shell("command -v qemu-img").code != 0 {
        eprintln!("skipped: qemu-img is not installed");
        return;
    }
    set_four(&here);
    let mounted = Mounted::of(&here);
    std::fs::create_dir(mounted.0.join("target")).expect("a directory");
    std::fs::write(mounted.0.join("target/file"), "inside").expect("a file");
    drop(mounted);
    let raw = |arguments: &[&str]| here.run(arguments).ok();
    for (format, name) in [("qcow2", "a.img"), ("vpc", "b.bin"), ("vhdx", "c.raw"), ("vmdk", "d")] {
        here.shell(&format!("qemu-img convert -O {format} disk.img {name}")).ok();
        let same = |arguments: &[&str]| {
            let renamed: Vec<String> = arguments.iter().map(|word| word.replace("disk.img", name)).collect();
            let renamed: Vec<&str> = renamed.iter().map(String::as_str).collect();
            assert_eq!(here.run(&renamed).ok(), raw(arguments).replace("disk.img", name), "{arguments:?}");
        };
        same(&["find", "--sort", "disk.img!/"]);
        same(&["get", "--json", "disk.img!/link"]);
        same(&["check", "disk.img!/"]);
        same(&["resolve", "disk.img!/link"]);
        same(&["cat", "--follow", "disk.img!/link"]);
        same(&["cat", "disk.img!/target/file"]);
        here.run(&["copy", &format!("{name}!/fifo"), &format!("fifo of {name}")]).ok();
        let saved = here.run(&["save", &format!("{name}!/")]).ok();
        assert_eq!(saved.lines().count(), 6, "{saved}");
        let before = std::fs::read(here.join(name)).expect("the image");
        let link = format!("{name}!/link");
        for change in [&["set", "--symlink", "y", &link][..], &["delete", &link]] {
            let told = here.run(change).fails(4);
            for part in
                ["STATUS_MEDIA_WRITE_PROTECTED", "are read, and not written", "qemu-img convert -O raw"]
            {
                assert!(told.contains(part), "{part}: {told}");
            }
        }
        assert!(before == std::fs::read(here.join(name)).expect("the image"));
        here.run(&["get", &link]).ok();
    }
}

#[test]
fn remains_of_deleted_points_are_listed_on_request_and_said_to_be_such() {
    let Some(here) = volume() else { return };
    set_four(&here);
    let mounted = Mounted::of(&here);
    for name in ["link", "vendor"] {
        std::fs::remove_file(mounted.0.join(name)).expect("a file is deleted");
    }
    drop(mounted);
    assert!(!here.run(&["find", "disk.img!/"]).ok().contains("link"));
    let ran = here.run(&["find", "--deleted", "disk.img!/"]);
    assert!(ran.stderr.contains("remains of deleted files"), "{}", ran.stderr);
    let told = ran.ok();
    assert_eq!(told.lines().count(), 2, "{told}");
    let line = told.lines().find(|line| line.starts_with("disk.img!/link: SYMLINK -> ")).expect("the link");
    assert!(line.contains("[deleted, record ") && line.contains("the point in the record"), "{line}");
    let vendor = told.lines().find(|line| line.starts_with("disk.img!/vendor: ")).expect("the vendor's");
    assert!(vendor.contains("clusters, free still"), "{vendor}");
    let ran = here.run(&["find", "--deleted", "--kind", "vendor", "--json", "disk.img!/"]);
    let [value] = &ran.json()[..] else { panic!("{}", ran.stdout) };
    assert_eq!((&value["deleted"], &value["path_is_whole"]), (&true.into(), &true.into()), "{value}");
    assert_eq!((&value["point_at"]["where"], &value["point_at"]["reused"]), (&"clusters".into(), &0.into()));
    assert_eq!(value["bytes"].as_str().expect("bytes").len(), 2 * 16_384);
    assert!(here.run(&["find", "--deleted", "."]).fails(2).contains("only a volume in an image"));
    here.run(&["find", "--deleted", "disk.img!/folder"]).fails(2);
}

/// An MBR of two partitions, of which only the second has a volume. (Wikipedia, "Master boot record")
#[test]
fn a_partition_is_named_by_its_number_or_its_first_byte() {
    const START: u64 = 4 << 20;
    let Some(here) = volume() else { return };
    let volume = std::fs::read(here.join("disk.img")).expect("the volume");
    let mut table = vec![0u8; 512];
    for (at, kind, first, sectors) in [(446, 0x83, 2048u32, 2048u32), (462, 0x07, 8192, 65_536)] {
        table[at + 4] = kind;
        table[at + 8..at + 12].copy_from_slice(&first.to_le_bytes());
        table[at + 12..at + 16].copy_from_slice(&sectors.to_le_bytes());
    }
    table[510..].copy_from_slice(&[0x55, 0xAA]);
    table.resize(usize::try_from(START).expect("small"), 0);
    table.extend_from_slice(&volume);
    std::fs::write(here.join("whole.img"), table).expect("an image");
    here.run(&["set", "--create", "file", "--symlink", "x", "whole.img!2:/link"]).ok();
    for prefix in ["whole.img!2:/", "whole.img!/", "whole.img!@4194304:/"] {
        assert_eq!(here.run(&["find", "-l", prefix]).ok(), format!("{prefix}link\n"));
    }
    here.run(&["get", "whole.img!1:/link"]).fails(4);
    here.run(&["get", "whole.img!7:/link"]).fails(4);
    assert!(here.run(&["check", "whole.img!2:/"]).ok().contains("findings: 0"));
    here.run(&["undo", "whole.img!2:/"]).ok();
    assert_eq!(here.run(&["find", "whole.img!/"]).ok(), "");
}

/// Whatever a command does to an image in how many steps: one `undo` takes all of it back.
#[test]
fn undo_takes_back_all_that_the_last_command_changed() {
    let Some(here) = volume() else { return };
    let image = || std::fs::read(here.join("disk.img")).expect("the image");
    here.run(&["set", "--create", "file", "--symlink", "x", "disk.img!/a"]).ok();
    let before = image();
    // Extended attributes and the point on a file that is there are two changes.
    here.run(&["set", "--wsl-fifo", "--lx-mode", "644", "--replace-tag", "disk.img!/a"]).ok();
    here.run(&["undo", "disk.img"]).ok();
    assert!(image() == before);
    let line = |name: usize| format!(r#"{{"path":"disk.img!/many {name}","create":"file","symlink":"x"}}"#);
    here.file("lines", &(0..40).map(|name| line(name) + "\n").collect::<String>());
    here.shell("pointsman set --batch < lines").ok();
    here.shell("pointsman save disk.img!/ > points.jsonl").ok();
    let full = image();
    here.run(&["undo", "disk.img"]).ok();
    assert!(image() == before);
    here.run(&["restore", "disk.img!/", "points.jsonl"]).ok();
    assert!(image() != full && image() != before);
    here.run(&["undo", "disk.img"]).ok();
    assert!(image() == before);
    here.run(&["undo", "disk.img"]).fails(4);
}

/// A junction's entry in its directory tells another tag, as Linux' ntfs3 leaves it: told in words and in JSON, and put
/// right; on a volume that is marked dirty only by force.
#[test]
fn check_tells_in_words_and_repairs_a_dirty_volume_only_by_force() {
    let Some(here) = volume() else { return };
    here.run(&["set", "--create", "dir", "--junction", r"C:\target", "disk.img!/j"]).ok();
    let path = here.join("disk.img");
    let mut image = std::fs::read(&path).expect("the image");
    // In the entry the attributes of a reparse point and a directory, then the tag, then the length and form of the name.
    let entry = [&0x1000_0400u32.to_le_bytes()[..], &0xA000_0003u32.to_le_bytes(), &[1, 0, b'j', 0]].concat();
    let found: Vec<usize> =
        (0..image.len() - entry.len()).filter(|at| image[*at..].starts_with(&entry)).collect();
    let [at] = found.as_slice() else { panic!("{found:?}") };
    image[at + 4..at + 8].fill(0);
    std::fs::write(&path, &image).expect("the image");
    let told = here.run(&["check", "disk.img!/"]);
    assert_eq!(told.code, 1);
    let words = "/j: its directory's entry j tells IO_REPARSE_TAG_RESERVED_ZERO (0x00000000), and the file has IO_REPARSE_TAG_MOUNT_POINT (0xA0000003)";
    assert_eq!(told.stdout.lines().next(), Some(words));
    assert!(told.stdout.contains("\n  next: add --repair\n"), "{}", told.stdout);
    here.shell("ntfsfix disk.img > /dev/null").ok(); // marks it dirty
    let told = here.run(&["check", "--repair", "disk.img!/"]).fails(4);
    assert!(told.contains("marked dirty") && told.contains("--force"), "{told}");
    let told = here.run(&["check", "--repair", "--force", "--json", "disk.img!/"]).ok();
    let lines: Vec<serde_json::Value> =
        told.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((&lines[0]["kind"], &lines[0]["repaired"]), (&"name_differs".into(), &true.into()));
    assert_eq!(lines[1]["summary"]["repaired"], 1);
    here.shell("ntfsfix -d disk.img > /dev/null").ok();
    assert_clean(&here);
}

/// What docs/CLI.md says of findings is what there is.
#[test]
fn every_kind_of_finding_is_documented() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/CLI.md");
    let page = std::fs::read_to_string(page).expect("docs/CLI.md");
    let (_, table) = page.split_once("| kind | of an image").expect("the table");
    for kind in ntfs::Wrong::KINDS {
        assert!(table.contains(&format!("| `{kind}` |")), "{kind}");
    }
}
