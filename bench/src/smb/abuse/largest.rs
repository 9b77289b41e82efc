//! The largest answers, chains and inputs that a client may ask for, as many as it has credits for.
use super::super::link::{Link, Protection, answers};
use super::super::load::opened;
use super::super::ops::{create_request, file_id_of};
use super::greedy::{Statuses, earn, pipelined, push, told};
use super::{Ground, Outcome};
use crate::report::Failure;
use nt::{AccessMask, CreateDisposition, CreateOptions, FileInformationClass, FsctlCode, Utf16};
use std::fs;
use std::time::Duration;
use wire::create::OplockLevel;
use wire::ioctl::{CopyChunk, CopyChunkRequest, ResumeKey, code};
use wire::query_directory::QueryDirectoryFlags;
use wire::query_info::InfoType;
use wire::{FileId, Request, Response, Writer, query_directory, set_info};

/// MaxTransactSize.
const LARGEST: u32 = 8 << 20;

/// As many requests of the largest size as 8192 credits pay for, with some to spare.
const REQUESTS: usize = 60;

fn directory(link: &mut Link, path: &str) -> Result<FileId, Failure> {
    let list = AccessMask::FILE_LIST_DIRECTORY;
    let request = create_request(path, list, CreateDisposition::OPEN, CreateOptions::DIRECTORY_FILE);
    file_id_of(&link.round_trip(&[request])?).ok_or_else(|| path.to_owned().into())
}

fn whole_listing(file_id: FileId) -> Request<'static> {
    Request::QueryDirectory(query_directory::Request {
        class: FileInformationClass::ID_BOTH_DIRECTORY_INFORMATION,
        flags: QueryDirectoryFlags::RESTART_SCANS,
        file_index: 0,
        file_id,
        pattern: Utf16::from("*"),
        output_len_max: LARGEST,
    })
}

/// READs and listings of 8 MiB, in chains and alone, on several connections that read nothing.
pub(super) fn outputs(ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Failure> {
    fs::write(ground.server.share.join("big"), vec![5; LARGEST as usize])?;
    let many = ground.server.share.join("many");
    fs::create_dir_all(&many)?;
    let names = ground.count(60_000, 4000);
    for at in 0..names {
        fs::File::create(many.join(format!("{at:0>40}")))?;
    }
    let mut links = Vec::new();
    let mut sent = 0;
    for at in 0..ground.count(16, 6) {
        let mut link = ground.link()?;
        earn(&mut link)?;
        let bytes = match at % 4 {
            // One chain of related requests.
            0 => {
                let folder = directory(&mut link, "many")?;
                let first = whole_listing(folder);
                let rest = (1..REQUESTS).map(|_| whole_listing(FileId::ANY));
                link.framed(&[first].into_iter().chain(rest).collect::<Vec<_>>())?
            }
            1 => {
                let file = opened(&mut link, "big", OplockLevel::NONE)?;
                let first = requests::read(file, 0, LARGEST);
                let rest = (1..REQUESTS).map(|_| requests::read(FileId::ANY, 0, LARGEST));
                link.framed(&[first].into_iter().chain(rest).collect::<Vec<_>>())?
            }
            // Each by itself, each listing on an open of its own.
            2 => {
                let mut all = Vec::new();
                for _ in 0..REQUESTS {
                    let folder = directory(&mut link, "many")?;
                    all.push(folder);
                }
                let framed: Result<Vec<_>, _> =
                    all.into_iter().map(|folder| link.framed(&[whole_listing(folder)])).collect();
                framed?.concat()
            }
            _ => {
                let file = opened(&mut link, "big", OplockLevel::NONE)?;
                let framed: Result<Vec<_>, _> =
                    (0..REQUESTS).map(|_| link.framed(&[requests::read(file, 0, LARGEST)])).collect();
                framed?.concat()
            }
        };
        sent += push(&mut link.stream, &bytes)?;
        links.push(link);
    }
    std::thread::sleep(Duration::from_secs(if ground.is_quick { 2 } else { 10 }));
    outcome.tell(format!(
        "{} connections, {sent} bytes of requests for {} MiB of answers; the folder has {names} names",
        links.len(),
        (links.len() * REQUESTS * LARGEST as usize) >> 20
    ));
    Ok(())
}

/// Chains as long as they may be, and copies as large as they may be, read as they come.
pub(super) fn chains(ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Failure> {
    fs::write(ground.server.share.join("source"), vec![5; 16 << 20])?;
    let rounds = ground.count(40, 4);
    let attackers: Vec<_> = (0..8)
        .map(|at| {
            let target = ground.target();
            std::thread::spawn(move || {
                let mut link = Link::connect(target).map_err(|error| error.to_string())?;
                let done = match at % 2 {
                    0 => long_chains(&mut link, rounds),
                    _ => copies(&mut link, at, rounds),
                };
                done.map_err(|error| error.to_string())
            })
        })
        .collect();
    let mut all = Statuses::new();
    for attacker in attackers {
        let seen = attacker.join().map_err(|_| "an attacker panicked")??;
        seen.into_iter().for_each(|(status, count)| *all.entry(status).or_default() += count);
    }
    outcome.tell(format!("answers: {}", told(&all)));
    Ok(())
}

fn long_chains(link: &mut Link, rounds: usize) -> Result<Statuses, Failure> {
    earn(link)?;
    pipelined(link, rounds * 4, 16, |_| {
        let access = AccessMask::FILE_READ_ATTRIBUTES | AccessMask::FILE_READ_DATA;
        let open =
            create_request(r"kept\large", access, CreateDisposition::OPEN, CreateOptions::OPEN_REPARSE_POINT);
        let middle = (0..254).map(|_| all_information(FileId::ANY, 65_536));
        [open].into_iter().chain(middle).chain([requests::close(FileId::ANY)]).collect()
    })
}

fn all_information(file_id: FileId, output_len_max: u32) -> Request<'static> {
    query(InfoType::FILE, FileInformationClass::ALL_INFORMATION, file_id, output_len_max)
}

fn query(
    info_type: InfoType,
    class: FileInformationClass,
    file_id: FileId,
    output_len_max: u32,
) -> Request<'static> {
    let class = u8::try_from(class.0).unwrap_or_default();
    requests::query(file_id, info_type, class, output_len_max)
}

