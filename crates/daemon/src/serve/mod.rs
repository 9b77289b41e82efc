//! `pointsman serve`: from a directory or a configuration to a running server, and what happens to it from outside:
//! reload, status, metrics, stop.
mod build;
mod descriptors;
mod lines;
mod ready;
mod run;
mod state;
mod zero;

pub use lines::{Hint, hints};
pub use run::{Bound, run};
pub use zero::{Credentials, DirectoryOptions, PASSWORD_BITS};

use crate::auth::accounts::{Account, Accounts};
use crate::auth::kerberos::KeytabError;
use crate::config::{Config, ConfigError};
use crate::users::{Users, UsersError, password_hash};
use fsa::host::linux::LinuxOpenError;
use nt::security::Sid;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What is to be served.
pub struct Plan {
    pub(crate) source: Source,
    /// The configuration as it stands.
    pub config: Config,
    pub(crate) accounts: Accounts,
    /// ServerGuid, when it is one that was kept.
    pub(crate) server_guid: Option<nt::Guid>,
}

/// Where a plan came from: a reload goes back there.
pub(crate) enum Source {
    /// A file of configuration.
    File(PathBuf),
    /// A directory of the command line: nothing to read again.
    Directory,
}

impl Plan {
    /// As a file of configuration says.
    pub fn from_file(path: &Path) -> Result<Plan, ServeError> {
        let mut config = Config::load(path)?;
        if config.shares.is_empty() {
            return Err(ConfigError::whole(Some(path), "it shares nothing: write [share.NAME]".into()).into());
        }
        let users = config.users.clone().or_else(default_users_path).ok_or(ServeError::NoUsersPath)?;
        let accounts = Users::load(&users)?.accounts();
        config.users = Some(users);
        Ok(Plan { source: Source::File(path.to_owned()), config, accounts, server_guid: None })
    }

    /// One directory, and one account that is made for this run.
    pub fn from_directory(
        directory: &Path,
        options: &DirectoryOptions,
    ) -> Result<(Plan, Credentials), ServeError> {
        let share = zero::share(directory, options)?;
        let credentials = Credentials::new(&options.user).map_err(|_| ServeError::Chance)?;
        let sid = Sid::new(5, &[21, 0, 0, 0, 1000]).unwrap_or(Sid::AUTHENTICATED_USERS);
        let account = Account {
            name: credentials.user.clone(),
            hash: password_hash(&credentials.password),
            sid,
            is_administrator: true,
            is_disabled: false,
        };
        let config = Config { listen: options.listen.clone(), shares: vec![share], ..Config::default() };
        Ok((
            Plan { source: Source::Directory, config, accounts: Accounts::new([account]), server_guid: None },
            credentials,
        ))
    }

    /// The plan as its source now says; `None` when there is nothing to read again.
    pub(crate) fn again(&self) -> Option<Result<Plan, ServeError>> {
        match &self.source {
            Source::File(path) => Some(Plan::from_file(path)),
            Source::Directory => None,
        }
    }
}

/// Whether a plan can be served: every directory is opened, nothing is listened at.
pub fn check(plan: &Plan) -> Result<(), ServeError> {
    build::Built::new(plan, "localhost", None).map(|_| ())
}

/// Where accounts are kept unless said otherwise: `/etc/pointsman/users.toml` for root, else below the user's configuration.
pub fn default_users_path() -> Option<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Some("/etc/pointsman/users.toml".into());
    }
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
    base.map(|base| base.join("pointsman").join("users.toml"))
}

/// Why nothing is served.
#[derive(Debug)]
pub enum ServeError {
    /// The configuration.
    Config(Box<ConfigError>),
    /// The users file.
    Users(Box<UsersError>),
    /// Neither the configuration nor the environment says where accounts are.
    NoUsersPath,
    /// The keys of Kerberos cannot be used.
    Keytab {
        /// Which file.
        path: PathBuf,
        /// Why not.
        why: KeytabError,
    },
    /// A directory cannot be served.
    Share {
        /// Which.
        path: PathBuf,
        /// Why not.
        why: LinuxOpenError,
    },
    /// It is no directory, or has no name that a share could have.
    Directory {
        /// Which.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// An address cannot be listened at.
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why not.
        error: io::Error,
    },
    /// The host has no chance to give.
    Chance,
    /// The host refuses something else.
    Io {
        /// What was being done.
        what: &'static str,
        /// Why not.
        error: io::Error,
    },
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServeError::Config(error) => error.fmt(f),
            ServeError::Users(error) => error.fmt(f),
            ServeError::NoUsersPath => f.write_str("no users file: set users in [server]"),
            ServeError::Keytab { path, why } => write!(f, "{}: {why}", path.display()),
            ServeError::Share { path, why } => match why {
                LinuxOpenError::NoProc => write!(f, "{}: /proc is not mounted", path.display()),
                LinuxOpenError::NoOpenat2 => {
                    write!(f, "{}: this kernel has no openat2 (Linux 5.6)", path.display())
                }
                LinuxOpenError::Root(error) => write!(f, "{}: {error:?}", path.display()),
            },
            ServeError::Directory { path, why } => write!(f, "{}: {why}", path.display()),
            ServeError::Listen { address, error } => write!(f, "cannot listen at {address}: {error}"),
            ServeError::Chance => f.write_str("the host gives no random numbers"),
            ServeError::Io { what, error } => write!(f, "cannot {what}: {error}"),
        }
    }
}

impl std::error::Error for ServeError {}

impl From<ConfigError> for ServeError {
    fn from(error: ConfigError) -> ServeError {
        ServeError::Config(Box::new(error))
    }
}

impl From<UsersError> for ServeError {
    fn from(error: UsersError) -> ServeError {
        ServeError::Users(Box::new(error))
    }
}

#[cfg(test)]
mod tests;
