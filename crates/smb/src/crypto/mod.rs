//! [MS-SMB2] 3.1.4 and 3.1.5: keys, signatures, encryption, and the hash that protects negotiation.

mod kdf;
mod preauth;
mod sealing;
mod signing;

pub use kdf::{Derivation, SessionKeys};
pub use preauth::PreauthHash;
pub use sealing::{SealFault, SealingKey};
pub use signing::{MessageNonce, Sender, SigningKey};
