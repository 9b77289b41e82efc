//! The data of files, whatever compressed it: wimlib and ntfs-3g write it, we read the same bytes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that is wrong shall panic
mod judge;

use judge::{Disk, missing, skip, wim};
use ntfs::{DataForm, Error, FileRef, Image, OpenOptions};

const TOOLS: &[&str] = &["mkntfs", "ntfs-3g", "setfattr", "getfattr"];

fn opened(disk: &Disk) -> Image {
    Image::open(&disk.image(), &OpenOptions { read_only: true, ..OpenOptions::default() }).unwrap()
}

/// All of a file, in pieces of so many bytes.
fn content(volume: &Image, file: FileRef, piece: usize) -> ntfs::Result<Vec<u8>> {
    let (mut whole, mut buffer) = (Vec::new(), vec![0xAA; piece]);
    loop {
        match volume.read_content(file, whole.len() as u64, &mut buffer)? {
            0 => return Ok(whole),
            read => whole.extend_from_slice(&buffer[..read]),
        }
    }
}

/// Puts a file on the volume as `compact /exe` leaves it: a hole for the data, the compressed stream, the point.
fn put_wof(mounted: &judge::Mounted<'_>, name: &str, len: usize, stream: &[u8], algorithm: u32) {
    let file = std::fs::File::create(mounted.path(name)).unwrap();
    file.set_len(len as u64).unwrap();
    drop(file);
    std::fs::write(mounted.path(&format!("{name}:WofCompressedData")), stream).unwrap();
    mounted.set(name, &wim::point(algorithm));
}

#[test]
fn what_wimlib_compresses_reads_as_it_was_in_every_way_and_size() {
    if let Some(why) = missing(&[TOOLS, &["wimlib-imagex"]].concat()) {
        return skip(&why);
    }
    let disk = Disk::format(96, &[]);
    let mounted = disk.mount_with("efs_raw,streams_interface=windows");
    let mut written: Vec<(String, Vec<u8>)> = Vec::new();
    let mut raw_chunks = 0;
    for way in wim::WAYS {
        let chunk: usize = way.2.parse().unwrap();
        for (kind, data) in wim::samples() {
            let lens = [1, 2, 11, chunk - 1, chunk, chunk + 1, 3 * chunk + 17, data.len()];
            for len in lens.into_iter().filter(|len| *len <= data.len()) {
                // Different places: each chunk meets another part of the data.
                let from = (data.len() - len) / 3;
                let data = &data[from..from + len];
                let Some(stream) = wim::compressed(&disk.beside("wim"), data, way) else { continue };
                let name = format!("{kind} {} {chunk} {len}", way.1);
                raw_chunks += usize::from(kind == "mixed" && len > chunk);
                put_wof(&mounted, &name, len, &stream, way.0);
                written.push((name, data.to_vec()));
            }
        }
    }
    put_wof(&mounted, "empty", 0, b"", 1);
    written.push(("empty".into(), Vec::new()));
    drop(mounted);
    assert!(written.len() > 60 && raw_chunks > 6, "{} files", written.len());
    let volume = opened(&disk);
    for (name, data) in &written {
        let file = volume.find(name).unwrap();
        assert!(content(&volume, file, 1 << 18).unwrap() == *data, "{name}");
        // Pieces that no chunk begins or ends with.
        let short = data.len() < 200_000;
        assert!(!short || content(&volume, file, 5003).unwrap() == *data, "{name} in pieces");
    }
    drop(volume);
    second_reader(&disk, &written);
}

/// ntfs-3g reads such files by a plugin, which Debian does not have (github.com/ebiggers/ntfs-3g-system-compression): that
/// the files are what Windows' driver makes is its word against ours, where it is installed.
fn second_reader(disk: &Disk, written: &[(String, Vec<u8>)]) {
    let folders = ["/usr/lib/x86_64-linux-gnu/ntfs-3g", "/usr/lib/ntfs-3g"];
    let plugin = |folder: &&str| std::path::Path::new(folder).join("ntfs-plugin-80000017.so").exists();
    if !folders.iter().any(plugin) {
        return skip("ntfs-3g's plugin for system compression is not installed: no second reader");
    }
    let mounted = disk.mount();
    for (name, data) in written {
        assert!(std::fs::read(mounted.path(name)).unwrap() == *data, "{name}, as ntfs-3g reads it");
    }
}

/// Chunks that would not become smaller lie there as they are; wimlib would not make a file of such chunks alone.
#[test]
fn chunks_that_are_not_smaller_are_read_as_they_are_and_a_lying_table_is_refused() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let disk = Disk::format(16, &[]);
    let mounted = disk.mount_with("efs_raw,streams_interface=windows");
    let (_, noise) = wim::samples().pop().unwrap();
    let data = &noise[..20_000];
    let table: Vec<u8> = [8192u32, 16_384].iter().flat_map(|at| at.to_le_bytes()).collect();
    put_wof(&mounted, "raw", data.len(), &[&table, data].concat(), 2);
    for (name, table) in [("far", [8192u32, 1 << 30]), ("back", [8192, 100]), ("long", [9000, 16_384])] {
        let table: Vec<u8> = table.iter().flat_map(|at| at.to_le_bytes()).collect();
        put_wof(&mounted, name, data.len(), &[&table, data].concat(), 2);
    }
    put_wof(&mounted, "cut", data.len(), &table[..5], 2);
    put_wof(&mounted, "none of it", data.len(), &[&table, &noise[..3000]].concat(), 2);
    put_wof(&mounted, "unknown", data.len(), data, 77);
    drop(mounted);
    let volume = opened(&disk);
    assert!(content(&volume, volume.find("raw").unwrap(), 7000).unwrap() == data);
    for name in ["far", "back", "long", "cut", "none of it"] {
        let read = content(&volume, volume.find(name).unwrap(), 1 << 16);
        assert!(matches!(read, Err(Error::Corrupt { .. })), "{name}");
    }
    let read = content(&volume, volume.find("unknown").unwrap(), 1 << 16);
    assert!(matches!(read, Err(Error::NotSupported(_))));
}

