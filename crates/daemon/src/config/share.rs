//! `[share.NAME]`: one directory, and how it is shown.
use super::SHARES_MAX;
use super::error::{ConfigError, Source};
use fsa::host::meta::SpecialForm;
use fsa::{Durability, VolumeKind, WriteTimes};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use toml::Spanned;

/// The longest name of a share: what SRVSVC and clients agree on.
const NAME_LEN_MAX: usize = 80;

/// Which reparse tags a client may set. [MS-SMB2] 3.3.5.15.13
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tags {
    /// Whoever may write to the file may set any.
    All,
    /// Symbolic links and what Unix clients make of theirs (NFS, LX_SYMLINK, AF_UNIX, LX_FIFO, LX_CHR, LX_BLK); every other
    /// tag is for administrators.
    #[default]
    Links,
    /// Symbolic links; every other tag is for administrators. As Windows 8 to Server 2012 R2, [MS-SMB2] note 402.
    Symlinks,
}

/// Which NT name leads where: `C:` and a path below the share's root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drive {
    /// The name without `\??\`.
    pub volume: String,
    /// With backslashes, from the share's root: `\` is the root itself.
    pub path: String,
}

/// A share.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShareSettings {
    /// What clients call it.
    pub name: String,
    /// The directory.
    pub path: PathBuf,
    /// What browsers show beside it.
    pub comment: String,
    /// Nothing can be changed through it.
    pub read_only: bool,
    /// Who may connect; empty for every account.
    pub users: Vec<String>,
    /// Nobody may connect, too.
    pub anonymous: bool,
    /// Clients must encrypt, whatever the server demands of sessions.
    pub encrypt: bool,
    /// Which tags may be set.
    pub tags: Tags,
    /// What file system it poses as.
    pub volume: VolumeKind,
    /// The volume's label.
    pub label: String,
    /// A link that stays below the root, and a special file, are stored as the host's own.
    pub unix_links: bool,
    /// How the host's own special files show themselves.
    pub special_files: SpecialForm,
    /// When a change is on the disk.
    pub durability: Durability,
    /// Who lists a directory sees only what they may read.
    pub access_based: bool,
    /// Files have short names, too.
    pub short_names: bool,
    /// When others are told the time of a write.
    pub write_times: WriteTimes,
    /// Names differ by case.
    pub case_sensitive: bool,
    /// Other file systems that are mounted below belong to it.
    pub cross_mounts: bool,
    /// Which NT names lead into it.
    pub drives: Vec<Drive>,
}

