//! [MS-SMB] 2.2.4.5.1: the SMB1 negotiate request, as far as it leads to SMB2. Nothing else of SMB1 is read.
//! [MS-SMB2] 3.3.5.3 says what it leads to.
use crate::error::DecodeError;
use crate::reader::Reader;
use crate::writer::Writer;

/// The first four bytes of an SMB1 message. [MS-CIFS] 2.2.3.1
pub const SMB1_PROTOCOL_ID: [u8; 4] = *b"\xFFSMB";

/// SMB_COM_NEGOTIATE. [MS-CIFS] 2.2.2.1
pub const SMB_COM_NEGOTIATE: u8 = 0x72;

/// The dialect string that asks for SMB 2.0.2. [MS-SMB2] 3.3.5.3.1
pub const SMB_2_002: &[u8] = b"SMB 2.002";

/// The dialect string that asks for a second, SMB2 negotiate. [MS-SMB2] 3.3.5.3.2
pub const SMB_2_WILDCARD: &[u8] = b"SMB 2.???";

/// The most dialect strings that are read.
pub const DIALECTS_MAX: usize = 64;

/// Bytes of the SMB1 header after protocol id and command. [MS-CIFS] 2.2.3.1
const REST_OF_HEADER: usize = 27;

/// Before each dialect string: a buffer format of 2, a NUL-terminated OEM string. [MS-CIFS] 2.2.4.52.1
const DIALECT: u8 = 0x02;

/// An SMB1 negotiate request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NegotiateRequest<'a> {
    /// The dialect strings in the order of the client.
    pub dialects: Vec<&'a [u8]>,
}

impl<'a> NegotiateRequest<'a> {
    /// Reads an SMB1 message that must be a negotiate request.
    pub fn decode(message: &'a [u8]) -> Result<NegotiateRequest<'a>, DecodeError> {
        let mut r = Reader::new("SMB1 negotiate request", message);
        let protocol_id = r.array::<4>()?;
        if protocol_id != SMB1_PROTOCOL_ID {
            let value = u32::from_le_bytes(protocol_id).into();
            return Err(DecodeError::Value { what: "ProtocolId", value });
        }
        let command = r.u8()?;
        if command != SMB_COM_NEGOTIATE {
            return Err(DecodeError::Value { what: "SMB1 command", value: command.into() });
        }
        r.skip(REST_OF_HEADER)?;
        let word_count = r.u8()?;
        r.skip(usize::from(word_count) * 2)?;
        let byte_count = r.u16()?;
        let mut rest = r.bytes(usize::from(byte_count))?;
        let mut dialects = Vec::new();
        while let Some((format, tail)) = rest.split_first() {
            if *format != DIALECT {
                return Err(DecodeError::Value { what: "BufferFormat", value: (*format).into() });
            }
            if dialects.len() == DIALECTS_MAX {
                return Err(DecodeError::TooMany { what: "dialect strings", max: DIALECTS_MAX });
            }
            let end = tail.iter().position(|byte| *byte == 0).ok_or(DecodeError::Short {
                what: "dialect string",
                offset: message.len(),
                wanted: 1,
                got: 0,
            })?;
            let (dialect, after) = tail.split_at(end);
            dialects.push(dialect);
            rest = after.split_first().map_or(&[], |(_nul, after)| after);
        }
        Ok(NegotiateRequest { dialects })
    }

    /// Appends the message, its header as a client of today sends it.
    pub fn encode(&self, w: &mut Writer) {
        w.begin();
        w.bytes(&SMB1_PROTOCOL_ID);
        w.u8(SMB_COM_NEGOTIATE);
        w.zeros(REST_OF_HEADER);
        w.u8(0);
        w.len16("ByteCount", self.dialects.iter().map(|dialect| dialect.len() + 2).sum());
        for dialect in &self.dialects {
            w.u8(DIALECT);
            w.bytes(dialect);
            w.u8(0);
        }
    }
}
