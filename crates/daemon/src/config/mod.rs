//! The configuration: a file of TOML, whole and checked before anything of it counts. docs/SERVE.md describes every key.
mod error;
mod limits;
mod raw;
mod share;

pub use error::{ConfigError, Place};
pub use limits::Limits;
pub use share::{Drive, ShareSettings, Tags};

use raw::Raw;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The most bytes a configuration has.
pub const CONFIG_BYTES_MAX: u64 = 1024 * 1024;

/// The most shares of one server. (Not in the specification.)
pub const SHARES_MAX: usize = 1024;

/// The port that needs no root.
pub const PORT: u16 = 4450;

/// Whether something is done with those who can, or demanded of all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Demand {
    /// Who cannot or will not is not let in.
    Required,
    /// With who can and wants to.
    Offered,
}

/// What a server is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// What the machine is called; `None` for the host's own name.
    pub name: Option<String>,
    /// Where it listens; empty for the default port on every address.
    pub listen: Vec<SocketAddr>,
    /// Encryption of sessions.
    pub encryption: Demand,
    /// Signatures.
    pub signing: Demand,
    /// The oldest dialect, as its number.
    pub dialect_min: u16,
    /// The newest dialect, as its number.
    pub dialect_max: u16,
    /// The POSIX extensions are offered.
    pub posix: bool,
    /// Where accounts are kept; `None` when the command makes one for the run.
    pub users: Option<PathBuf>,
    /// The keys of this server in a realm of Kerberos; `None` where NTLM is the only way in.
    pub keytab: Option<PathBuf>,
    /// Where `pointsman status` asks; `None` for beside the users file.
    pub status_socket: Option<PathBuf>,
    /// What outlives a run; `None` for where such things lie on this machine.
    pub state_directory: Option<PathBuf>,
    /// Where Prometheus asks; `None` for nowhere.
    pub metrics: Option<SocketAddr>,
    /// How much of everything there may be.
    pub limits: Limits,
    /// What is shared, in the order of their names.
    pub shares: Vec<ShareSettings>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            name: None,
            listen: Vec::new(),
            encryption: Demand::Required,
            signing: Demand::Required,
            dialect_min: 0x0202,
            dialect_max: 0x0311,
            posix: true,
            users: None,
            keytab: None,
            status_socket: None,
            state_directory: None,
            metrics: None,
            limits: Limits::default(),
            shares: Vec::new(),
        }
    }
}

impl Config {
    /// Reads a file. Paths in it that are relative count from its directory.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let unreadable = |error: &std::io::Error| ConfigError::whole(Some(path), error.to_string());
        let found = std::fs::metadata(path).map_err(|error| unreadable(&error))?;
        if found.len() > CONFIG_BYTES_MAX {
            return Err(ConfigError::whole(Some(path), format!("it has more than {CONFIG_BYTES_MAX} bytes")));
        }
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(&error))?;
        Config::parse(&text, Some(path), path.parent().unwrap_or(Path::new("")))
    }

    /// Reads a text, which came from `path` as errors show it.
    pub fn parse(text: &str, path: Option<&Path>, base: &Path) -> Result<Config, ConfigError> {
        let source = error::Source { text, path };
        let raw: Raw = toml::from_str(text).map_err(|error| source.of_toml(&error))?;
        let defaults = Config::default();
        let config = Config {
            name: raw.server.name.map(|name| raw::server_name(&source, &name)).transpose()?,
            listen: raw::addresses(&source, &raw.server.listen)?,
            encryption: raw.server.encryption.unwrap_or(defaults.encryption),
            signing: raw.server.signing.unwrap_or(defaults.signing),
            dialect_min: raw::dialect(&source, raw.server.dialect_min.as_ref(), defaults.dialect_min)?,
            dialect_max: raw::dialect(&source, raw.server.dialect_max.as_ref(), defaults.dialect_max)?,
            posix: raw.server.posix.unwrap_or(defaults.posix),
            users: raw.server.users.map(|users| base.join(users)),
            keytab: raw.server.keytab.map(|keytab| base.join(keytab)),
            status_socket: raw.server.status_socket.map(|socket| base.join(socket)),
            state_directory: raw.server.state_directory.map(|directory| base.join(directory)),
            metrics: raw.server.metrics.map(|metrics| raw::local_address(&source, &metrics)).transpose()?,
            limits: raw.limits.resolve(&source)?,
            shares: share::resolve(&source, raw.share, base)?,
        };
        if config.dialect_min > config.dialect_max {
            let at = raw.server.dialect_min.or(raw.server.dialect_max);
            let span = at.map_or(0..0, |at| at.span());
            return Err(source.at(span, "dialect_min is newer than dialect_max"));
        }
        if config.encryption == Demand::Required && config.dialect_max < 0x0300 {
            let span = raw.server.dialect_max.map_or(0..0, |at| at.span());
            return Err(source.at(span, "no dialect before 3.0 encrypts, and encryption is required"));
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests;
