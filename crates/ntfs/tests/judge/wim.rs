//! Compressed files as wimlib makes them. A resource of a WIM archive has the form of `WofCompressedData`: the table, then
//! the chunks. (wimlib's README, and what `compact /exe` writes on Windows)
use super::run;
use std::path::Path;

/// The four ways, each with the number that the reparse point has for it, and what makes wimlib compress so.
pub(crate) const WAYS: [(u32, &str, &str); 4] =
    [(0, "XPRESS", "4096"), (2, "XPRESS", "8192"), (3, "XPRESS", "16384"), (1, "LZX", "32768")];

/// The resource that wimlib makes of a file; `None` when it would not become smaller.
pub(crate) fn compressed(folder: &Path, data: &[u8], (_, name, chunk): (u32, &str, &str)) -> Option<Vec<u8>> {
    let (source, archive) = (folder.join("source"), folder.join("archive.wim"));
    std::fs::create_dir_all(&source).unwrap();
    std::fs::write(source.join("file"), data).unwrap();
    let _ = std::fs::remove_file(&archive);
    let (source, path) = (source.to_str().unwrap(), archive.to_str().unwrap());
    let (kind, chunk) = (format!("--compress={name}"), format!("--chunk-size={chunk}"));
    run("wimlib-imagex", &["capture", source, path, &kind, &chunk]);
    let archive = std::fs::read(&archive).unwrap();
    let resource = |at: usize| {
        let number = |at: usize| u64::from_le_bytes(archive[at..at + 8].try_into().unwrap());
        let (len, flags) = (number(at) & 0x00FF_FFFF_FFFF_FFFF, archive[at + 7]);
        let (start, len) = (usize::try_from(number(at + 8)).unwrap(), usize::try_from(len).unwrap());
        (start..start + len, flags, number(at + 16))
    };
    // The header says where the table of blobs is; each of its entries has 50 bytes. Flag 2 is for metadata, 4 for what
    // is compressed.
    let (blobs, _, _) = resource(0x30);
    let mut files = blobs.step_by(50).map(resource).filter(|(_, flags, _)| flags & 2 == 0);
    let (range, flags, len) = files.next().unwrap();
    assert_eq!(len, data.len() as u64);
    (flags & 4 != 0).then(|| archive[range].to_vec())
}

/// What stands on disk for a file that is compressed beside itself.
pub(crate) fn point(algorithm: u32) -> Vec<u8> {
    reparse::Wof::file(reparse::WofAlgorithm(algorithm)).raw().encode()
}

/// Data of the kinds that are easy and hard to compress, machine code among them.
pub(crate) fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let code =
        std::fs::read("/bin/bash").or_else(|_| std::fs::read(std::env::current_exe().unwrap())).unwrap();
    let text = include_str!("../judges.rs").as_bytes().repeat(40);
    let mut chance = fastrand::Rng::with_seed(7);
    let noise: Vec<u8> = (0..3 << 20).map(|_| chance.u8(..)).collect();
    let mixed = |at: usize| {
        [&text[at..at + 5000], &noise[at..at + 9000], &[0; 7000], &code[at..at + 11_000]].concat()
    };
    vec![
        ("code", code.clone()),
        ("text", text.clone()),
        ("zeros", vec![0; 3 << 20]),
        ("mixed", (0..100).flat_map(|part| mixed(part * 1000)).collect()),
        ("noise", noise.clone()),
    ]
}