impl ShareSettings {
    /// A directory under a name, with the defaults.
    pub fn new(name: &str, path: PathBuf) -> ShareSettings {
        ShareSettings {
            name: name.to_owned(),
            path,
            comment: String::new(),
            read_only: false,
            users: Vec::new(),
            anonymous: false,
            encrypt: false,
            tags: Tags::default(),
            volume: VolumeKind::default(),
            label: String::new(),
            unix_links: false,
            special_files: SpecialForm::default(),
            durability: Durability::Deferred,
            access_based: false,
            short_names: false,
            write_times: WriteTimes::default(),
            case_sensitive: false,
            cross_mounts: false,
            drives: Vec::new(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawShare {
    path: Spanned<PathBuf>,
    #[serde(default)]
    comment: String,
    #[serde(default)]
    read_only: bool,
    #[serde(default)]
    users: Vec<String>,
    #[serde(default)]
    anonymous: bool,
    #[serde(default)]
    encrypt: bool,
    #[serde(default)]
    tags: Tags,
    #[serde(default)]
    volume: RawVolume,
    #[serde(default)]
    label: String,
    #[serde(default)]
    unix_links: bool,
    #[serde(default)]
    special_files: RawSpecial,
    #[serde(default)]
    durability: RawDurability,
    #[serde(default)]
    access_based: bool,
    #[serde(default)]
    short_names: bool,
    #[serde(default)]
    write_times: RawWriteTimes,
    #[serde(default)]
    case_sensitive: bool,
    #[serde(default)]
    cross_mounts: bool,
    #[serde(default)]
    drives: BTreeMap<Spanned<String>, Spanned<String>>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawVolume {
    #[default]
    Ntfs,
    Refs,
    CsvFs,
    Fat,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawSpecial {
    #[default]
    Nfs,
    Wsl,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawDurability {
    #[default]
    Deferred,
    WriteThrough,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawWriteTimes {
    #[default]
    AtOnce,
    Late,
}

/// Every share of the file.
pub(super) fn resolve(
    source: &Source<'_>,
    raw: BTreeMap<Spanned<String>, RawShare>,
    base: &Path,
) -> Result<Vec<ShareSettings>, ConfigError> {
    let mut shares: Vec<ShareSettings> = Vec::new();
    for (name, share) in raw {
        check_name(source, &name)?;
        if shares.iter().any(|other| other.name.eq_ignore_ascii_case(name.get_ref())) {
            return Err(source.at(name.span(), "another share differs by case only"));
        }
        if shares.len() == SHARES_MAX {
            return Err(source.at(name.span(), format!("more than {SHARES_MAX} shares")));
        }
        shares.push(share.resolve(source, name.get_ref(), base)?);
    }
    Ok(shares)
}

/// Characters that no client can write in a path, and names that mean something else.
fn check_name(source: &Source<'_>, name: &Spanned<String>) -> Result<(), ConfigError> {
    let text = name.get_ref();
    let bad = |c: char| c.is_control() || "\\/:*?\"<>|[]+;,=".contains(c);
    let reserved = ["IPC$", "ADMIN$", "GLOBAL", "PIPE", "MAILSLOT"];
    let why = match text.as_str() {
        "" => "a share needs a name",
        _ if text.chars().count() > NAME_LEN_MAX => "a name of a share has at most 80 characters",
        _ if text.chars().any(bad) => "a character that no name of a share has",
        _ if reserved.iter().any(|taken| taken.eq_ignore_ascii_case(text)) => "a name with another meaning",
        _ => return Ok(()),
    };
    Err(source.at(name.span(), why))
}

impl RawShare {
    fn resolve(self, source: &Source<'_>, name: &str, base: &Path) -> Result<ShareSettings, ConfigError> {
        let path = base.join(self.path.get_ref());
        if !path.is_dir() {
            let why = if path.exists() { "is no directory" } else { "is not there" };
            return Err(source.at(self.path.span(), format!("{} {why}", path.display())));
        }
        let drives = self.drives.iter().map(|(volume, path)| drive(source, volume, path));
        Ok(ShareSettings {
            name: name.to_owned(),
            path,
            comment: self.comment,
            read_only: self.read_only,
            users: self.users,
            anonymous: self.anonymous,
            encrypt: self.encrypt,
            tags: self.tags,
            volume: match self.volume {
                RawVolume::Ntfs => VolumeKind::Ntfs,
                RawVolume::Refs => VolumeKind::Refs,
                RawVolume::CsvFs => VolumeKind::CsvFs,
                RawVolume::Fat => VolumeKind::Fat,
            },
            label: self.label,
            unix_links: self.unix_links,
            special_files: match self.special_files {
                RawSpecial::Nfs => SpecialForm::Nfs,
                RawSpecial::Wsl => SpecialForm::Lx,
            },
            durability: match self.durability {
                RawDurability::Deferred => Durability::Deferred,
                RawDurability::WriteThrough => Durability::WriteThrough,
            },
            access_based: self.access_based,
            short_names: self.short_names,
            write_times: match self.write_times {
                RawWriteTimes::AtOnce => WriteTimes::AtOnce,
                RawWriteTimes::Late => WriteTimes::Late,
            },
            case_sensitive: self.case_sensitive,
            cross_mounts: self.cross_mounts,
            drives: drives.collect::<Result<_, _>>()?,
        })
    }
}

/// `"C:" = "/"` or `"Volume{..}" = "sub/directory"`: the name as NT targets have it, and where it leads below the root.
fn drive(
    source: &Source<'_>,
    volume: &Spanned<String>,
    path: &Spanned<String>,
) -> Result<Drive, ConfigError> {
    if volume.get_ref().parse::<reparse::Volume>().is_err() {
        let what = "no volume: write C:, Volume{guid} or \\\\server\\share";
        return Err(source.at(volume.span(), what));
    }
    let volume = match volume.get_ref().strip_prefix("\\\\") {
        Some(share) => format!("UNC\\{share}"),
        None => volume.get_ref().clone(),
    };
    let mut below = String::new();
    for component in Path::new(path.get_ref()).components() {
        match component {
            Component::RootDir | Component::CurDir => {}
            Component::Normal(name) => {
                below.push('\\');
                below.push_str(&name.to_string_lossy());
            }
            Component::ParentDir | Component::Prefix(_) => {
                return Err(source.at(path.span(), "a drive leads to a directory below the share's root"));
            }
        }
    }
    Ok(Drive { volume, path: if below.is_empty() { "\\".to_owned() } else { below } })
}