/// 16 MiB at a time, one request behind the other.
fn copies(link: &mut Link, number: usize, rounds: usize) -> Result<Statuses, Failure> {
    earn(link)?;
    let source = opened(link, "source", OplockLevel::NONE)?;
    let target = opened(link, &format!("copy{number}"), OplockLevel::NONE)?;
    let message = link.round_trip(&[requests::control(code::SRV_REQUEST_RESUME_KEY, source, &[], 32)])?;
    let key = answers(&message)?.into_iter().find_map(|(_, answer)| match answer {
        Response::Ioctl(answer) => ResumeKey::decode(answer.output).ok(),
        _ => None,
    });
    let chunk = |at: u32| {
        let offset = u64::from(at) << 20;
        CopyChunk { source_offset: offset, target_offset: offset, len: 1 << 20 }
    };
    let request =
        CopyChunkRequest { source: key.ok_or("no resume key")?, chunks: (0..16).map(chunk).collect() };
    let mut w = Writer::new();
    request.encode(&mut w);
    let input = w.finish()?;
    pipelined(link, rounds, rounds, |_| {
        vec![requests::control(code::SRV_COPYCHUNK_WRITE, target, &input, 12)]
    })
}

/// The largest EAs, names, points and structures, 8 MiB where a message may have that.
pub(super) fn inputs(ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Failure> {
    let mut link = Link::connect(ground.server.target(Protection::Plain))?;
    earn(&mut link)?;
    let file = {
        let access = AccessMask::GENERIC_ALL;
        let request = create_request("inputs", access, CreateDisposition::OPEN_IF, CreateOptions(0));
        file_id_of(&link.round_trip(&[request])?).ok_or("the file")?
    };
    let rounds = ground.count(64, 8);
    let ea = full_ea(200);
    let large = vec![0x41; LARGEST as usize];
    let name: String = "a\\".repeat(16_000);
    let set = |class: FileInformationClass, input| {
        Request::SetInfo(set_info::Request {
            info_type: InfoType::FILE,
            class: u8::try_from(class.0).unwrap_or_default(),
            additional: 0,
            file_id: file,
            input,
        })
    };
    let mut turns = vec![];
    turns.push(turn("EAs set", &mut link, rounds, &|_| set(FileInformationClass::FULL_EA_INFORMATION, &ea))?);
    turns.push(turn("EAs asked for", &mut link, rounds, &|_| {
        query(InfoType::FILE, FileInformationClass::FULL_EA_INFORMATION, file, LARGEST)
    })?);
    turns.push(turn("EAs of 8 MiB", &mut link, rounds, &|_| {
        set(FileInformationClass::FULL_EA_INFORMATION, &large)
    })?);
    turns.push(turn("renames to 8 MiB", &mut link, rounds, &|_| {
        set(FileInformationClass::RENAME_INFORMATION, &large)
    })?);
    turns.push(turn("points of 8 MiB", &mut link, rounds, &|_| {
        requests::control(FsctlCode::SET_REPARSE_POINT, file, &large, 0)
    })?);
    turns.push(turn("ranges", &mut link, rounds, &|_| {
        requests::control(FsctlCode::QUERY_ALLOCATED_RANGES, file, &large, LARGEST)
    })?);
    turns.push(turn("writes of 8 MiB", &mut link, rounds, &|_| requests::write(file, 0, &large))?);
    turns.push(turn("writes far out", &mut link, rounds, &|at| {
        requests::write(file, (1 << 40) + at as u64, &large)
    })?);
    turns.push(turn("names of 32,000 units", &mut link, rounds, &|_| {
        create_request(&name, AccessMask::GENERIC_READ, CreateDisposition::OPEN, CreateOptions(0))
    })?);
    turns.iter().for_each(|(what, seen)| outcome.tell(format!("{what}: {}", told(seen))));
    Ok(())
}

/// One kind of request, several times.
fn turn<'a>(
    what: &'static str,
    link: &mut Link,
    rounds: usize,
    make: &dyn Fn(usize) -> Request<'a>,
) -> Result<(&'static str, Statuses), Failure> {
    Ok((what, pipelined(link, rounds, 8, |at| vec![make(at)])?))
}

/// FILE_FULL_EA_INFORMATION: fourteen of this length each, which ext4 has room for. [MS-FSCC] 2.4.16
fn full_ea(len: usize) -> Vec<u8> {
    let mut all = Vec::new();
    for at in 0..14u8 {
        let start = all.len();
        let name = [b'E', b'A', b'A' + at];
        all.extend(0u32.to_le_bytes());
        all.extend([0, 3]);
        all.extend(u16::try_from(len).unwrap_or_default().to_le_bytes());
        all.extend(name);
        all.push(0);
        all.extend(vec![7; len]);
        if at < 13 {
            all.resize(all.len().next_multiple_of(4), 0);
            let next = u32::try_from(all.len() - start).unwrap_or_default();
            if let Some(field) = all.get_mut(start..start + 4) {
                field.copy_from_slice(&next.to_le_bytes());
            }
        }
    }
    all
}
