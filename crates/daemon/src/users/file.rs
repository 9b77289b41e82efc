//! The file of users on the disk: who may read it, and how it is replaced.
use super::ChangeError;
use crate::config::{ConfigError, Place};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::{fmt, process};

/// The most bytes of a users file.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What is wrong with a users file.
#[derive(Debug)]
pub enum UsersError {
    /// There is none.
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// Others may read or write it.
    Exposed {
        /// Which.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It belongs to another user than the one who runs this.
    Foreign {
        /// Which.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// It is not one.
    Malformed(Box<ConfigError>),
    /// A hash or an id in it is none.
    Hash {
        /// Which file.
        path: PathBuf,
        /// Of which user.
        name: String,
    },
    /// The host refuses.
    Io {
        /// What was being done.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The change is refused.
    Change(ChangeError),
    /// The host has no chance to give.
    Chance,
    /// It cannot be written down.
    Encode(String),
}

impl fmt::Display for UsersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UsersError::Missing { path } => {
                write!(f, "{}: there is no users file; `pointsman user add` makes one", path.display())
            }
            UsersError::Exposed { path, mode } => write!(
                f,
                "{}: its mode is {mode:04o}, and whoever reads a hash can log on with it; run: chmod 600 {0}",
                path.display()
            ),
            UsersError::Foreign { path, owner } => {
                write!(f, "{}: it belongs to user {owner}, not to who runs this", path.display())
            }
            UsersError::Malformed(error) => error.fmt(f),
            UsersError::Hash { path, name } => {
                write!(f, "{}: the hash or the id of {name:?} is none", path.display())
            }
            UsersError::Io { what, path, error } => write!(f, "{}: cannot {what}: {error}", path.display()),
            UsersError::Change(error) => error.fmt(f),
            UsersError::Chance => f.write_str("the host gives no random numbers"),
            UsersError::Encode(what) => write!(f, "the users file cannot be written down: {what}"),
        }
    }
}

impl std::error::Error for UsersError {}

impl UsersError {
    /// Never shows the line: a hash may stand in it.
    pub(super) fn malformed(path: &Path, text: &str, error: &toml::de::Error) -> UsersError {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let place = Place {
            line: before.matches('\n').count() + 1,
            column: 1,
            text: "(not shown: it may hold a hash)".to_owned(),
            len: 1,
        };
        let what = error.message().trim().to_owned();
        UsersError::Malformed(Box::new(ConfigError { path: Some(path.to_owned()), place: Some(place), what }))
    }

    fn io(what: &'static str, path: &Path, error: io::Error) -> UsersError {
        UsersError::Io { what, path: path.to_owned(), error }
    }
}

/// Reads a file that belongs to who runs this (or to root) and that nobody else may read or write.
pub(super) fn read(path: &Path) -> Result<String, UsersError> {
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => UsersError::Missing { path: path.to_owned() },
        _ => UsersError::io("open it", path, error),
    })?;
    let found = file.metadata().map_err(|error| UsersError::io("look at it", path, error))?;
    let me = rustix::process::geteuid().as_raw();
    if found.uid() != me && found.uid() != 0 {
        return Err(UsersError::Foreign { path: path.to_owned(), owner: found.uid() });
    }
    if found.mode() & 0o077 != 0 {
        return Err(UsersError::Exposed { path: path.to_owned(), mode: found.mode() & 0o7777 });
    }
    let mut text = String::new();
    let read = file.take(BYTES_MAX).read_to_string(&mut text);
    read.map_err(|error| UsersError::io("read it", path, error))?;
    Ok(text)
}

/// Held while the file is read, changed and replaced. A lock of its own: the file itself is another after each change.
pub(super) fn lock(path: &Path) -> Result<File, UsersError> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        fs::create_dir_all(directory).map_err(|error| UsersError::io("make its directory", path, error))?;
    }
    let lock = beside(path, "lock");
    let file = OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).open(&lock);
    let file = file.map_err(|error| UsersError::io("open the lock", &lock, error))?;
    file.lock().map_err(|error| UsersError::io("lock it", &lock, error))?;
    Ok(file)
}

/// Replaces the file: a new one, on the disk whole, takes its name, and the name is on the disk when this returns.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), UsersError> {
    let new = beside(path, &format!("new.{}", process::id()));
    let written = write_new(&new, text).and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        // Best effort: what counts is the error before.
        let _ = fs::remove_file(&new);
    }
    written.map_err(|error| UsersError::io("write it", path, error))?;
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    let synced = File::open(directory.unwrap_or(Path::new("."))).and_then(|directory| directory.sync_all());
    synced.map_err(|error| UsersError::io("write its directory", path, error))
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(b"# Users of pointsman serve. Keep it secret: a hash is as good as the password.\n")?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(suffix);
    path.with_file_name(name)
}