/// 0x800, FILE_ATTRIBUTE_COMPRESSED, on the directory: ntfs-3g compresses what is made in it.
#[test]
fn what_ntfs_3g_compresses_reads_as_it_was() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    for geometry in [&[][..], &["-c", "512"], &["-c", "2048"]] {
        let disk = Disk::format(64, geometry);
        let mounted = disk.mount_with("efs_raw,streams_interface=xattr,compression");
        std::fs::create_dir(mounted.path("packed")).unwrap();
        mounted.set_xattr("packed", "system.ntfs_attrib_be", &0x0000_0810u32.to_be_bytes());
        let mut written: Vec<(String, Vec<u8>)> = Vec::new();
        for (kind, data) in wim::samples() {
            for len in [1, 600, 4095, 4096, 4097, 65_535, 65_536, 65_537, 700_001] {
                let data = &data[..len.min(data.len())];
                let name = format!("packed/{kind} {len}");
                std::fs::write(mounted.path(&name), data).unwrap();
                written.push((name, data.to_vec()));
            }
        }
        // Written in places: holes between, and an end that was never written.
        let file = std::fs::File::create(mounted.path("packed/holes")).unwrap();
        let mut holes = vec![0; 900_000];
        for at in [0, 70_000, 300_000, 655_360] {
            let text = &written[9].1;
            std::os::unix::fs::FileExt::write_all_at(&file, text, at as u64).unwrap();
            holes[at..at + text.len()].copy_from_slice(text);
        }
        file.set_len(holes.len() as u64).unwrap();
        drop(file);
        written.push(("packed/holes".into(), holes));
        drop(mounted);
        let volume = opened(&disk);
        let mut compressed = 0;
        for (name, data) in &written {
            let file = volume.find(name).unwrap();
            let [stream] = &volume.streams(file).unwrap()[..] else { panic!("{name}") };
            assert_eq!(stream.len, data.len() as u64);
            compressed += usize::from(stream.form == DataForm::Compressed && !stream.is_resident);
            assert!(content(&volume, file, 1 << 18).unwrap() == *data, "{geometry:?} {name}");
            assert!(content(&volume, file, 10_007).unwrap() == *data, "{geometry:?} {name} in pieces");
        }
        assert!(compressed > 30, "{geometry:?}: {compressed} files are compressed");
    }
}

#[test]
fn holes_read_as_zeros_and_are_counted() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let disk = Disk::format(16, &[]);
    let mounted = disk.mount();
    let file = std::fs::File::create(mounted.path("sparse")).unwrap();
    file.set_len(1 << 20).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &[7; 5000], 500_000).unwrap();
    drop((file, mounted));
    let volume = opened(&disk);
    let file = volume.find("sparse").unwrap();
    let mut wanted = vec![0; 1 << 20];
    wanted[500_000..505_000].fill(7);
    assert!(content(&volume, file, 3000).unwrap() == wanted);
    let [stream] = &volume.streams(file).unwrap()[..] else { panic!() };
    assert_eq!((stream.form, stream.len), (DataForm::Plain, 1 << 20));
    assert!((5000..=16_384).contains(&stream.present), "{}", stream.present);
}

/// ntfs-3g sets the encryption of a file, as a backup of EFS files is restored; the bytes are then ciphertext.
#[test]
fn encrypted_data_is_refused_plainly() {
    if let Some(why) = missing(TOOLS) {
        return skip(&why);
    }
    let disk = Disk::format(16, &[]);
    let mounted = disk.mount();
    // Behind the sectors stands how many bytes of the last one are padding.
    std::fs::write(mounted.path("secret"), [&[0x5A; 8192][..], &100u16.to_le_bytes()].concat()).unwrap();
    // EFS_ATTR_HEADER begins with its length, a state, and the version 2; what follows would be the key. [MS-EFSR] 2.2.2.1
    let mut info = vec![0; 256];
    info[1] = 1;
    info[8] = 2;
    mounted.set_xattr("secret", "system.ntfs_efsinfo", &info);
    drop(mounted);
    let volume = opened(&disk);
    let file = volume.find("secret").unwrap();
    let streams = volume.streams(file).unwrap();
    assert_eq!((streams[0].form, streams[0].len), (DataForm::Encrypted, 8092));
    let refused = content(&volume, file, 100).unwrap_err();
    assert!(matches!(refused, Error::NotSupported(_)) && refused.to_string().contains("EFS"), "{refused}");
}
