//! A share of any SMB server (Windows, Samba, ours), as a client sees it: what `fsa` is for a volume of this machine.
//!
//! [`Address`] is what `smb://user@host/share/path` names, [`Login`] who asks and by which proof, [`Policy`] what the
//! connection must be. A [`Share`] opens objects ([`RemoteOpen`]), controls them, queries and sets their information,
//! lists directories, reads and writes. Calls wait for the server; they may come from several threads at once.
//!
//! A server never follows a symbolic link ([MS-SMB2] 3.3.5.9): it says where the open stopped, and
//! [`Share::open_following`] goes on as 2.2.2.2.1.1 says, as far as the [`Evaluation`] lets it.
//!
//! Beneath is the crate `smb2`: connection, session, signatures, encryption. All other messages are those of `wire`.

mod address;
mod error;
mod evaluation;
mod exchange;
mod follow;
mod information;
mod login;
mod negotiation;
mod open;
mod share;
mod transfer;

pub use address::{Address, AddressError};
pub use error::RemoteError;
pub use evaluation::{Destination, Evaluation, EvaluationClass, EvaluationParseError, LinkFault, evaluate};
pub use follow::{FollowError, HOPS_MAX, RemoteHop};
pub use information::{RemoteEntry, SubjectBytes, decode_entries};
pub use login::{Login, LoginError, Proof};
pub use open::{RemoteOpen, RemoteRequest, Stopped};
pub use share::{Policy, PolicyParseError, Sealing, Share};
