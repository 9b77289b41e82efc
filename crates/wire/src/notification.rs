//! [MS-SMB2] 2.2.44: SERVER_TO_CLIENT_NOTIFICATION.
use crate::error::DecodeError;
use crate::header::HEADER_LEN;
use crate::reader::Reader;
use crate::writer::Writer;

nt::named_numbers! {
    /// What a server tells without being asked. [MS-SMB2] 2.2.44.1
    NotificationType(u32), prefix "" {
        SESSION_CLOSED = 0x0000_0000 => "SmbNotifySessionClosed";
    }
}
nt::named_debug!(NotificationType);

/// SMB2_SERVER_TO_CLIENT_NOTIFICATION.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Notification<'a> {
    /// NotificationType.
    pub kind: NotificationType,
    /// Notification; of a closed session, four reserved bytes. [MS-SMB2] 2.2.44.2
    pub data: &'a [u8],
}

/// Bytes of the fixed part.
const FIXED_LEN: usize = 8;

impl<'a> Notification<'a> {
    /// The notice that the session is closed. [MS-SMB2] 2.2.44.2
    pub const SESSION_CLOSED: Notification<'static> =
        Notification { kind: NotificationType::SESSION_CLOSED, data: &[0; 4] };

    /// Reads the body of a message. StructureSize is not checked: the parts have 12 bytes, and the specification's own
    /// example writes 0x12. [MS-SMB2] 4.11
    pub fn decode(message: &'a [u8]) -> Result<Notification<'a>, DecodeError> {
        let mut r = Reader::new("SERVER_TO_CLIENT_NOTIFICATION", message);
        r.skip(HEADER_LEN + 4)?;
        Ok(Notification { kind: NotificationType(r.u32()?), data: r.rest() })
    }

    /// Appends the body to a header just written.
    pub fn encode(&self, w: &mut Writer) {
        w.len16("StructureSize", FIXED_LEN + self.data.len());
        w.u16(0);
        w.u32(self.kind.0);
        w.bytes(self.data);
    }
}
