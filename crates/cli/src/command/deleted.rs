//! `pointsman find --deleted`: what an image still tells of reparse points whose files were deleted.
use crate::exit::Exit;
use crate::fault::Fault;
use crate::fault_of::failure_fault;
use crate::output::Output;
use crate::point::{describe, hex};
use nt::Utf16;
use ntfs::{DeletedPoint, FilePath, Namespace, Remains};
use places::{Place, Walk, find_deleted};
use reparse::{RawReparse, ReparsePoint, Tag};
use serde_json::{Value, json};
use std::path::Path;

/// What is told first, so that nobody takes a remainder for a file.
const NOTE: &str =
    "these are remains of deleted files: each may be incomplete, or have been overwritten in part";

/// Lists them.
pub(crate) fn run(
    root: &Path,
    in_json: bool,
    passes: impl Fn(Tag) -> bool,
    out: &mut Output,
) -> Result<Exit, Fault> {
    const WHAT: &str = "look for deleted files";
    let Place::Image { image, partition, path } = Place::parse(root.as_os_str()) else {
        return Err(Fault::usage(WHAT, "only a volume in an image tells of them")
            .at(root)
            .next("name IMAGE!/"));
    };
    if path != "/" {
        return Err(Fault::usage(WHAT, "a deleted file need not have a directory any more")
            .at(root)
            .next("name the root of the volume: IMAGE!/"));
    }
    let prefix = Place::image_prefix(&image, partition);
    let prefix = prefix.to_string_lossy();
    let mut is_first = true;
    let found = find_deleted(&image, partition, |deleted| {
        if passes(deleted.tag) {
            if std::mem::take(&mut is_first) {
                out.note(NOTE);
            }
            match in_json {
                true => out.json(&in_json_of(&prefix, &deleted)),
                false => out.line(in_words(&prefix, &deleted)),
            }
        }
        if out.is_closed() { Walk::Stop } else { Walk::On }
    });
    found.map_err(|failure| failure_fault(failure).at(root))?;
    Ok(Exit::Ok)
}

/// The point, where its bytes are one still.
fn decoded(deleted: &DeletedPoint) -> Option<ReparsePoint> {
    let (raw, _) = RawReparse::decode(&deleted.point).ok()?;
    Some(ReparsePoint::from_raw(&raw).0)
}

fn in_words(prefix: &str, deleted: &DeletedPoint) -> String {
    let (path, _) = path_of(prefix, &deleted.path);
    let tag = match deleted.tag.name() {
        Some(name) => name.strip_prefix("IO_REPARSE_TAG_").unwrap_or(name).to_owned(),
        None => format!("0x{:08X}", deleted.tag.0),
    };
    let target = match decoded(deleted) {
        Some(point) => describe::target(&point).map(|target| format!(" -> {target}")).unwrap_or_default(),
        None => String::from(", damaged"),
    };
    let data = match (deleted.data_len, deleted.data_remains) {
        (0, _) | (_, Remains::Unknown) => String::new(),
        (len, remains) => format!("; {len} bytes of data {}", words_of(remains)),
    };
    let file = deleted.file;
    format!(
        "{path}: {tag}{target} [deleted, record {file}; the point {}{data}]",
        words_of(deleted.point_remains)
    )
}

fn words_of(remains: Remains) -> String {
    match remains {
        Remains::InRecord => "in the record".into(),
        Remains::Clusters { clusters: 0, .. } => "in no clusters".into(),
        Remains::Clusters { clusters, reused: 0 } => format!("in {clusters} clusters, free still"),
        Remains::Clusters { clusters, reused } if clusters == reused => {
            format!("in {clusters} clusters, all of another file's now")
        }
        Remains::Clusters { clusters, reused } => {
            format!("in {clusters} clusters, {reused} of them another file's now")
        }
        Remains::Unknown => "in a place that is not known".into(),
    }
}

/// The path, and whether it is the whole one; `?` stands for directories that are gone.
fn path_of(prefix: &str, path: &FilePath) -> (String, bool) {
    let (names, is_whole) = match path {
        FilePath::Whole(names) => (names, true),
        FilePath::Orphan(names) => (names, false),
    };
    let below: String = names.iter().map(|name: &Utf16| format!("/{name}")).collect();
    (format!("{prefix}{}{below}", if is_whole { "" } else { "/?" }), is_whole)
}

fn in_json_of(prefix: &str, deleted: &DeletedPoint) -> Value {
    let (path, is_whole) = path_of(prefix, &deleted.path);
    let names = deleted.names.iter().map(|name| {
        json!({
            "name": name.name.to_string(),
            "short": name.namespace == Namespace::DOS,
            "directory_record": name.parent.record(),
            "directory_sequence": name.parent.sequence(),
        })
    });
    json!({
        "path": path,
        "deleted": true,
        "path_is_whole": is_whole,
        "record": deleted.file.record(),
        "sequence": deleted.file.sequence(),
        "kind": if deleted.is_directory { "directory" } else { "file" },
        "names": names.collect::<Vec<_>>(),
        "tag": format!("0x{:08X}", deleted.tag.0),
        "tag_name": deleted.tag.name(),
        "point": decoded(deleted),
        "bytes": hex::encode(&deleted.point),
        "point_at": json_of(deleted.point_remains),
        "data_len": deleted.data_len,
        "data_at": json_of(deleted.data_remains),
    })
}

fn json_of(remains: Remains) -> Value {
    match remains {
        Remains::InRecord => json!({ "where": "record" }),
        Remains::Clusters { clusters, reused } => {
            json!({ "where": "clusters", "clusters": clusters, "reused": reused })
        }
        Remains::Unknown => json!({ "where": "unknown" }),
    }
}
