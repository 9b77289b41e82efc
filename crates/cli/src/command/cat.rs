//! `pointsman cat`: the data behind a reparse point, where it is on the volume.
use crate::args::PlaceArgs;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::Output;
use crate::point::{describe, hex};
use crate::volume::{Object, Volumes};
use clap::Args;
use nt::{FileAttributes, NtStatus};
use places::{DataForm, StreamFacts, WOF_STREAM};
use reparse::{ReparsePoint, Tag, WimPointer, Wof, WofSource};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Write the data of a file that carries a reparse point, where it is on this disk
///
/// What is written is the file's own data as a program on Windows reads it: what NTFS or the overlay filter (`compact /exe`)
/// compressed is decoded. Of a placeholder of a cloud provider, or of another store, it is there whole (hydrated), in part,
/// or not at all (cloud-only); the last two are refused. A link is not followed without --follow; it is said where it leads.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CatArgs {
    /// The file
    path: PathBuf,
    /// Follow a symbolic link or a junction to the file that it leads to
    #[arg(long)]
    follow: bool,
    /// Do not write the data; say how much of it is on this disk
    #[arg(long)]
    state: bool,
    /// The state, and errors, as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

const EXAMPLES: &str = r"Examples:
  $ echo hello > kept
  $ pointsman set --tag CLOUD --data 00 kept
  $ pointsman cat kept
  $ pointsman cat --state kept
  $ pointsman set --create file --symlink kept link
  $ pointsman cat link || pointsman cat --follow link";

/// How much is read at a time, in bytes: a multiple of every chunk and unit that is compressed together.
const CHUNK: usize = 256 * 1024;
const WHAT: &str = "read the data";
/// On a placeholder whose data is not all here. [MS-FSCC] 2.6
const NOT_HERE: FileAttributes = FileAttributes(
    FileAttributes::OFFLINE.0 | FileAttributes::RECALL_ON_OPEN.0 | FileAttributes::RECALL_ON_DATA_ACCESS.0,
);

/// How much of a file's data is on the disk.
struct State {
    kind: Kind,
    len: u64,
    present: u64,
    /// How it is compressed, and in how many bytes where that is known.
    compression: Option<(&'static str, Option<u64>)>,
}

/// Where a file's data is.
#[derive(Clone, PartialEq, Eq)]
enum Kind {
    /// Here, whole.
    Hydrated,
    /// In another store, and a part of it here.
    Partial,
    /// In another store.
    CloudOnly,
    /// In the chunk store of this volume's deduplication.
    ChunkStore,
    /// In an image of the overlay filter.
    Wim(WimPointer),
    /// Here, under a key of somebody's.
    Encrypted,
    /// It is a link, and leads there.
    Link(String),
}

impl Kind {
    fn word(&self) -> &'static str {
        match self {
            Kind::Hydrated => "hydrated",
            Kind::Partial => "partial",
            Kind::CloudOnly => "cloud-only",
            Kind::ChunkStore => "chunk-store",
            Kind::Wim(_) => "wim",
            Kind::Encrypted => "encrypted",
            Kind::Link(_) => "link",
        }
    }
}

pub(crate) fn run(args: &CatArgs, out: &mut Output) -> Result<Exit, Fault> {
    let mut volumes = Volumes::new(&args.place)?;
    let done = object(args, &mut volumes).and_then(|object| match args.state {
        true => state(&object).map(|state| tell(args, &state, out)),
        false => write(&object, out),
    });
    done.map(|()| Exit::Ok).map_err(|fault| fault.at(&args.path))
}

/// The object that is meant: with --follow, the end of the links that begin with it.
fn object(args: &CatArgs, volumes: &mut Volumes) -> Result<Object, Fault> {
    let object = volumes.object(&args.path)?;
    let is_link = args.follow
        && object.get().is_ok_and(|found| matches!(found.point.tag(), Tag::SYMLINK | Tag::MOUNT_POINT));
    if !is_link {
        return Ok(object);
    }
    let resolution = volumes.resolve(&args.path)?;
    // A placeholder or a compressed file has a tag that no path goes through; its data is what is wanted.
    let place = match resolution.unfollowed {
        Some(place) => place,
        None => resolution.end?.place,
    };
    volumes.object(Path::new(&place))
}

