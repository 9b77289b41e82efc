//! Which reparse point: the options of `set` that name one.
use clap::{ArgGroup, Args};
use nt::Guid;
use reparse::Tag;
use std::path::PathBuf;
use std::str::FromStr;

/// The kinds of reparse point that `set` can write, and what each needs.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Which reparse point (one of)", group = ArgGroup::new("kind").multiple(false).conflicts_with("batch"))]
pub(crate) struct KindArgs {
    /// A symbolic link to TARGET: C:\dir, \\server\share\dir, ..\dir, \dir or an NT path.
    #[arg(long, value_name = "TARGET", group = "kind", allow_hyphen_values = true)]
    pub(crate) symlink: Option<String>,
    /// A junction (mount point) to the directory TARGET, such as C:\dir or \\?\Volume{GUID}\.
    #[arg(long, value_name = "TARGET", group = "kind")]
    pub(crate) junction: Option<String>,
    /// A symbolic link of the Windows Subsystem for Linux (LX_SYMLINK) to TARGET, a Unix path.
    #[arg(long, value_name = "TARGET", group = "kind", allow_hyphen_values = true)]
    pub(crate) wsl: Option<String>,
    /// A named pipe of the Windows Subsystem for Linux (LX_FIFO).
    #[arg(long, group = "kind")]
    pub(crate) wsl_fifo: bool,
    /// A local socket (AF_UNIX), as Windows and its Subsystem for Linux make them.
    #[arg(long, group = "kind")]
    pub(crate) af_unix: bool,
    /// A character device of the Windows Subsystem for Linux (LX_CHR), its number in the EA $LXDEV.
    #[arg(long, value_name = "MAJOR:MINOR", group = "kind")]
    pub(crate) wsl_char: Option<DeviceArg>,
    /// A block device of the Windows Subsystem for Linux (LX_BLK), its number in the EA $LXDEV.
    #[arg(long, value_name = "MAJOR:MINOR", group = "kind")]
    pub(crate) wsl_block: Option<DeviceArg>,
    /// A symbolic link as an NFS server on Windows keeps it.
    #[arg(long, value_name = "TARGET", group = "kind", allow_hyphen_values = true)]
    pub(crate) nfs_symlink: Option<String>,
    /// A named pipe as an NFS server on Windows keeps it.
    #[arg(long, group = "kind")]
    pub(crate) nfs_fifo: bool,
    /// A socket as an NFS server on Windows keeps it.
    #[arg(long, group = "kind")]
    pub(crate) nfs_socket: bool,
    /// A character device as an NFS server on Windows keeps it.
    #[arg(long, value_name = "MAJOR:MINOR", group = "kind")]
    pub(crate) nfs_char: Option<DeviceArg>,
    /// A block device as an NFS server on Windows keeps it.
    #[arg(long, value_name = "MAJOR:MINOR", group = "kind")]
    pub(crate) nfs_block: Option<DeviceArg>,
    /// An alias that starts a packaged app: its package family, then --entry-point and --executable.
    #[arg(long, value_name = "PACKAGE", group = "kind", requires_all = ["entry_point", "executable"])]
    pub(crate) app_exec_link: Option<String>,
    /// A file compressed by the Windows Overlay Filter. The compressed bytes are not made here.
    #[arg(long, value_name = "ALGORITHM", group = "kind")]
    pub(crate) wof: Option<WofArg>,
    /// A file of a container layer (WCI), by the layer's GUID, then --wci-name.
    #[arg(long, value_name = "LAYER", group = "kind", requires = "wci_name")]
    pub(crate) wci: Option<Guid>,
    /// The bytes of a whole reparse point, from FILE (- is stdin).
    #[arg(long, value_name = "FILE", group = "kind")]
    pub(crate) raw: Option<PathBuf>,
    /// The bytes of a whole reparse point in hexadecimal; spaces are allowed.
    #[arg(long, value_name = "HEX", group = "kind")]
    pub(crate) hex: Option<String>,
    /// A reparse point as `get --json` writes it, from FILE (- is stdin).
    #[arg(long, value_name = "FILE", group = "kind")]
    pub(crate) json: Option<PathBuf>,
    /// Any tag, by name or as 0x..., with --data and, for a third party's, --guid.
    #[arg(long, value_name = "TAG", group = "kind")]
    pub(crate) tag: Option<Tag>,

