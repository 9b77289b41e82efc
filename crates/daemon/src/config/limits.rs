//! `[limits]`: how much of everything there may be.
use super::error::{ConfigError, Source};
use crate::auth::throttle;
use serde::Deserialize;
use smb::connection;
use std::time::Duration;
use toml::Spanned;

/// How much of everything there may be. Each has a name in the file, a default, and a range.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// Connections of one address at once.
    pub connections_per_address: usize,
    /// Sessions of one connection.
    pub sessions_per_connection: usize,
    /// Tree connects of one session.
    pub trees_per_session: usize,
    /// Channels of one session.
    pub channels_per_session: usize,
    /// Opens of one session.
    pub opens_per_session: usize,
    /// Opens of all sessions.
    pub opens: usize,
    /// Tree connects of all sessions.
    pub trees: usize,
    /// Opens of which it was promised that they outlive their connection.
    pub durable_opens: usize,
    /// How long such an open waits for its client, when the client does not say.
    pub durable: Duration,
    /// How long a session is good for until its user must be authenticated again; `None` for ever.
    pub session: Option<Duration>,
    /// Byte-range locks on one file, and requests that wait for one.
    pub locks_per_file: usize,
    /// Credits a client may hold: requests under way.
    pub credits: u16,
    /// Requests of one connection that may wait for something.
    pub waiting_per_connection: usize,
    /// MaxTransactSize, MaxReadSize and MaxWriteSize in bytes.
    pub transfer_bytes: u32,
    /// Bytes that one connection may hold.
    pub buffer_bytes_per_connection: usize,
    /// Bytes that all connections may hold together.
    pub buffer_bytes: usize,
    /// How long a client has from the connection to its first session.
    pub handshake: Duration,
    /// How long a client has to send a message that it began.
    pub frame: Duration,
    /// How long a client may take to read what it is sent.
    pub write: Duration,
    /// How long a connection may be silent.
    pub idle: Duration,
    /// What failed logons cost.
    pub logon: throttle::Limits,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 4096,
            connections_per_address: 256,
            sessions_per_connection: 256,
            trees_per_session: 1024,
            channels_per_session: 32,
            opens_per_session: 65_536,
            opens: 1_048_576,
            trees: 1_048_576,
            durable_opens: 65_536,
            durable: Duration::from_secs(120),
            session: None,
            locks_per_file: 65_536,
            credits: 8192,
            waiting_per_connection: connection::ASYNC_MAX,
            transfer_bytes: 8 * 1024 * 1024,
            buffer_bytes_per_connection: 64 << 20,
            buffer_bytes: 1 << 30,
            handshake: Duration::from_secs(30),
            frame: Duration::from_secs(30),
            write: Duration::from_secs(60),
            idle: Duration::from_secs(900),
            logon: throttle::Limits::default(),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimits {
    connections: Option<Spanned<i64>>,
    connections_per_address: Option<Spanned<i64>>,
    sessions_per_connection: Option<Spanned<i64>>,
    trees_per_session: Option<Spanned<i64>>,
    channels_per_session: Option<Spanned<i64>>,
    opens_per_session: Option<Spanned<i64>>,
    opens: Option<Spanned<i64>>,
    trees: Option<Spanned<i64>>,
    durable_opens: Option<Spanned<i64>>,
    durable_s: Option<Spanned<i64>>,
    session_s: Option<Spanned<i64>>,
    locks_per_file: Option<Spanned<i64>>,
    credits: Option<Spanned<i64>>,
    waiting_per_connection: Option<Spanned<i64>>,
    transfer_bytes: Option<Spanned<i64>>,
    buffer_bytes_per_connection: Option<Spanned<i64>>,
    buffer_bytes: Option<Spanned<i64>>,
    handshake_s: Option<Spanned<i64>>,
    frame_s: Option<Spanned<i64>>,
    write_s: Option<Spanned<i64>>,
    idle_s: Option<Spanned<i64>>,
    #[serde(default)]
    logon: RawLogon,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawLogon {
    free_failures: Option<Spanned<i64>>,
    first_wait_s: Option<Spanned<i64>>,
    address_wait_s: Option<Spanned<i64>>,
    name_wait_s: Option<Spanned<i64>>,
    forget_after_s: Option<Spanned<i64>>,
    entries: Option<Spanned<i64>>,
}

/// A number of the file, in a range.
struct Numbers<'a>(&'a Source<'a>);

impl Numbers<'_> {
    fn get<T: TryFrom<i64>>(
        &self,
        given: Option<&Spanned<i64>>,
        range: std::ops::RangeInclusive<i64>,
        default: T,
    ) -> Result<T, ConfigError> {
        let Some(given) = given else { return Ok(default) };
        let value = Some(*given.get_ref()).filter(|value| range.contains(value));
        value.and_then(|value| T::try_from(value).ok()).ok_or_else(|| {
            let what = format!("out of range: {} to {}", range.start(), range.end());
            self.0.at(given.span(), what)
        })
    }

    fn seconds(&self, given: Option<&Spanned<i64>>, default: Duration) -> Result<Duration, ConfigError> {
        Ok(Duration::from_secs(self.get(given, 1..=86_400, default.as_secs())?))
    }
}