fn tell(args: &CatArgs, state: &State, out: &mut Output) {
    let State { kind, len, present, compression } = state;
    let word = kind.word();
    if args.json {
        let mut value =
            json!({ "path": args.path.to_string_lossy(), "state": word, "len": len, "present": present });
        if let Some(fields) = value.as_object_mut() {
            if let Some((name, stored)) = compression {
                fields.insert("compression".into(), (*name).into());
                stored.iter().for_each(|stored| drop(fields.insert("stored".into(), (*stored).into())));
            }
            match kind {
                Kind::Link(target) => drop(fields.insert("target".into(), target.as_str().into())),
                Kind::Wim(pointer) => drop(fields.insert("wim".into(), wim_json(pointer))),
                _ => {}
            }
        }
        return out.json(&value);
    }
    let how = match compression {
        Some((name, Some(stored))) => format!(", as {name} in {stored} bytes"),
        Some((name, None)) => format!(", as {name}"),
        None => String::new(),
    };
    let path = args.path.display();
    match kind {
        Kind::Link(target) => out.line(format_args!("{path}: {word}: leads to {target}")),
        Kind::Wim(pointer) => out.line(format_args!("{path}: {word}: {}", wim_words(pointer))),
        _ => out.line(format_args!("{path}: {word}: {present} of {len} bytes are on this disk{how}")),
    }
}

/// What the volume has of the data; a file without holes has all of it.
fn state(object: &Object) -> Result<State, Fault> {
    let (tag, point) = match object.get() {
        Ok(found) => (Some(found.point.tag()), Some(ReparsePoint::from_raw(&found.point).0)),
        Err(fault) if fault.is_status(NtStatus::NOT_A_REPARSE_POINT) => (None, None),
        Err(fault) => return Err(fault),
    };
    if let Some(target) = point.as_ref().filter(|point| is_link(point)).and_then(describe::target) {
        return Ok(State { kind: Kind::Link(target), len: 0, present: 0, compression: None });
    }
    let streams = object.streams()?;
    let data = streams.iter().find(|stream| stream.name.is_empty());
    let data = data.ok_or_else(|| Fault::status(WHAT, NtStatus::FILE_IS_A_DIRECTORY).next("name a file"))?;
    let (len, present) = (data.len, data.present);
    let plain = |kind: Kind, compression| State { kind, len, present, compression };
    if let Some(ReparsePoint::Wof(wof)) = &point {
        return overlaid(wof, len, &streams);
    }
    let compression = (data.form == DataForm::Compressed && !data.is_resident).then_some(("LZNT1", None));
    if data.form == DataForm::Encrypted {
        return Ok(plain(Kind::Encrypted, None));
    }
    // A hole is data like any other where nobody keeps the data elsewhere.
    if !tag.is_some_and(is_kept_elsewhere) {
        return Ok(State { kind: Kind::Hydrated, len, present, compression });
    }
    let attributes = object.basic()?.attributes;
    let is_marked = attributes.0 & NOT_HERE.0 != 0;
    // A record has no holes: of a small file that is marked so, the zeros in it are none of its data.
    let present = if is_marked && data.is_resident { 0 } else { present };
    let kind = match present {
        _ if tag == Some(Tag::DEDUP) && (is_marked || present < len) => Kind::ChunkStore,
        present if present >= len && !is_marked => Kind::Hydrated,
        0 if len > 0 || is_marked => Kind::CloudOnly,
        _ => Kind::Partial,
    };
    Ok(State { kind, len, present, compression })
}

/// Tags that stand for another object, to which a path leads.
fn is_link(point: &ReparsePoint) -> bool {
    use ReparsePoint::{LxSymlink, MountPoint, Nfs, Symlink};
    matches!(point, Symlink(_) | MountPoint(_) | LxSymlink(_) | Nfs(_))
}

