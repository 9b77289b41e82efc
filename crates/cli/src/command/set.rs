//! `pointsman set`: FSCTL_SET_REPARSE_POINT, or FSCTL_SET_REPARSE_POINT_EX where the tag that is there matters.
use crate::args::{BatchArgs, PlaceArgs};
use crate::command::batch;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::Output;
use crate::point::args::KindArgs;
use crate::point::build;
use crate::volume::{CreateKind, Durability, Expected, SetRequest, Volumes};
use clap::Args;
use nt::Guid;
use reparse::Tag;
use std::path::PathBuf;

/// Set the reparse point of a file or directory, as Windows would
///
/// The object must exist: an empty directory for --junction, a file without data or an empty directory for --symlink.
/// --create makes it first. A point with the same tag is replaced; a different tag is refused unless --if-tag or
/// --replace-tag says otherwise. The object stays what it is: its data, other names, EAs and open handles are untouched.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SetArgs {
    /// The file or directory
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    pub(crate) path: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) kind: KindArgs,
    #[command(flatten)]
    pub(crate) how: HowArgs,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    #[command(flatten)]
    pub(crate) batch: BatchArgs,
}

/// How to set.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "How")]
pub(crate) struct HowArgs {
    /// Make the object first if there is none
    #[arg(long, value_enum, value_name = "KIND", conflicts_with = "batch")]
    pub(crate) create: Option<CreateKind>,
    /// Set only if the object has this tag now (`none`: has none), and let the new one differ
    #[arg(long, value_name = "TAG", conflicts_with_all = ["replace_tag", "batch"])]
    pub(crate) if_tag: Option<IfTag>,
    /// The owner's GUID that a third party's --if-tag must have
    #[arg(long, value_name = "GUID", requires = "if_tag")]
    pub(crate) if_guid: Option<Guid>,
    /// With --if-tag: an object without any tag will do as well
    #[arg(long, requires = "if_tag")]
    pub(crate) or_none: bool,
    /// Replace whatever tag the object has now
    #[arg(long, conflicts_with = "batch")]
    pub(crate) replace_tag: bool,
    /// When the change counts as done
    #[arg(long, value_enum, default_value = "write-through", conflicts_with = "batch")]
    pub(crate) durability: Durability,
}

/// A tag, or none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct IfTag(pub(crate) Option<Tag>);

const EXAMPLES: &str = r#"Examples:
  $ pointsman set --create dir --junction 'C:\Tools' tools
  $ pointsman set --create file --symlink '..\data\report.txt' report.txt
  $ pointsman set --create dir --symlink '\\server\share\docs' docs
  $ pointsman set --create file --wsl /etc/hosts --lx-mode 777 hosts
  $ pointsman set --create file --tag 0xBEEF --guid 3740c860-b19b-11d9-9669-0800200c9a66 v
  $ pointsman set --create file --tag 0x80004711 --data 'c0 ff ee' odd
  $ pointsman get --json report.txt | pointsman set --create file --json - again.txt
  $ pointsman set --symlink 'C:\x' --if-tag LX_SYMLINK hosts
  $ echo '{"path":"many1","create":"file","symlink":"x"}' | pointsman set --batch"#;

pub(crate) fn run(args: &SetArgs, out: &mut Output) -> Result<Exit, Fault> {
    args.batch.check()?;
    if args.batch.batch {
        return batch::set(args, out);
    }
    let Some(path) = &args.path else { return Err(Fault::usage("set", "no path is named")) };
    let wanted = build::wanted(&args.kind)?;
    if let Some(warning) = wanted.warning {
        out.note(format_args!("{}: warning: {warning}", path.display()));
    }
    let request = SetRequest { wanted, expected: args.how.expected(), create: args.how.create };
    let mut volumes = Volumes::new(&args.place)?.durability(args.how.durability);
    volumes.object(path).and_then(|object| object.set(&request)).map_err(|fault| fault.at(path))?;
    Ok(Exit::Ok)
}

impl HowArgs {
    fn expected(&self) -> Expected {
        match self.if_tag {
            _ if self.replace_tag => Expected::Whatever,
            None => Expected::SameTagOrNone,
            Some(IfTag(tag)) => Expected::Tag { tag, guid: self.if_guid, or_none: self.or_none },
        }
    }
}

impl std::str::FromStr for IfTag {
    type Err = reparse::TagParseError;

    fn from_str(text: &str) -> Result<IfTag, reparse::TagParseError> {
        if text.eq_ignore_ascii_case("none") {
            Ok(IfTag(None))
        } else {
            text.parse().map(|tag| IfTag(Some(tag)))
        }
    }
}
