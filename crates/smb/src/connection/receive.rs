//! [MS-SMB2] 3.3.5.2: from a message to the requests in it.
use std::collections::VecDeque;

use wire::negotiate::Dialect;
use wire::{
    Command, HEADER_LEN, Header, HeaderFlags, PROTOCOL_ID, TRANSFORM_LEN, TRANSFORM_PROTOCOL_ID,
    TransformHeader, compound, compression, smb1,
};

use super::chain::{Chain, Part};
use super::config::{CHAIN_LEN_MAX, Now, SMALL_REQUEST_BYTES_MAX};
use super::fault::Fault;
use super::incoming::may_be_large;
use super::negotiate::{FromSmb1, from_smb1};
use super::reply::{self, ReplyBody};
use super::{Connection, Effect, Phase, RequestId};
use crate::Data;

impl Connection {
    /// One message of the stream.
    pub(super) fn receive_message(&mut self, now: Now, message: Vec<u8>) -> Result<(), Fault> {
        let Some(protocol_id) = message.first_chunk::<4>() else { return Err(Fault::NotARequest) };
        match *protocol_id {
            smb1::SMB1_PROTOCOL_ID => self.receive_smb1(now, &message),
            TRANSFORM_PROTOCOL_ID => {
                let (session_id, message) = self.open(message)?;
                self.receive_chain(now, message, Some(session_id))
            }
            compression::COMPRESSION_PROTOCOL_ID => Err(Fault::Compressed),
            PROTOCOL_ID => self.receive_chain(now, message, None),
            _ => Err(Fault::NotARequest),
        }
    }

    /// [MS-SMB2] 3.3.5.3
    fn receive_smb1(&mut self, now: Now, message: &[u8]) -> Result<(), Fault> {
        if !matches!(self.phase, Phase::Fresh) {
            return Err(Fault::Smb1);
        }
        let request = smb1::NegotiateRequest::decode(message).map_err(|_| Fault::Smb1)?;
        // The message id is taken as zero. 3.3.5.2.3
        if !self.window.consume(0, 1) {
            return Err(Fault::MessageId(0));
        }
        let config = self.config.clone();
        let (phase, response) = match from_smb1(&config, now, &request)? {
            FromSmb1::Wildcard(response) => (Phase::Wildcard, response),
            FromSmb1::Settled(negotiated, response) => (Phase::Settled(Box::new(negotiated)), response),
        };
        self.phase = phase;
        let credits = self.window.grant(1);
        let header =
            Header { flags: HeaderFlags::SERVER_TO_REDIR, credits, ..Header::new(Command::NEGOTIATE, 0) };
        let body = ReplyBody::Response(wire::Response::Negotiate(response));
        let written = reply::write(header, Dialect(0), &body, Data::default())?;
        self.send_alone(written, None)
    }

    /// Opens an encrypted message. [MS-SMB2] 3.3.5.2.1.1
    fn open(&self, mut message: Vec<u8>) -> Result<(u64, Vec<u8>), Fault> {
        let can = self.negotiated().is_some_and(|negotiated| negotiated.cipher.is_some());
        if !can || message.len() <= TRANSFORM_LEN {
            return Err(Fault::Encryption);
        }
        let (header, _) = TransformHeader::decode(&message).map_err(Fault::Header)?;
        let keys = self.sessions.get(&header.session_id).and_then(|security| security.sealing.as_ref());
        let Some((_, key)) = keys.filter(|_| header.flags == wire::ENCRYPTED) else {
            return Err(Fault::Encryption);
        };
        if usize::try_from(header.original_message_len) != Ok(message.len() - TRANSFORM_LEN) {
            return Err(Fault::Encryption);
        }
        key.open(&header, &mut message).map_err(|_| Fault::Encryption)?;
        match message.first_chunk::<4>() {
            Some(&PROTOCOL_ID) => {}
            Some(&compression::COMPRESSION_PROTOCOL_ID) => return Err(Fault::Compressed),
            _ => return Err(Fault::NotARequest),
        }
        Ok((header.session_id, message))
    }

