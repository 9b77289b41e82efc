//! What stands between a connection and its socket while the dialect is negotiated.
//!
//! `smb2` offers ciphers and does not say SMB2_GLOBAL_CAP_ENCRYPTION, which [MS-SMB2] 3.2.4.2.2.2 asks for and without
//! which Samba agrees on no cipher. So the bit is set on the way, and the hash of what was negotiated is made anew of what
//! went over the wire. What was said is kept: before 3.1.1 it is proved afterwards. (A change for `smb2` itself.)
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use nt::{FsctlCode, NtStatus};
use smb2::client::Connection;
use smb2::crypto::kdf::PreauthHasher;
use smb2::transport::{ReceiveProgress, TcpTransport, TransportReceive, TransportSend};
use wire::ioctl::{IoctlFlags, ValidateNegotiateRequest, ValidateNegotiateResponse, code};
use wire::negotiate::{self, Capabilities};
use wire::{Command, FileId, Header, Request, Writer, ioctl};

use crate::error::RemoteError;
use crate::exchange::exchange;

/// Where Capabilities stands in a NEGOTIATE request. [MS-SMB2] 2.2.3
const CAPABILITIES_AT: usize = 64 + 8;

/// A socket, and the first message each way.
pub(crate) struct Negotiation {
    socket: TcpTransport,
    first: Mutex<First>,
}

#[derive(Default)]
struct First {
    sent: Option<Vec<u8>>,
    received: Option<Vec<u8>>,
}

impl Negotiation {
    /// A connection over a socket, negotiated.
    pub(crate) async fn connect(
        socket: TcpTransport,
        server: &str,
    ) -> Result<(Connection, Arc<Negotiation>), RemoteError> {
        let negotiation = Arc::new(Negotiation { socket, first: Mutex::default() });
        let (sender, receiver) = (Half(Arc::clone(&negotiation)), Half(Arc::clone(&negotiation)));
        let mut connection = Connection::from_transport(Box::new(sender), Box::new(receiver), server);
        connection.set_compression_requested(false);
        connection.negotiate().await?;
        let first = negotiation.first();
        connection.with_preauth_hasher_mut(|hasher| {
            *hasher = PreauthHasher::new();
            [&first.sent, &first.received].into_iter().flatten().for_each(|message| hasher.update(message));
        });
        drop(first);
        Ok((connection, negotiation))
    }

    fn first(&self) -> std::sync::MutexGuard<'_, First> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the server over the signed session what was negotiated, and compares. [MS-SMB2] 3.2.5.5: in 3.0 and 3.0.2;
    /// 3.1.1 proves it by its hash.
    pub(crate) async fn validate(&self, connection: &Connection, tree: u32) -> Result<(), RemoteError> {
        let (sent, received) = {
            let first = self.first();
            (first.sent.clone().unwrap_or_default(), first.received.clone().unwrap_or_default())
        };
        let asked = negotiate::Request::decode(&sent)?;
        let told = negotiate::Response::decode(&received)?;
        let mut w = Writer::new();
        ValidateNegotiateRequest {
            capabilities: asked.capabilities,
            client_guid: asked.client_guid,
            security_mode: asked.security_mode,
            dialects: asked.dialects,
        }
        .encode(&mut w);
        let input = w.finish().map_err(RemoteError::TooLong)?;
        let request = Request::Ioctl(ioctl::Request {
            code: FsctlCode(code::VALIDATE_NEGOTIATE_INFO.0),
            file_id: FileId::ANY,
            input: &input,
            input_len_max: 0,
            output: &[],
            output_len_max: 24,
            flags: IoctlFlags::IS_FSCTL,
        });
        let answer = exchange(connection, tree, &request, 0).await?;
        if answer.status != NtStatus::SUCCESS {
            return Err(changed());
        }
        let again = ValidateNegotiateResponse::decode(ioctl::Response::decode(&answer.message)?.output)?;
        let same = again.capabilities == told.capabilities
            && again.server_guid == told.server_guid
            && again.security_mode == told.security_mode
            && again.dialect == told.dialect;
        if same { Ok(()) } else { Err(changed()) }
    }
}

fn changed() -> RemoteError {
    RemoteError::Untrusted(
        "the server does not confirm what was negotiated: somebody may have changed it".into(),
    )
}

/// One direction of a socket: both are the same object.
struct Half(Arc<Negotiation>);

#[async_trait]
impl TransportSend for Half {
    async fn send(&self, data: &[u8]) -> smb2::Result<()> {
        let changed = {
            let mut first = self.0.first();
            match first.sent {
                Some(_) => None,
                None => Some(first.sent.insert(able_to_encrypt(data)).clone()),
            }
        };
        self.0.socket.send(changed.as_deref().unwrap_or(data)).await
    }
}

#[async_trait]
impl TransportReceive for Half {
    async fn receive(&self) -> smb2::Result<Vec<u8>> {
        let message = self.0.socket.receive().await?;
        self.0.first().received.get_or_insert_with(|| message.clone());
        Ok(message)
    }

    fn receive_progress(&self) -> Option<Arc<ReceiveProgress>> {
        self.0.socket.receive_progress()
    }
}

/// A NEGOTIATE request that says it can encrypt; anything else as it is.
fn able_to_encrypt(message: &[u8]) -> Vec<u8> {
    let mut message = message.to_vec();
    let is_negotiate = Header::decode(&message).is_ok_and(|header| header.command == Command::NEGOTIATE);
    if is_negotiate
        && let Some(field) = message.get_mut(CAPABILITIES_AT..).and_then(|rest| rest.first_chunk_mut::<4>())
    {
        *field = (u32::from_le_bytes(*field) | Capabilities::ENCRYPTION.0).to_le_bytes();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_negotiate_is_changed() {
        let mut w = Writer::new();
        Header::new(Command::ECHO, 1).encode(&mut w);
        let echo = [w.finish().expect("a header"), vec![4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat();
        assert_eq!(able_to_encrypt(&echo), echo);
        assert_eq!(able_to_encrypt(&[1, 2, 3]), [1, 2, 3]);
        let mut w = Writer::new();
        Header::new(Command::NEGOTIATE, 0).encode(&mut w);
        let negotiate = [w.finish().expect("a header"), vec![0; 36]].concat();
        let changed = able_to_encrypt(&negotiate);
        assert_eq!(changed.get(72), Some(&0x40));
        assert_eq!(changed.len(), negotiate.len());
    }
}
