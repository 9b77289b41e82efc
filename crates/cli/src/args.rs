//! The command line: what all commands share. Each command's own arguments stand in its file.
use crate::command::{
    cat, check, copy, delete, explain, find, generate, get, resolve, restore, retarget, save, serve, set,
    status, take_back, tour, user,
};
use crate::exit;
use crate::fault::Fault;
use crate::login::RemoteArgs;
use clap::{Args, Parser, Subcommand};
use places::Drive;
use std::path::PathBuf;
use std::str::FromStr;

/// Windows reparse points on real files and directories, with the answers that Windows gives.
///
/// A reparse point is what stands behind a Windows junction, symbolic link, deduplicated file, cloud placeholder or app
/// alias: a tag and at most 16 KiB of data on a file or an empty directory. This command sets, reads, explains, finds,
/// follows, copies, rewrites and removes them. They are kept in the form that Samba keeps them, so a Samba server shows
/// the same points to Windows.
#[derive(Parser, Debug)]
#[command(name = "pointsman", version, after_help = exit::TABLE, max_term_width = 110, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The subcommands.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Set(Box<set::SetArgs>),
    Get(get::GetArgs),
    Delete(delete::DeleteArgs),
    Explain(explain::ExplainArgs),
    Find(find::FindArgs),
    Resolve(resolve::ResolveArgs),
    Copy(copy::CopyArgs),
    Retarget(retarget::RetargetArgs),
    Check(check::CheckArgs),
    Cat(cat::CatArgs),
    Save(save::SaveArgs),
    Restore(restore::RestoreArgs),
    Undo(take_back::UndoArgs),
    Tour(tour::TourArgs),
    Serve(serve::ServeArgs),
    User(user::UserArgs),
    Status(status::StatusArgs),
    Completions(generate::CompletionsArgs),
    #[command(hide = true)]
    Generate(generate::GenerateArgs),
}

impl Command {
    /// True when errors, too, are to be JSON.
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Command::Set(args) => args.batch.batch,
            Command::Get(args) => args.form.json || args.batch,
            Command::Delete(args) => args.json || args.batch.batch,
            Command::Explain(args) => args.json,
            Command::Find(args) => args.json,
            Command::Resolve(args) => args.json,
            Command::Copy(args) => args.json,
            Command::Retarget(args) => args.json,
            Command::Check(args) => args.json,
            Command::Undo(args) => args.json,
            Command::Restore(args) => args.json,
            Command::Cat(args) => args.json,
            Command::Save(_) => false,
            Command::User(args) => args.wants_json(),
            Command::Status(args) => args.json,
            Command::Serve(_) | Command::Tour(_) | Command::Completions(_) | Command::Generate(_) => false,
        }
    }
}

/// Where paths are looked up, and as whom.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Where and as whom")]
pub(crate) struct PlaceArgs {
    /// Directory that is the root of the volume: no path leaves it, and `\` in a target means it. Default: the top of
    /// the mount that holds the path.
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Which directory a Windows drive, volume or share stands for, such as `C:=/srv/c` or `D:=disk.img!/`, or which share
    /// of a server, such as `Z:=smb://host/share`. May be repeated. Inside an image, `C:` is its volume unless this says
    /// otherwise.
    #[arg(long = "drive", value_name = "DRIVE=DIR")]
    pub(crate) drives: Vec<DriveArg>,
    /// Act without SeCreateSymbolicLinkPrivilege, to see what an ordinary Windows user is told.
    #[arg(long)]
    pub(crate) no_privilege: bool,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
    /// Change a volume in an image though it is marked dirty: what is written may build on damage that is there.
    #[arg(long)]
    pub(crate) force: bool,
}

/// When a change counts as done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub(crate) enum Sync {
    /// Each change is on the disk before it is reported.
    Each,
    /// Changes are reported as they are made; one flush at the end, before the summary says `durable`.
    #[default]
    End,
    /// Left to the host's own time; the summary says so.
    None,
}

/// Batch mode of the commands that change things.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Batch")]
pub(crate) struct BatchArgs {
    /// Read JSON lines from stdin, one object a line; write one result line for each, then a summary line.
    #[arg(long)]
    pub(crate) batch: bool,
    /// When the changes of a batch are on the disk. Default: end
    #[arg(long, value_enum, requires = "batch")]
    pub(crate) sync: Option<Sync>,
}

impl BatchArgs {
    /// Refuses what clap does not see, since a path excuses the missing --batch to it.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        match (self.batch, self.sync) {
            (false, Some(_)) => Err(Fault::usage("read the command line", "--sync goes with --batch")),
            _ => Ok(()),
        }
    }
}

/// One `--drive`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct DriveArg(pub(crate) Drive);

impl FromStr for DriveArg {
    type Err = String;

    fn from_str(text: &str) -> Result<DriveArg, String> {
        const FORM: &str = "write it DRIVE=DIR, such as C:=/srv/c";
        let (volume, directory) = text.split_once('=').ok_or(FORM)?;
        if directory.is_empty() {
            return Err(FORM.into());
        }
        let volume = volume.parse().map_err(|error: reparse::VolumeParseError| error.to_string())?;
        Ok(DriveArg(Drive { volume, directory: PathBuf::from(directory) }))
    }
}
