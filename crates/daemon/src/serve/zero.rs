//! Without any configuration: a user, a password, a name for the share.
use super::ServeError;
use crate::config::{ShareSettings, Tags};
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;

/// Letters and digits that nobody mistakes for each other and no shell takes for something else: 32 of them, 5 bits each.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789x";

/// How long a password is.
const PASSWORD_LEN: usize = 20;

/// How many bits of chance are in it; one letter stands for two values, so a little less.
pub const PASSWORD_BITS: usize = PASSWORD_LEN * 5 - 2;

/// What the command line says of a directory to share.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DirectoryOptions {
    /// What clients call the share; `None` for the directory's own name.
    pub name: Option<String>,
    /// The user that is made.
    pub user: String,
    /// Where to listen; empty for the default port on every address.
    pub listen: Vec<SocketAddr>,
    /// Nothing can be changed.
    pub read_only: bool,
    /// Links and special files are stored as the host's own where they can be.
    pub unix_links: bool,
}

impl Default for DirectoryOptions {
    fn default() -> DirectoryOptions {
        DirectoryOptions {
            name: None,
            user: "pointsman".to_owned(),
            listen: Vec::new(),
            read_only: false,
            unix_links: false,
        }
    }
}

/// A user and a password, for one run.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user.
    pub user: String,
    /// The password: shown once, kept nowhere.
    pub password: String,
}

/// Nobody reads a password in a log.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

impl Credentials {
    pub(super) fn new(user: &str) -> Result<Credentials, getrandom::Error> {
        let mut chance = [0u8; PASSWORD_LEN];
        getrandom::fill(&mut chance)?;
        let letter = |byte: &u8| ALPHABET.get(usize::from(byte % 32)).copied().map_or('x', char::from);
        Ok(Credentials { user: user.to_owned(), password: chance.iter().map(letter).collect() })
    }
}

/// The share of a directory.
pub(super) fn share(directory: &Path, options: &DirectoryOptions) -> Result<ShareSettings, ServeError> {
    let refuse = |why: String| ServeError::Directory { path: directory.to_owned(), why };
    let path = directory.canonicalize().map_err(|error| refuse(error.to_string()))?;
    if !path.is_dir() {
        return Err(refuse("it is no directory".to_owned()));
    }
    let own = || path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = options.name.clone().or_else(own).unwrap_or_else(|| "share".to_owned());
    let name: String = name.chars().map(|c| if is_good(c) { c } else { '_' }).take(80).collect();
    let name = if name.eq_ignore_ascii_case("ipc$") { "share".to_owned() } else { name };
    Ok(ShareSettings {
        read_only: options.read_only,
        unix_links: options.unix_links,
        tags: Tags::All,
        ..ShareSettings::new(&name, path)
    })
}

/// Characters that need no quotes in a shell either.
fn is_good(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '$')
}
