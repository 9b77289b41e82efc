//! The shapes of the file, before they are checked against each other.
use super::Demand;
use super::error::{ConfigError, Source};
use super::limits::RawLimits;
use super::share::RawShare;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    #[serde(default)]
    pub(super) server: RawServer,
    #[serde(default)]
    pub(super) limits: RawLimits,
    #[serde(default)]
    pub(super) share: BTreeMap<Spanned<String>, RawShare>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawServer {
    pub(super) name: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) listen: Vec<Spanned<String>>,
    pub(super) encryption: Option<Demand>,
    pub(super) signing: Option<Demand>,
    pub(super) dialect_min: Option<Spanned<String>>,
    pub(super) dialect_max: Option<Spanned<String>>,
    pub(super) posix: Option<bool>,
    pub(super) users: Option<PathBuf>,
    pub(super) keytab: Option<PathBuf>,
    pub(super) status_socket: Option<PathBuf>,
    pub(super) state_directory: Option<PathBuf>,
    pub(super) metrics: Option<Spanned<String>>,
}

/// A name that clients can ask for: of DNS, letters, digits, hyphens and dots.
pub(super) fn server_name(source: &Source<'_>, name: &Spanned<String>) -> Result<String, ConfigError> {
    let text = name.get_ref();
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    match (1..=255).contains(&text.len()) && text.chars().all(good) {
        true => Ok(text.clone()),
        false => Err(source.at(name.span(), "no name of a machine: letters, digits, hyphens and dots")),
    }
}

pub(super) fn addresses(
    source: &Source<'_>,
    list: &[Spanned<String>],
) -> Result<Vec<SocketAddr>, ConfigError> {
    list.iter().map(|text| address(source, text)).collect()
}

/// `ADDRESS:PORT`, or an address alone, for the default port.
fn address(source: &Source<'_>, text: &Spanned<String>) -> Result<SocketAddr, ConfigError> {
    let parsed = text.get_ref().parse::<SocketAddr>().ok();
    let alone = || text.get_ref().parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, super::PORT));
    parsed.or_else(alone).ok_or_else(|| {
        source.at(text.span(), "no address: write it as \"192.0.2.1:4450\", \"[::]:4450\" or \"192.0.2.1\"")
    })
}

/// Metrics name users and files to nobody, but how busy a machine is is nobody's business either.
pub(super) fn local_address(source: &Source<'_>, text: &Spanned<String>) -> Result<SocketAddr, ConfigError> {
    let address = address(source, text)?;
    match address.ip().is_loopback() {
        true => Ok(address),
        false => {
            Err(source.at(text.span(), "metrics are given to this machine only: use 127.0.0.1 or [::1]"))
        }
    }
}

pub(super) fn dialect(
    source: &Source<'_>,
    text: Option<&Spanned<String>>,
    default: u16,
) -> Result<u16, ConfigError> {
    let Some(text) = text else { return Ok(default) };
    match text.get_ref().as_str() {
        "2.0.2" => Ok(0x0202),
        "2.1" => Ok(0x0210),
        "3.0" => Ok(0x0300),
        "3.0.2" => Ok(0x0302),
        "3.1.1" => Ok(0x0311),
        _ => Err(source.at(text.span(), "no dialect: 2.0.2, 2.1, 3.0, 3.0.2 or 3.1.1")),
    }
}
