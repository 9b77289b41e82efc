//! `pointsman cat`: the data behind a reparse point, where it is on the volume.
use crate::args::PlaceArgs;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::Output;
use crate::volume::{Object, Volumes};
use clap::Args;
use nt::NtStatus;
use reparse::{ReparsePoint, Tag, WofSource};
use serde_json::json;
use std::path::PathBuf;

/// Write the data of a file that carries a reparse point, where it is on this disk
///
/// The final name is never followed: what is written is the file's own data. Of a placeholder of a cloud provider, or of
/// another store, it is there whole (hydrated), in part, or not at all (cloud-only); the last two are refused. Files that the
/// overlay filter compressed (`compact /exe`) are not decoded.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CatArgs {
    /// The file
    path: PathBuf,
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
  $ pointsman cat --state kept";

/// How much is read at a time, in bytes.
const CHUNK: usize = 256 * 1024;
const WHAT: &str = "read the data";

/// How much of a file's data is on the disk.
struct State {
    word: &'static str,
    len: u64,
    present: u64,
}

pub(crate) fn run(args: &CatArgs, out: &mut Output) -> Result<Exit, Fault> {
    let mut volumes = Volumes::new(&args.place)?;
    let object = volumes.object(&args.path).map_err(|fault| fault.at(&args.path))?;
    let done = match args.state {
        true => state(&object).map(|state| tell(args, &state, out)),
        false => write(&object, out),
    };
    done.map(|()| Exit::Ok).map_err(|fault| fault.at(&args.path))
}

fn tell(args: &CatArgs, state: &State, out: &mut Output) {
    let State { word, len, present } = state;
    match args.json {
        true => out.json(
            &json!({ "path": args.path.to_string_lossy(), "state": word, "len": len, "present": present }),
        ),
        false => out
            .line(format_args!("{}: {word}: {present} of {len} bytes are on this disk", args.path.display())),
    }
}

/// What the volume has of the data; a file without holes has all of it.
fn state(object: &Object) -> Result<State, Fault> {
    let tag = match object.get() {
        Ok(found) => {
            require_decoded(&ReparsePoint::from_raw(&found.point).0)?;
            Some(found.point.tag())
        }
        Err(fault) if fault.is_status(NtStatus::NOT_A_REPARSE_POINT) => None,
        Err(fault) => return Err(fault),
    };
    let data = object.streams()?.into_iter().find(|stream| stream.name.is_empty());
    let data = data.ok_or_else(|| Fault::status(WHAT, NtStatus::FILE_IS_A_DIRECTORY).next("name a file"))?;
    // A hole is data like any other where nobody keeps the data elsewhere.
    let elsewhere = tag.is_some_and(is_kept_elsewhere);
    let word = match (elsewhere, data.present, data.len) {
        (false, ..) => "hydrated",
        (true, present, len) if present >= len => "hydrated",
        (true, 0, _) => "cloud-only",
        (true, ..) => "partial",
    };
    Ok(State { word, len: data.len, present: data.present })
}

/// Tags of files whose data may be in another store.
fn is_kept_elsewhere(tag: Tag) -> bool {
    let stores = [Tag::HSM, Tag::HSM2, Tag::SIS, Tag::DEDUP, Tag::DFM, Tag::PROJFS, Tag::STORAGE_SYNC];
    tag.is_cloud() || stores.contains(&tag) || !tag.is_microsoft()
}

/// The data of a file that the overlay filter supplies is something else than what its stream holds.
fn require_decoded(point: &ReparsePoint) -> Result<(), Fault> {
    let ReparsePoint::Wof(wof) = point else { return Ok(()) };
    Err(match wof.source() {
        WofSource::File { algorithm } => {
            let name = algorithm.name().unwrap_or("an unknown way");
            Fault::status(WHAT, NtStatus::NOT_SUPPORTED)
                .because(format!("the overlay filter compressed it by {name}, which is not decoded here"))
                .next("on Windows, `compact /u /exe` puts the data back")
        }
        WofSource::Wim(_) => Fault::status(WHAT, NtStatus::FILE_NOT_AVAILABLE)
            .because("not on this disk: it is in an image (WIMBoot)"),
    })
}

fn write(object: &Object, out: &mut Output) -> Result<(), Fault> {
    let state = state(object)?;
    if state.word != "hydrated" {
        let why = format!("not on this disk: {}, {} of {} bytes are", state.word, state.present, state.len);
        return Err(Fault::status(WHAT, NtStatus::FILE_NOT_AVAILABLE)
            .because(why)
            .next("let the provider fetch the file, then ask again"));
    }
    let mut buffer = vec![0; CHUNK];
    let mut offset = 0u64;
    loop {
        let read = object.read("", offset, &mut buffer)?;
        if read == 0 || out.is_closed() {
            return Ok(());
        }
        out.bytes(buffer.get(..read).unwrap_or_default());
        offset += read as u64;
    }
}
