//! [MS-SMB2] 2.2.2: the response to a request that failed.
use crate::error::DecodeError;
use crate::header::HEADER_LEN;
use crate::reader::Reader;
use crate::writer::Writer;

/// The most contexts there can be: ErrorContextCount has one byte.
pub const ERROR_CONTEXTS_MAX: usize = 255;

nt::named_numbers! {
    /// What an error context holds. [MS-SMB2] 2.2.2.1
    ErrorId(u32), prefix "SMB2_ERROR_ID_" {
        DEFAULT = 0x0000_0000;
        SHARE_REDIRECT = 0x7264_5253;
    }
}
nt::named_debug!(ErrorId);

/// SMB2 ERROR Context. [MS-SMB2] 2.2.2.1
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ErrorContext<'a> {
    /// ErrorId.
    pub id: ErrorId,
    /// ErrorContextData, in the form of [MS-SMB2] 2.2.2.2.
    pub data: &'a [u8],
}

/// SMB2 ERROR Response. What the data means depends on the status in the header: a
/// [`SymlinkError`](crate::SymlinkError), a [`ShareRedirect`](crate::ShareRedirect), or a length of four bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ErrorResponse<'a> {
    /// ErrorData as it is: before dialect 3.1.1, and in 3.1.1 when there is nothing to say.
    Plain(&'a [u8]),
    /// In dialect 3.1.1: at least one context.
    Contexts(Vec<ErrorContext<'a>>),
}

impl<'a> ErrorResponse<'a> {
    /// An error about which there is no more to say.
    pub const EMPTY: ErrorResponse<'static> = ErrorResponse::Plain(&[]);

    /// Reads the body of a message.
    pub fn decode(message: &'a [u8]) -> Result<ErrorResponse<'a>, DecodeError> {
        let mut r = Reader::body("ERROR response", message, 9)?;
        let count = r.u8()?;
        r.skip(1)?;
        let len = r.u32()?;
        let data = r.span("ErrorData", (HEADER_LEN + 8) as u64, len)?;
        if count == 0 {
            return Ok(ErrorResponse::Plain(data));
        }
        // Contexts align to 8 from the start of the response, where ErrorData begins at 8.
        let mut r = Reader::new("ERROR context", data);
        let mut contexts = Vec::with_capacity(count.into());
        for at in 0..count {
            if at > 0 {
                r.skip(r.offset().next_multiple_of(8) - r.offset())?;
            }
            let (len, id) = (r.u32()?, ErrorId(r.u32()?));
            let len = usize::try_from(len)
                .map_err(|_| DecodeError::Value { what: "ErrorDataLength", value: len.into() })?;
            contexts.push(ErrorContext { id, data: r.bytes(len)? });
        }
        Ok(ErrorResponse::Contexts(contexts))
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        const DATA_OFFSET: usize = HEADER_LEN + 8;
        w.u16(9);
        let (count, byte_count);
        match self {
            ErrorResponse::Plain(data) => {
                w.u16(0);
                w.len32("ByteCount", data.len());
                w.bytes(data);
            }
            ErrorResponse::Contexts(contexts) => {
                count = w.hole(1);
                w.fill8("ErrorContextCount", count, contexts.len());
                w.u8(0);
                byte_count = w.hole(4);
                for context in contexts {
                    w.align8();
                    w.len32("ErrorDataLength", context.data.len());
                    w.u32(context.id.0);
                    w.bytes(context.data);
                }
                w.fill32("ByteCount", byte_count, w.offset() - DATA_OFFSET);
            }
        }
        w.at_least_one_byte(DATA_OFFSET);
    }

    /// The data of the first context with this id, or the plain data when the id is DEFAULT.
    pub fn data(&self, id: ErrorId) -> Option<&'a [u8]> {
        match self {
            ErrorResponse::Plain(data) => (id == ErrorId::DEFAULT).then_some(*data),
            ErrorResponse::Contexts(contexts) => {
                contexts.iter().find(|context| context.id == id).map(|context| context.data)
            }
        }
    }
}
