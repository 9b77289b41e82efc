//! `pointsman find`: every reparse point below a directory, filtered.
use crate::args::PlaceArgs;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::Output;
use crate::point::{describe, hex};
use crate::progress::Progress;
use crate::scan::Scanned;
use crate::volume::Volumes;
use clap::Args;
use reparse::{RawReparse, ReparsePoint, Tag};
use serde_json::json;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// Find reparse points below a directory
///
/// Several threads walk, so the order is none; --sort waits for the end and gives one. Mounted file systems below the
/// directory are not entered. All filters must hold; of one filter given several times, one must.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct FindArgs {
    /// Where to begin
    #[arg(default_value = ".", value_name = "DIR")]
    root_of_search: PathBuf,
    /// Only this tag, by name or as 0x...; may be repeated
    #[arg(long = "tag", value_name = "TAG", help_heading = "Filters")]
    tags: Vec<Tag>,
    /// Only this kind; may be repeated
    #[arg(long = "kind", value_enum, value_name = "KIND", help_heading = "Filters")]
    kinds: Vec<Kind>,
    /// Only links and junctions that lead nowhere; exit code 1 if there are any
    #[arg(long, help_heading = "Filters")]
    dangling: bool,
    /// Only tags that stand for another named object
    #[arg(long, help_heading = "Filters")]
    name_surrogate: bool,
    /// Only Microsoft's tags
    #[arg(long, conflicts_with = "third_party", help_heading = "Filters")]
    microsoft: bool,
    /// Only tags of third parties
    #[arg(long, help_heading = "Filters")]
    third_party: bool,
    /// Only points that are stored as such: not the host's own links, pipes, sockets and devices, which look like points
    #[arg(long, help_heading = "Filters")]
    stored: bool,
    /// In a volume of an image (IMAGE!/): what is left of points whose files were deleted. Their records are not in use; names,
    /// tags and clusters are as they were left, and may be overwritten in part
    #[arg(long, conflicts_with_all = ["dangling", "null", "paths", "sort", "threads"])]
    deleted: bool,
    /// JSON lines, with the whole point in each
    #[arg(long, conflicts_with_all = ["null", "paths"])]
    pub(crate) json: bool,
    /// Paths alone, each ended by a NUL, as `xargs -0` takes them
    #[arg(short = '0', long = "null", conflicts_with = "paths")]
    null: bool,
    /// Paths alone, one a line
    #[arg(short = 'l', long)]
    paths: bool,
    /// Print in the order of the paths, at the end
    #[arg(long)]
    sort: bool,
    /// How many threads walk; default: as many as there are processors
    #[arg(long, value_name = "NUMBER")]
    threads: Option<std::num::NonZero<usize>>,
    #[command(flatten)]
    place: PlaceArgs,
}

const EXAMPLES: &str = r#"Examples:
  $ pointsman set --create dir --junction 'C:\Tools' tools
  $ pointsman set --create file --symlink 'report.txt' latest
  $ pointsman find
  $ pointsman find --sort --json . | head -n 1
  $ pointsman find --tag SYMLINK -0 | xargs -0 -r pointsman delete
  $ pointsman find --kind junction --kind symlink --dangling || echo 'some lead nowhere'
  # pointsman find --deleted --json disk.img!/ "#;

/// Kinds of reparse point.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum Kind {
    /// Windows' symbolic links
    Symlink,
    /// Junctions (mount points)
    Junction,
    /// What the Windows Subsystem for Linux makes, local sockets included
    Wsl,
    /// What an NFS server on Windows makes
    Nfs,
    /// Aliases of packaged apps
    App,
    /// Files compressed or kept in an image by the Windows Overlay Filter
    Wof,
    /// Files of container layers
    Wci,
    /// Placeholders of cloud providers
    Cloud,
    /// Points of third parties
    Vendor,
    /// Any other
    Other,
}

/// What was found, as far as it is printed.
struct Line {
    scanned: Scanned,
    dangling: Option<String>,
}