    /// Cuts a message into its requests, takes their message ids, and starts each chain of related ones.
    fn receive_chain(&mut self, now: Now, message: Vec<u8>, sealed_for: Option<u64>) -> Result<(), Fault> {
        let parts = self.cut(message)?;
        if let Some(session_id) = sealed_for {
            check_sealed(&parts, session_id)?;
        }
        for part in &parts {
            self.admit(&part.header)?;
        }
        if parts.iter().skip(1).all(Part::is_related) {
            return self.begin(now, Chain::new(parts.into(), sealed_for, None));
        }
        // What is not related begins a chain of its own, as Windows does with a mix of both styles: note <268>.
        let mut parts: VecDeque<Part> = parts.into();
        let mut chains = Vec::new();
        while let Some(first) = parts.pop_front() {
            let mut chain = VecDeque::from([first]);
            while parts.front().is_some_and(Part::is_related) {
                chain.extend(parts.pop_front());
            }
            chains.push(chain);
        }
        let bundle = self.bundle(chains.len());
        chains.into_iter().try_for_each(|chain| self.begin(now, Chain::new(chain, sealed_for, bundle)))
    }

    fn cut(&self, message: Vec<u8>) -> Result<Vec<Part>, Fault> {
        let is_small = !self.negotiated().is_some_and(super::Negotiated::supports_multi_credit);
        if is_small && message.len() > SMALL_REQUEST_BYTES_MAX {
            return Err(Fault::TooLong { len: message.len(), max: SMALL_REQUEST_BYTES_MAX });
        }
        let mut parts = Vec::new();
        for part in compound::split(&message) {
            let (header, bytes) = part.map_err(Fault::Header)?;
            if header.is_response() {
                return Err(Fault::NotARequest);
            }
            if !may_be_large(header.command) && bytes.len() > SMALL_REQUEST_BYTES_MAX {
                return Err(Fault::TooLong { len: bytes.len(), max: SMALL_REQUEST_BYTES_MAX });
            }
            if parts.len() == CHAIN_LEN_MAX {
                return Err(Fault::Chain { max: CHAIN_LEN_MAX });
            }
            // A message alone keeps its buffer; only the parts of a chain are copied out.
            if bytes.len() == message.len() {
                return Ok(vec![Part { header, message }]);
            }
            parts.push(Part { header, message: bytes.to_vec() });
        }
        Ok(parts)
    }

    /// The state of the connection, then the message id. [MS-SMB2] 3.3.5.2.2 and 3.3.5.2.3
    fn admit(&mut self, header: &Header) -> Result<(), Fault> {
        let charge = match &self.phase {
            Phase::Settled(_) if header.command == Command::NEGOTIATE => return Err(Fault::NegotiatedAgain),
            Phase::Settled(negotiated) if negotiated.supports_multi_credit() => header.credit_charge,
            Phase::Settled(_) => 1,
            Phase::Fresh | Phase::Wildcard if header.command == Command::NEGOTIATE => 1,
            _ => return Err(Fault::NotNegotiated),
        };
        if header.command != Command::CANCEL && !self.window.consume(header.message_id, charge) {
            return Err(Fault::MessageId(header.message_id));
        }
        Ok(())
    }

    /// Finds what a CANCEL means, by async id or by message id. [MS-SMB2] 3.3.5.16
    pub(super) fn cancel(&mut self, header: &Header) {
        let target = match header.subject {
            wire::Subject::Async { async_id } => {
                let mut all = self.outstanding.iter();
                all.find(|(_, request)| request.async_id == Some(async_id)).map(|(id, _)| *id)
            }
            wire::Subject::Sync { .. } => {
                Some(header.message_id).filter(|id| self.outstanding.contains_key(id))
            }
        };
        if let Some(id) = target {
            self.effects.push(Effect::Cancel(RequestId(id)));
        }
    }
}

/// What an encrypted chain must say of its session. [MS-SMB2] 3.3.5.2.1.1
fn check_sealed(parts: &[Part], session_id: u64) -> Result<(), Fault> {
    for (at, part) in parts.iter().enumerate() {
        let is_first = at == 0;
        let is_wrong = match part.is_related() {
            true => is_first,
            false => part.header.session_id != session_id,
        };
        if is_wrong {
            return Err(Fault::EncryptedChain);
        }
    }
    Ok(())
}

const _: () = assert!(HEADER_LEN < SMALL_REQUEST_BYTES_MAX);
