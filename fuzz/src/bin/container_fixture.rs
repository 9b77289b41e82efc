//! Makes the images of `fuzz/fixtures/` in other formats anew: one small disk, as qemu-img and ewfacquire keep it.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a program of its own
use pointsman_fuzz::ntfs_image::{pack, unpack};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Bytes of the disk.
const DISK: usize = 256 << 10;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("pointsman-containers-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let raw = folder.join("raw.img");
    let mut disk = vec![0u8; DISK];
    // A table with one partition, and data of two kinds.
    let table = [0, 0, 0, 0, 7, 0, 0, 0, 128, 0, 0, 0, 128, 1, 0, 0];
    disk.iter_mut().skip(446).zip(table).for_each(|(place, byte)| *place = byte);
    disk.iter_mut().skip(510).zip([0x55, 0xAA]).for_each(|(place, byte)| *place = byte);
    let mut chance = fastrand::Rng::with_seed(1);
    disk.iter_mut().skip(70_000).take(700).for_each(|byte| *byte = chance.u8(..));
    disk.iter_mut().skip(140_000).take(3000).for_each(|byte| *byte = b'x');
    fs::write(&raw, &disk)?;
    let forms = [
        ("qcow2", "qcow2", "compression_type=zlib"),
        ("vhd", "vpc", "subformat=dynamic"),
        ("vhdx", "vhdx", "block_size=1048576"),
        ("vmdk", "vmdk", "subformat=monolithicSparse"),
        ("vmdk_packed", "vmdk", "subformat=streamOptimized"),
    ];
    for (name, format, options) in forms {
        let path = folder.join(name);
        run(Command::new("qemu-img").args(["convert", "-O", format, "-o", options]).args([&raw, &path]))?;
        keep(name, &path)?;
    }
    let target = folder.join("e01");
    run(Command::new("ewfacquire")
        .args(["-q", "-u", "-f", "encase6", "-c", "deflate:best", "-t"])
        .args([&target, &raw]))?;
    keep("e01", &folder.join("e01.E01"))?;
    fs::remove_dir_all(folder)?;
    Ok(())
}

fn keep(name: &str, path: &Path) -> Result<(), Box<dyn Error>> {
    let bytes = fs::read(path)?;
    let packed = pack(&bytes);
    if unpack(&packed) != bytes {
        return Err("what was packed unpacks to something else".into());
    }
    fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/{name}.runs")), &packed)?;
    println!("{name}: {} bytes in {}", bytes.len(), packed.len());
    Ok(())
}

fn run(command: &mut Command) -> Result<(), Box<dyn Error>> {
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(format!("{command:?}: {said}").into()) }
}
