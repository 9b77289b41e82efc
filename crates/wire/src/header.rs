//! [MS-SMB2] 2.2.1: the header of every message.
use nt::NtStatus;

use crate::command::Command;
use crate::error::DecodeError;
use crate::reader::Reader;
use crate::writer::Writer;

/// Bytes of the header, which is also its StructureSize.
pub const HEADER_LEN: usize = 64;

/// The first four bytes of a message. [MS-SMB2] 2.2.1.1
pub const PROTOCOL_ID: [u8; 4] = *b"\xFESMB";

/// Where Flags stands in the header.
pub const FLAGS_AT: usize = 16;

/// Where NextCommand stands in the header.
pub(crate) const NEXT_COMMAND_AT: usize = 20;

/// Where Signature stands in the header.
pub const SIGNATURE_AT: usize = 48;

const _: () = assert!(SIGNATURE_AT + 16 == HEADER_LEN);

nt::named_numbers! {
    /// How a message is to be processed. [MS-SMB2] 2.2.1.1
    HeaderFlags(u32), prefix "SMB2_FLAGS_" {
        SERVER_TO_REDIR = 0x0000_0001;
        ASYNC_COMMAND = 0x0000_0002;
        RELATED_OPERATIONS = 0x0000_0004;
        SIGNED = 0x0000_0008;
        PRIORITY_MASK = 0x0000_0070;
        DFS_OPERATIONS = 0x1000_0000;
        REPLAY_OPERATION = 0x2000_0000;
    }
}
nt::bit_set!(HeaderFlags);

/// The field that a synchronous message uses for its tree and an asynchronous one for its id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// SMB2_FLAGS_ASYNC_COMMAND is set. [MS-SMB2] 2.2.1.1
    Async {
        /// AsyncId, which the server made.
        async_id: u64,
    },
    /// It is not. [MS-SMB2] 2.2.1.2
    Sync {
        /// Reserved; some clients put a process id here, and a server gives it back.
        reserved: u32,
        /// TreeId.
        tree_id: u32,
    },
}

/// A header without NextCommand, which is the business of [`compound`](crate::compound).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// Credits the request consumes; 0 in dialect 2.0.2.
    pub credit_charge: u16,
    /// Status of a response. Of a request in the 3.x dialects, [`channel_sequence`](Header::channel_sequence).
    pub status: NtStatus,
    /// Command.
    pub command: Command,
    /// CreditRequest of a request, CreditResponse of a response.
    pub credits: u16,
    /// Flags but ASYNC_COMMAND, which [`subject`](Header::subject) says.
    pub flags: HeaderFlags,
    /// MessageId.
    pub message_id: u64,
    /// The tree, or the id of an asynchronous message.
    pub subject: Subject,
    /// SessionId.
    pub session_id: u64,
    /// Signature; zero when the message is not signed.
    pub signature: [u8; 16],
}

impl Header {
    /// A header of a command, everything else zero.
    pub fn new(command: Command, message_id: u64) -> Header {
        Header {
            credit_charge: 0,
            status: NtStatus::SUCCESS,
            command,
            credits: 0,
            flags: HeaderFlags::NONE,
            message_id,
            subject: Subject::Sync { reserved: 0, tree_id: 0 },
            session_id: 0,
            signature: [0; 16],
        }
    }

    /// Reads the header at the start of a message. StructureSize must be 64. [MS-SMB2] 2.2.1.1 and 2.2.1.2
    pub fn decode(message: &[u8]) -> Result<Header, DecodeError> {
        let mut r = Reader::new("SMB2 header", message);
        let protocol_id = r.array::<4>()?;
        if protocol_id != PROTOCOL_ID {
            let value = u32::from_le_bytes(protocol_id).into();
            return Err(DecodeError::Value { what: "ProtocolId", value });
        }
        let size = r.u16()?;
        if usize::from(size) != HEADER_LEN {
            return Err(DecodeError::StructureSize { what: "SMB2 header", wanted: 64, got: size });
        }
        let credit_charge = r.u16()?;
        let status = NtStatus(r.u32()?);
        let command = Command(r.u16()?);
        let credits = r.u16()?;
        let flags = HeaderFlags(r.u32()?);
        let _next_command = r.u32()?;
        let message_id = r.u64()?;
        let subject = match flags.contains(HeaderFlags::ASYNC_COMMAND) {
            true => Subject::Async { async_id: r.u64()? },
            false => Subject::Sync { reserved: r.u32()?, tree_id: r.u32()? },
        };
        let flags = flags.without(HeaderFlags::ASYNC_COMMAND);
        let (session_id, signature) = (r.u64()?, r.array()?);
        Ok(Header {
            credit_charge,
            status,
            command,
            credits,
            flags,
            message_id,
            subject,
            session_id,
            signature,
        })
    }

    /// Begins a message with this header; NextCommand is 0.
    pub fn encode(&self, w: &mut Writer) {
        w.begin();
        w.bytes(&PROTOCOL_ID);
        w.u16(64);
        w.u16(self.credit_charge);
        w.u32(self.status.0);
        w.u16(self.command.0);
        w.u16(self.credits);
        let is_async = matches!(self.subject, Subject::Async { .. });
        let async_bit = if is_async { HeaderFlags::ASYNC_COMMAND } else { HeaderFlags::NONE };
        w.u32(self.flags.without(HeaderFlags::ASYNC_COMMAND).union(async_bit).0);
        w.u32(0);
        w.u64(self.message_id);
        match self.subject {
            Subject::Async { async_id } => w.u64(async_id),
            Subject::Sync { reserved, tree_id } => {
                w.u32(reserved);
                w.u32(tree_id);
            }
        }
        w.u64(self.session_id);
        w.bytes(&self.signature);
    }

    /// ChannelSequence of a request in the 3.x dialects: the low half of the field that a response uses for Status.
    pub fn channel_sequence(&self) -> u16 {
        let [low, high, _, _] = self.status.0.to_le_bytes();
        u16::from_le_bytes([low, high])
    }

    /// SMB2_FLAGS_SERVER_TO_REDIR is set.
    pub fn is_response(&self) -> bool {
        self.flags.contains(HeaderFlags::SERVER_TO_REDIR)
    }

    /// TreeId, when the message is synchronous.
    pub fn tree_id(&self) -> Option<u32> {
        match self.subject {
            Subject::Sync { tree_id, .. } => Some(tree_id),
            Subject::Async { .. } => None,
        }
    }
}
