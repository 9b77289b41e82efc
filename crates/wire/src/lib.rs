//! SMB2 and SMB3 messages, [MS-SMB2] 2: bytes to structs and back, for clients and servers, no behaviour.
//!
//! A file a message: a struct, a `decode` and an `encode`. Offsets and lengths are the codec's business and resolved in one
//! place; numbers are open newtypes, so that what nobody here knows is carried and printed. The data of a READ or a WRITE
//! travels beside its header and is never copied into it.
//!
//! ```
//! use wire::{Command, Header, Request, Writer, close, close::CloseFlags, FileId};
//! let mut w = Writer::new();
//! Header::new(Command::CLOSE, 7).encode(&mut w);
//! let file_id = FileId { persistent: 1, volatile: 2 };
//! close::Request { flags: CloseFlags::POSTQUERY_ATTRIB, file_id }.encode(&mut w);
//! let message = w.finish()?;
//!
//! let header = Header::decode(&message)?;
//! let Request::Close(close) = Request::decode(&header, &message)? else { unreachable!() };
//! assert_eq!((header.message_id, close.file_id), (7, file_id));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod cancel;
pub mod change_notify;
pub mod close;
mod command;
pub mod compound;
pub mod compression;
pub mod create;
pub mod echo;
mod error;
mod error_response;
mod file_id;
pub mod flush;
mod header;
pub mod ioctl;
pub mod lock;
pub mod logoff;
mod message;
pub mod negotiate;
pub mod netbios;
pub mod notification;
pub mod oplock_break;
pub mod query_directory;
pub mod query_info;
pub mod rdma_transform;
pub mod read;
mod reader;
pub mod session_setup;
pub mod set_info;
mod share_redirect;
pub mod smb1;
mod symlink_error;
mod transform;
pub mod tree_connect;
pub mod tree_disconnect;
pub mod write;
mod writer;

pub use command::Command;
pub use error::{DecodeError, EncodeError};
pub use error_response::{ERROR_CONTEXTS_MAX, ErrorContext, ErrorId, ErrorResponse};
pub use file_id::FileId;
pub use header::{FLAGS_AT, HEADER_LEN, Header, HeaderFlags, PROTOCOL_ID, SIGNATURE_AT, Subject};
pub use message::{Request, Response, is_error};
pub use share_redirect::{REDIRECT_ADDRESSES_MAX, ShareRedirect};
pub use symlink_error::SymlinkError;
pub use transform::{AUTHENTICATED_FROM, ENCRYPTED, TRANSFORM_LEN, TRANSFORM_PROTOCOL_ID, TransformHeader};
pub use writer::Writer;
