//! What a connection may be, and its limits.
use core::time::Duration;

use nt::{FileTime, Guid};
use wire::negotiate::{Capabilities, Cipher, Dialect, SigningAlgorithm};

/// The largest request of a client that cannot pay for more: 64 KiB and what goes around them. [MS-SMB2] 3.3.5.2
pub const SMALL_REQUEST_BYTES_MAX: usize = 68 * 1024;

/// What a request may have beside the bytes that MaxTransactSize counts. [MS-SMB2] 3.3.5.2
pub const REQUEST_OVERHEAD_BYTES_MAX: usize = 256;

/// Bytes that one credit pays for. [MS-SMB2] 3.1.5.2
pub const CREDIT_BYTES: u32 = 65_536;

/// Sizes in dialect 2.0.2, and whenever a request cannot pay for more than one credit.
pub const SMALL_TRANSACT_BYTES: u32 = 65_536;

/// The most messages that one frame may chain. (Not in the specification.)
pub const CHAIN_LEN_MAX: usize = 256;

/// The most sessions of one connection whose authentication is under way. (Not in the specification.)
pub const SETUPS_MAX: usize = 64;

/// The most requests of one connection that wait asynchronously unless a server says otherwise; Windows has 512 by default.
pub const ASYNC_MAX: usize = 512;

/// What a server offers on every connection.
#[derive(Clone, Debug)]
pub struct Config {
    /// ServerGuid.
    pub server_guid: Guid,
    /// The dialects, in no order.
    pub dialects: Vec<Dialect>,
    /// RequireMessageSigning.
    pub require_signing: bool,
    /// Ciphers, the one preferred most first; empty when encryption is not supported.
    pub ciphers: Vec<Cipher>,
    /// Signing algorithms of dialect 3.1.1, the one preferred most first.
    pub signing_algorithms: Vec<SigningAlgorithm>,
    /// DFS, LEASING, MULTI_CHANNEL, DIRECTORY_LEASING, PERSISTENT_HANDLES and NOTIFICATIONS as far as the server has them.
    /// LARGE_MTU and ENCRYPTION follow from the rest.
    pub capabilities: Capabilities,
    /// Whether the POSIX extensions are offered.
    pub posix: bool,
    /// MaxTransactSize, MaxReadSize and MaxWriteSize of clients that pay with several credits, in bytes.
    pub transfer_len_max: u32,
    /// The most credits a client may hold.
    pub credits_max: u16,
    /// The most requests of one connection that may wait asynchronously.
    pub async_max: usize,
    /// The token of GSS in the NEGOTIATE response; empty leaves the first word to the client.
    pub security_buffer: Vec<u8>,
    /// How long a client has from the connection to its first session.
    pub handshake_timeout: Duration,
    /// How long a client has to send a frame that it began.
    pub frame_timeout: Duration,
}

/// The time, of both kinds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Now {
    /// Since some start; never goes back.
    pub monotonic: Duration,
    /// By the calendar.
    pub wall: FileTime,
}
