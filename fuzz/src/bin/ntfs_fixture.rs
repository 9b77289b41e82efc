//! Makes `fuzz/fixtures/ntfs.runs` anew: a volume of mkntfs's, filled through ntfs-3g and by ourselves. Needs root, the
//! package ntfs-3g, and /dev/fuse.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a program of its own
use ntfs::{ExtendedAttribute, Image, NewFile, OpenOptions};
use pointsman_fuzz::ntfs_image::{pack, unpack};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

const NOW: nt::FileTime = nt::FileTime(133_000_000_000_000_000);

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("pointsman-fixture-{}", std::process::id()));
    let mount = folder.join("mnt");
    fs::create_dir_all(&mount)?;
    let image = folder.join("ntfs.img");
    fs::File::create(&image)?.set_len(3 << 20)?;
    run(Command::new("mkntfs").args(["-q", "-f", "-F", "-c", "1024", "-L", "fuzz"]).arg(&image))?;
    run(Command::new("ntfs-3g").args(["-o", "streams_interface=xattr"]).args([&image, &mount]))?;
    fill(&mount)?;
    run(Command::new("umount").arg(&mount))?;
    while Command::new("pgrep").arg("-f").arg(&image).output()?.status.success() {}
    points(&image)?;
    let bytes = fs::read(&image)?;
    let packed = pack(&bytes);
    if unpack(&packed) != bytes {
        return Err("what was packed unpacks to something else".into());
    }
    fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ntfs.runs"), &packed)?;
    println!("{} bytes in {}", bytes.len(), packed.len());
    fs::remove_dir_all(folder)?;
    Ok(())
}

fn run(command: &mut Command) -> Result<(), Box<dyn Error>> {
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(format!("{command:?}: {said}").into()) }
}

fn fill(mount: &Path) -> Result<(), Box<dyn Error>> {
    for directory in ["a", "a/b", "a/b/junction", "many"] {
        fs::create_dir(mount.join(directory))?;
    }
    for file in ["link", "plain", "first", "large", "gone"] {
        fs::write(mount.join(file), "")?;
    }
    for number in 0..40 {
        fs::write(mount.join(format!("many/name {number}")), "")?;
        // An attribute list, and then some.
        fs::hard_link(mount.join("first"), mount.join(format!("a/link number {number}")))?;
    }
    fs::remove_file(mount.join("gone"))?;
    Ok(())
}

fn points(image: &Path) -> Result<(), Box<dyn Error>> {
    let mut volume = Image::open(image, &OpenOptions::default())?;
    let link = reparse::Symlink::relative("..\\x")?.raw().encode();
    let mount = reparse::MountPoint::new("\\??\\C:\\x", "x")?.raw().encode();
    let vendor = reparse::RawReparse::new(reparse::Tag(0x0000_BEEF), Some(nt::Guid([7; 16])), &[7; 3000])?;
    let mut set = |path: &str, bytes: &[u8]| volume.find(path).and_then(|file| volume.set(file, bytes, NOW));
    set("link", &link)?;
    set("first", &link)?;
    set("a/b/junction", &mount)?;
    set("large", &vendor.encode())?;
    for number in (0..40).step_by(3) {
        set(&format!("many/name {number}"), &link)?;
    }
    let ea = ExtendedAttribute { name: b"$LXMOD".to_vec(), value: vec![0xA4, 0x11, 0, 0], is_needed: false };
    let fifo = reparse::RawReparse::new(reparse::Tag::LX_FIFO, None, &[])?.encode();
    let new = NewFile { eas: vec![ea], point: Some(fifo), ..NewFile::default() };
    volume.create_path("fifo", &new, NOW)?;
    Ok(())
}