    #[command(flatten)]
    pub(crate) details: DetailArgs,
}

/// What belongs to one kind of reparse point only.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Details of the reparse point")]
pub(crate) struct DetailArgs {
    /// What users are shown of a link or junction. Default: the target as typed.
    #[arg(long, value_name = "NAME")]
    pub(crate) print: Option<String>,
    /// Store the symlink's target as relative whatever it looks like. Default: as Windows tells from the target.
    #[arg(long, requires = "symlink", conflicts_with = "absolute")]
    pub(crate) relative: bool,
    /// Store the symlink's target as absolute: an NT path such as \Device\Name\ where it is no other.
    #[arg(long, requires = "symlink")]
    pub(crate) absolute: bool,
    /// The app's id within its package, for --app-exec-link.
    #[arg(long, value_name = "ID", requires = "app_exec_link")]
    pub(crate) entry_point: Option<String>,
    /// The program that the alias starts, for --app-exec-link.
    #[arg(long, value_name = "PATH", requires = "app_exec_link")]
    pub(crate) executable: Option<String>,
    /// The kind of app, for --app-exec-link.
    #[arg(long, value_name = "NUMBER", requires = "app_exec_link", default_value = "0")]
    pub(crate) app_type: String,
    /// The path within the layer, for --wci.
    #[arg(long, value_name = "NAME", requires = "wci")]
    pub(crate) wci_name: Option<String>,
    /// The owner's GUID, which a third party's --tag must have.
    #[arg(long, value_name = "GUID", requires = "tag")]
    pub(crate) guid: Option<Guid>,
    /// The data of --tag in hexadecimal. Default: none.
    #[arg(long, value_name = "HEX", requires = "tag")]
    pub(crate) data: Option<String>,
    /// Permission bits in octal for the EA $LXMOD, with a --wsl... kind or --af-unix.
    #[arg(long, value_name = "OCTAL")]
    pub(crate) lx_mode: Option<OctalArg>,
    /// Owner for the EA $LXUID, with a --wsl... kind or --af-unix.
    #[arg(long, value_name = "ID")]
    pub(crate) lx_uid: Option<u32>,
    /// Group for the EA $LXGID, with a --wsl... kind or --af-unix.
    #[arg(long, value_name = "ID")]
    pub(crate) lx_gid: Option<u32>,
}

/// `MAJOR:MINOR`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct DeviceArg {
    pub(crate) major: u32,
    pub(crate) minor: u32,
}

/// Permission bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct OctalArg(pub(crate) u32);

/// How the Windows Overlay Filter compressed a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum WofArg {
    /// XPRESS in chunks of 4 KiB
    Xpress4k,
    /// XPRESS in chunks of 8 KiB
    Xpress8k,
    /// XPRESS in chunks of 16 KiB
    Xpress16k,
    /// LZX in chunks of 32 KiB
    Lzx,
}

impl FromStr for DeviceArg {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<DeviceArg, &'static str> {
        const FORM: &str = "write it MAJOR:MINOR, such as 1:3";
        let (major, minor) = text.split_once(':').ok_or(FORM)?;
        Ok(DeviceArg { major: major.parse().map_err(|_| FORM)?, minor: minor.parse().map_err(|_| FORM)? })
    }
}

impl FromStr for OctalArg {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<OctalArg, &'static str> {
        const FORM: &str = "write permission bits in octal, such as 644";
        let bits = u32::from_str_radix(text, 8).map_err(|_| FORM)?;
        if bits <= 0o7777 { Ok(OctalArg(bits)) } else { Err(FORM) }
    }
}
