//! [MS-SMB2] 3.1.5.2 and 3.3.5.2.5: what a request costs.
use wire::{Command, Header, Request, read::Channel};

use super::config::CREDIT_BYTES;

/// The bytes that a request sends or may get back, whichever are more.
pub(crate) fn payload_len(request: &Request<'_>) -> u32 {
    let len = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    match request {
        Request::Read(read) => read.len,
        Request::Write(write, _) if write.channel != Channel::NONE => write.remaining,
        Request::Write(_, data) => len(data),
        Request::Ioctl(ioctl) => {
            let sent = len(ioctl.input).saturating_add(len(ioctl.output));
            sent.max(ioctl.input_len_max.saturating_add(ioctl.output_len_max))
        }
        Request::QueryDirectory(query) => query.output_len_max,
        Request::ChangeNotify(notify) => notify.output_len_max,
        Request::QueryInfo(query) => len(query.input).max(query.output_len_max),
        Request::SetInfo(set) => len(set.input),
        _ => 0,
    }
}

/// The bytes that are kept for a request until it is answered: its own, and those that a READ or a listing may bring. Other answers
/// are small, or there and gone at once.
pub(crate) fn weight(header: &Header, message: &[u8]) -> usize {
    let read = match header.command {
        Command::READ | Command::QUERY_DIRECTORY => {
            Request::decode(header, message).map_or(0, |request| payload_len(&request))
        }
        _ => 0,
    };
    message.len().saturating_add(usize::try_from(read).unwrap_or(usize::MAX))
}

/// True when a CreditCharge pays for so many bytes; a charge of zero pays for 64 KiB. [MS-SMB2] 3.3.5.2.5
pub(crate) fn pays_for(credit_charge: u16, payload_len: u32) -> bool {
    let needed = payload_len.div_ceil(CREDIT_BYTES).max(1);
    needed <= u32::from(credit_charge.max(1))
}