/// Tags of files whose data may be in another store.
fn is_kept_elsewhere(tag: Tag) -> bool {
    let stores = [Tag::HSM, Tag::HSM2, Tag::SIS, Tag::DEDUP, Tag::DFM, Tag::PROJFS, Tag::STORAGE_SYNC];
    tag.is_cloud() || stores.contains(&tag) || !tag.is_microsoft()
}

/// The data of a file that the overlay filter supplies is something else than what its stream holds.
fn overlaid(wof: &Wof, len: u64, streams: &[StreamFacts]) -> Result<State, Fault> {
    match wof.source() {
        WofSource::File { algorithm } => {
            let stored = streams.iter().find(|stream| stream.name == WOF_STREAM);
            let name = algorithm.name().unwrap_or("an unknown algorithm");
            let compression = Some((name, Some(stored.map_or(0, |stored| stored.len))));
            Ok(State { kind: Kind::Hydrated, len, present: len, compression })
        }
        WofSource::Wim(pointer) => {
            Ok(State { kind: Kind::Wim(pointer.clone()), len, present: 0, compression: None })
        }
    }
}

fn wim_words(pointer: &WimPointer) -> String {
    let WimPointer { data_source_id, data_hash, uncompressed_len, compressed_len, offset, .. } = pointer;
    let hash = hex::encode(data_hash);
    format!(
        "in the WIM image of data source {data_source_id}: {compressed_len} bytes at {offset}, which hold \
         {uncompressed_len} with the SHA-1 {hash}"
    )
}

fn wim_json(pointer: &WimPointer) -> serde_json::Value {
    json!({
        "data_source_id": pointer.data_source_id,
        "data_hash": hex::encode(&pointer.data_hash),
        "table_hash": hex::encode(&pointer.table_hash),
        "uncompressed_len": pointer.uncompressed_len,
        "compressed_len": pointer.compressed_len,
        "offset": pointer.offset,
    })
}

/// Why there is nothing to write, and the way out.
fn refusal(state: &State) -> Fault {
    let State { kind, len, present, .. } = state;
    let not_here = Fault::status(WHAT, NtStatus::FILE_NOT_AVAILABLE);
    match kind {
        Kind::Link(target) => Fault::status(WHAT, NtStatus::STOPPED_ON_SYMLINK)
            .because(format!("it is a link, and leads to {target}"))
            .next("--follow reads what a symbolic link or a junction leads to; `pointsman resolve` shows the way"),
        Kind::Wim(pointer) => not_here
            .because(format!("not on this disk: {}", wim_words(pointer)))
            .next("`wimlib-imagex extract` takes it out of that image"),
        Kind::ChunkStore => not_here
            .because(format!(
                "deduplicated: {present} of {len} bytes are in the file, the rest is in the volume's chunk store"
            ))
            .next("the chunk store is not read; on Windows Server, `Expand-DedupFile` puts the data back"),
        Kind::Encrypted => Fault::status(WHAT, NtStatus::NOT_SUPPORTED)
            .because("the data is encrypted by EFS, under a key that is not in the file")
            .next("on Windows, `cipher /d` as its user, or a recovery agent, decrypts it"),
        _ => not_here
            .because(format!("not on this disk: {}, {present} of {len} bytes are", kind.word()))
            .next("let the provider fetch the file, then ask again"),
    }
}

fn write(object: &Object, out: &mut Output) -> Result<(), Fault> {
    let state = state(object)?;
    if state.kind != Kind::Hydrated {
        return Err(refusal(&state));
    }
    let mut buffer = vec![0; CHUNK];
    let mut offset = 0u64;
    loop {
        let read = object.read_content(offset, &mut buffer)?;
        if read == 0 || out.is_closed() {
            return Ok(());
        }
        out.bytes(buffer.get(..read).unwrap_or_default());
        offset += read as u64;
    }
}