pub(crate) fn run(args: &FindArgs, out: &mut Output) -> Result<Exit, Fault> {
    if args.deleted {
        return super::deleted::run(&args.root_of_search, args.json, |tag| passes(args, tag), out);
    }
    let mut volumes = Volumes::new(&args.place)?;
    let mut resolver = Volumes::new(&args.place)?;
    let mut progress = Progress::new("objects seen");
    let mut waiting: Vec<Line> = Vec::new();
    let mut found = 0u64;
    let mut flow = |seen: u64, scanned: Option<Scanned>| {
        if let Some(scanned) = scanned.filter(|scanned| !(args.stored && scanned.of_host)) {
            let dangling = args.dangling.then(|| resolver.dangles(&scanned)).flatten();
            if !args.dangling || dangling.is_some() {
                found += 1;
                let line = Line { scanned, dangling };
                if args.sort { waiting.push(line) } else { print(args, &line, out) }
            }
        }
        progress.at(seen, found);
        !out.is_closed()
    };
    let unread = volumes.scan(&args.root_of_search, args.threads, &|tag| passes(args, tag), &mut flow)?;
    drop(progress);
    waiting.sort_by(|a, b| a.scanned.path.cmp(&b.scanned.path));
    for line in &waiting {
        print(args, line, out);
    }
    for fault in &unread {
        out.fault(fault);
    }
    let something_wrong = !unread.is_empty() || (args.dangling && found > 0);
    Ok(if something_wrong { Exit::Some } else { Exit::Ok })
}

fn passes(args: &FindArgs, tag: Tag) -> bool {
    (args.tags.is_empty() || args.tags.contains(&tag))
        && (args.kinds.is_empty() || args.kinds.contains(&Kind::of(tag)))
        && (!args.name_surrogate || tag.is_name_surrogate())
        && (!args.microsoft || tag.is_microsoft())
        && (!args.third_party || !tag.is_microsoft())
        && (!args.dangling || matches!(tag, Tag::SYMLINK | Tag::MOUNT_POINT))
}

fn print(args: &FindArgs, line: &Line, out: &mut Output) {
    let Line { scanned, dangling } = line;
    let path = scanned.path.as_os_str().as_bytes();
    if args.null {
        out.bytes(path);
        out.bytes(b"\0");
        return;
    }
    if args.paths {
        out.bytes(path);
        out.bytes(b"\n");
        return;
    }
    let point = RawReparse::decode(&scanned.bytes).ok().map(|(raw, _)| ReparsePoint::from_raw(&raw).0);
    if args.json {
        let mut value = json!({
            "path": scanned.path.to_string_lossy(),
            "kind": if scanned.directory { "directory" } else { "file" },
            "tag": format!("0x{:08X}", scanned.tag.0),
            "tag_name": scanned.tag.name(),
            "point": point,
        });
        if let Some(fields) = value.as_object_mut() {
            if scanned.path.to_str().is_none() {
                fields.insert("path_hex".into(), hex::encode(path).into());
            }
            if scanned.of_host {
                fields.insert("of_host".into(), true.into());
            }
            if let Some(why) = dangling {
                fields.insert("dangling".into(), why.as_str().into());
            }
        }
        out.json(&value);
        return;
    }
    let tag = scanned.tag.name().map_or_else(|| format!("0x{:08X}", scanned.tag.0), short_name);
    out.bytes(path);
    out.bytes(format!(": {tag}").as_bytes());
    if let Some(target) = point.as_ref().and_then(describe::target) {
        out.bytes(format!(" -> {target}").as_bytes());
    }
    if let Some(why) = dangling {
        out.bytes(format!(" [{why}]").as_bytes());
    }
    out.bytes(b"\n");
}

/// A tag's name without what all of them begin with.
fn short_name(name: &str) -> String {
    name.strip_prefix("IO_REPARSE_TAG_").unwrap_or(name).to_owned()
}

impl Kind {
    fn of(tag: Tag) -> Kind {
        match tag {
            Tag::SYMLINK => Kind::Symlink,
            Tag::MOUNT_POINT => Kind::Junction,
            Tag::LX_SYMLINK | Tag::LX_FIFO | Tag::LX_CHR | Tag::LX_BLK | Tag::AF_UNIX => Kind::Wsl,
            Tag::NFS => Kind::Nfs,
            Tag::APPEXECLINK => Kind::App,
            Tag::WOF => Kind::Wof,
            Tag::WCI | Tag::WCI_1 | Tag::WCI_TOMBSTONE | Tag::WCI_LINK | Tag::WCI_LINK_1 => Kind::Wci,
            tag if tag.is_cloud() => Kind::Cloud,
            tag if !tag.is_microsoft() => Kind::Vendor,
            _ => Kind::Other,
        }
    }
}
