//! Why a connection ends.
use core::fmt;

use wire::DecodeError;

/// Why a connection is closed without an answer. [MS-SMB2] 3.3.7.1
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// A frame begins with another byte than zero.
    NotAFrame {
        /// The byte.
        kind: u8,
    },
    /// A message longer than the connection takes.
    TooLong {
        /// Its length in bytes.
        len: usize,
        /// The most.
        max: usize,
    },
    /// A message that begins with none of the known protocol ids, or with that of a response.
    NotARequest,
    /// SMB1, beyond a negotiate that leads to SMB2.
    Smb1,
    /// A compressed message, though no compression was negotiated.
    Compressed,
    /// An encrypted message that cannot be: no cipher, no session, no key, the wrong flags, or forged.
    Encryption,
    /// A chain in an encrypted message that names another session, or begins as related.
    EncryptedChain,
    /// A message or chain that has no header where one must be.
    Header(DecodeError),
    /// A chain of more messages than are taken at once.
    Chain {
        /// The most.
        max: usize,
    },
    /// A request before the dialect was settled.
    NotNegotiated,
    /// A NEGOTIATE after the dialect was settled.
    NegotiatedAgain,
    /// A message id that was not granted, or was used.
    MessageId(u64),
    /// More sessions being set up at once than are taken.
    Setups {
        /// The most.
        max: usize,
    },
    /// VALIDATE_NEGOTIATE_INFO does not say what the NEGOTIATE said: somebody changed one of them.
    NegotiateTampered,
    /// The client was too slow.
    Timeout,
    /// A response of ours cannot be written. The fault is ours; the client cannot be answered.
    Unwritable,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NotAFrame { kind } => write!(f, "a frame begins with 0x{kind:02X}"),
            Fault::TooLong { len, max } => write!(f, "a message of {len} bytes, the most is {max}"),
            Fault::NotARequest => f.write_str("a message that is no request of SMB2"),
            Fault::Smb1 => f.write_str("SMB1, which is not spoken here"),
            Fault::Compressed => f.write_str("a compressed message, though none was agreed on"),
            Fault::Encryption => f.write_str("an encrypted message that no key opens"),
            Fault::EncryptedChain => f.write_str("an encrypted message for another session"),
            Fault::Header(error) => write!(f, "{error}"),
            Fault::Chain { max } => write!(f, "a chain of more than {max} messages"),
            Fault::NotNegotiated => f.write_str("a request before the dialect was settled"),
            Fault::NegotiatedAgain => f.write_str("a second NEGOTIATE"),
            Fault::MessageId(id) => write!(f, "message id {id} was not granted or was used"),
            Fault::Setups { max } => write!(f, "more than {max} sessions being set up"),
            Fault::NegotiateTampered => f.write_str("the negotiation was tampered with"),
            Fault::Timeout => f.write_str("the client was too slow"),
            Fault::Unwritable => f.write_str("a response that cannot be written"),
        }
    }
}

impl core::error::Error for Fault {}
