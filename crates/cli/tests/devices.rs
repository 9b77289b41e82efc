//! The command on block devices: a loop device with partitions of every kind, and what is refused while one is mounted.
//! Needs root and loop devices; where they are missing, or a tool is, a test skips and says so.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)] // a test that fails does so by a panic
mod run;

use run::Scratch;
use std::process::Command;

/// A loop device over an image, until this is dropped.
struct Loop(String);

impl Loop {
    /// `None`, with the reason printed, where there are none.
    fn over(here: &Scratch, image: &str) -> Option<Loop> {
        let output = Command::new("losetup").args(["-f", "--show", "-P"]).arg(here.join(image)).output();
        match output {
            Ok(output) if output.status.success() => {
                Some(Loop(String::from_utf8_lossy(&output.stdout).trim().to_owned()))
            }
            other => {
                eprintln!("skipped: losetup: {other:?}");
                None
            }
        }
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = Command::new("losetup").args(["-d", &self.0]).output();
    }
}

fn missing(tools: &[&str]) -> bool {
    let absent = tools.iter().find(|tool| {
        let there = Command::new("sh").args(["-c", &format!("command -v {tool}")]).output();
        !there.is_ok_and(|output| output.status.success())
    });
    absent.inspect(|tool| eprintln!("skipped: {tool} is not installed")).is_some()
}

/// A disk with a table that sfdisk makes of these lines, with a volume at each byte that is named.
fn partitioned(here: &Scratch, table: &str, volumes: &[u64]) {
    here.file("table", table);
    here.shell("truncate -s 96M disk.img && sfdisk -q disk.img < table && truncate -s 12M volume.img").ok();
    here.shell("mkntfs -q -f -F volume.img 2>&1").ok();
    for start in volumes {
        here.shell(&format!(
            "dd if=volume.img of=disk.img bs=1M seek={} conv=notrunc status=none",
            start >> 20
        ))
        .ok();
    }
}

/// Two primary partitions, and two logical ones in an extended one: sfdisk writes the table, Linux numbers them so.
const MBR: &str = "label: dos\n\
    start=2048, size=4096, type=83\n\
    start=8192, size=24576, type=7\n\
    start=34816, size=131072, type=5\n\
    start=36864, size=24576, type=7\n\
    start=69632, size=24576, type=7\n";
const MBR_VOLUMES: [(u32, u64); 3] = [(2, 8192 * 512), (5, 36_864 * 512), (6, 69_632 * 512)];
const GPT: &str = "label: gpt\n\
    start=2048, size=4096, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4\n\
    start=8192, size=24576, type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7\n\
    start=34816, size=24576, type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7\n";
const GPT_VOLUMES: [(u32, u64); 2] = [(2, 8192 * 512), (3, 34_816 * 512)];

#[test]
fn partitions_of_an_mbr_of_its_extended_one_and_of_a_gpt_are_those_that_linux_numbers() {
    if missing(&["sfdisk", "mkntfs", "losetup"]) {
        return;
    }
    for (table, volumes) in [(MBR, &MBR_VOLUMES[..]), (GPT, &GPT_VOLUMES)] {
        let here = Scratch::new();
        let starts: Vec<u64> = volumes.iter().map(|(_, start)| *start).collect();
        partitioned(&here, table, &starts);
        for (number, start) in volumes {
            let set = format!("disk.img!{number}:/in {number}");
            here.run(&["set", "--create", "file", "--symlink", "x", &set]).ok();
            let at = format!("disk.img!@{start}:/");
            assert_eq!(here.run(&["find", "-l", &at]).ok(), format!("{at}in {number}\n"));
        }
        // Several volumes: one must be named.
        let told = here.run(&["find", "disk.img!/"]).fails(4);
        assert!(told.contains("NTFS partitions") && told.contains("IMAGE!2:/path"), "{told}");
        here.run(&["find", "disk.img!9:/"]).fails(4);
        let Some(device) = Loop::over(&here, "disk.img") else { continue };
        for (number, _) in volumes {
            // Linux' own device of the partition, where it makes one, and ours of the whole.
            let of_whole = format!("{}!{number}:/", device.0);
            assert_eq!(here.run(&["find", "-l", &of_whole]).ok(), format!("{of_whole}in {number}\n"));
            let partition = format!("{}p{number}", device.0);
            if std::fs::metadata(&partition).is_ok() {
                let inside = format!("{partition}!/");
                assert_eq!(here.run(&["find", "-l", &inside]).ok(), format!("{inside}in {number}\n"));
            }
        }
    }
}

#[test]
fn a_block_device_is_changed_unless_it_is_mounted_and_undone() {
    if missing(&["mkntfs", "losetup", "ntfs-3g", "ntfsfix"]) {
        return;
    }
    let here = Scratch::new();
    here.shell("truncate -s 16M disk.img && mkntfs -q -f -F disk.img 2>&1").ok();
    let before = std::fs::read(here.join("disk.img")).expect("the image");
    let Some(device) = Loop::over(&here, "disk.img") else { return };
    let link = format!("{}!/link", device.0);
    here.run(&["set", "--create", "file", "--symlink", "x", &link]).ok();
    assert!(here.run(&["get", &link]).ok().contains("SYMLINK"));
    here.shell(&format!("ntfsfix -n {} | grep -q 'processed successfully'", device.0)).ok();
    assert!(here.run(&["check", &format!("{}!/", device.0)]).ok().contains("findings: 0"));
    // While another has the device for itself, as the kernel and ntfs-3g do of what they have mounted.
    here.dir("mnt");
    let mounted = here.shell(&format!("ntfs-3g {} mnt", device.0));
    if mounted.code == 0 {
        let told = here.run(&["set", "--symlink", "y", &link]).fails(4);
        here.shell("umount mnt && sleep 0.5").ok();
        assert!(told.contains("the image is in use") && told.contains("unmount"), "{told}");
        assert!(here.run(&["get", &link]).ok().contains(" x"));
    } else {
        eprintln!("skipped in part: ntfs-3g: {}", mounted.stderr);
    }
    // The journal is not in /dev, where the next start of the machine would lose it.
    assert!(!std::path::Path::new(&format!("{}.pointsman-last", device.0)).exists());
    // What ntfs-3g wrote at its mount is not ours to take back; a change after it is.
    let between = here.shell("sync; cat disk.img").bytes;
    here.run(&["set", "--replace-tag", "--wsl", "target", &link]).ok();
    here.run(&["undo", &device.0]).ok();
    assert!(here.shell("sync; cat disk.img").bytes == between);
    assert!(between != before);
}