impl RawLimits {
    pub(super) fn resolve(&self, source: &Source<'_>) -> Result<Limits, ConfigError> {
        let (numbers, defaults) = (Numbers(source), Limits::default());
        let limits = Limits {
            connections: numbers.get(self.connections.as_ref(), 1..=1_000_000, defaults.connections)?,
            connections_per_address: numbers.get(
                self.connections_per_address.as_ref(),
                1..=1_000_000,
                defaults.connections_per_address,
            )?,
            sessions_per_connection: numbers.get(
                self.sessions_per_connection.as_ref(),
                1..=65_536,
                defaults.sessions_per_connection,
            )?,
            trees_per_session: numbers.get(
                self.trees_per_session.as_ref(),
                1..=65_536,
                defaults.trees_per_session,
            )?,
            channels_per_session: numbers.get(
                self.channels_per_session.as_ref(),
                1..=1024,
                defaults.channels_per_session,
            )?,
            opens_per_session: numbers.get(
                self.opens_per_session.as_ref(),
                16..=16_777_216,
                defaults.opens_per_session,
            )?,
            opens: numbers.get(self.opens.as_ref(), 16..=16_777_216, defaults.opens)?,
            trees: numbers.get(self.trees.as_ref(), 1..=16_777_216, defaults.trees)?,
            durable_opens: numbers.get(
                self.durable_opens.as_ref(),
                0..=16_777_216,
                defaults.durable_opens,
            )?,
            // No client is promised more than this, [MS-SMB2] 3.3.5.9.10.
            durable: Duration::from_secs(numbers.get(
                self.durable_s.as_ref(),
                1..=300,
                defaults.durable.as_secs(),
            )?),
            session: match numbers.get(self.session_s.as_ref(), 0..=31_536_000, 0)? {
                0 => None,
                seconds => Some(Duration::from_secs(seconds)),
            },
            locks_per_file: numbers.get(
                self.locks_per_file.as_ref(),
                1..=16_777_216,
                defaults.locks_per_file,
            )?,
            credits: numbers.get(self.credits.as_ref(), 16..=32_767, defaults.credits)?,
            waiting_per_connection: numbers.get(
                self.waiting_per_connection.as_ref(),
                1..=32_767,
                defaults.waiting_per_connection,
            )?,
            // Less than 64 KiB no client expects; 16 MiB and a header no frame can carry.
            transfer_bytes: numbers.get(
                self.transfer_bytes.as_ref(),
                65_536..=16_711_680,
                defaults.transfer_bytes,
            )?,
            buffer_bytes_per_connection: numbers.get(
                self.buffer_bytes_per_connection.as_ref(),
                1 << 20..=1 << 36,
                defaults.buffer_bytes_per_connection,
            )?,
            buffer_bytes: numbers.get(
                self.buffer_bytes.as_ref(),
                1 << 20..=1 << 40,
                defaults.buffer_bytes,
            )?,
            handshake: numbers.seconds(self.handshake_s.as_ref(), defaults.handshake)?,
            frame: numbers.seconds(self.frame_s.as_ref(), defaults.frame)?,
            write: numbers.seconds(self.write_s.as_ref(), defaults.write)?,
            idle: numbers.seconds(self.idle_s.as_ref(), defaults.idle)?,
            logon: self.logon.resolve(&numbers, &defaults.logon)?,
        };
        let transfer = usize::try_from(limits.transfer_bytes).unwrap_or(usize::MAX);
        if limits.buffer_bytes_per_connection < transfer
            || limits.buffer_bytes < limits.buffer_bytes_per_connection
        {
            let said = self.buffer_bytes_per_connection.as_ref().or(self.buffer_bytes.as_ref());
            let span = said.or(self.transfer_bytes.as_ref()).map_or(0..0, Spanned::span);
            let what = "transfer_bytes, buffer_bytes_per_connection, buffer_bytes: none may be less than the one before";
            return Err(source.at(span, what));
        }
        match limits.transfer_bytes / 65_536 > u32::from(limits.credits) {
            false => Ok(limits),
            true => {
                let span = self.transfer_bytes.as_ref().or(self.credits.as_ref()).map_or(0..0, Spanned::span);
                Err(source
                    .at(span, "a credit pays for 64 KiB: transfer_bytes needs more credits than there are"))
            }
        }
    }
}

impl RawLogon {
    fn resolve(
        &self,
        numbers: &Numbers<'_>,
        defaults: &throttle::Limits,
    ) -> Result<throttle::Limits, ConfigError> {
        Ok(throttle::Limits {
            free: numbers.get(self.free_failures.as_ref(), 0..=1_000_000, defaults.free)?,
            first_wait: numbers.seconds(self.first_wait_s.as_ref(), defaults.first_wait)?,
            address_wait_max: numbers.seconds(self.address_wait_s.as_ref(), defaults.address_wait_max)?,
            name_wait_max: numbers.seconds(self.name_wait_s.as_ref(), defaults.name_wait_max)?,
            forget_after: numbers.seconds(self.forget_after_s.as_ref(), defaults.forget_after)?,
            entries_max: numbers.get(self.entries.as_ref(), 16..=1_000_000, defaults.entries_max)?,
        })
    }
}
