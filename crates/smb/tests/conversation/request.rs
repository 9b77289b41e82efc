//! A request as a script writes it.
use nt::{AccessMask, CreateDisposition, CreateOptions, FileAttributes, NotifyFilter, ShareAccess, Utf16};
use wire::create::{ImpersonationLevel, OplockLevel};
use wire::negotiate::{Capabilities, SecurityMode};
use wire::session_setup::RequestFlags;
use wire::{
    Command, FileId, Header, HeaderFlags, Request, Subject, change_notify, close, create, echo, flush, lock,
    logoff, oplock_break, read, session_setup, tree_connect, tree_disconnect,
};

use super::Client;

/// What a script wants beside the request.
#[derive(Default)]
pub(crate) struct Wish {
    pub(crate) is_unsigned: bool,
    pub(crate) is_forged: bool,
    pub(crate) is_async: bool,
}

/// A body that owns its parts.
pub(crate) struct Body {
    command: Command,
    file: FileId,
    len: u32,
    name: String,
    oplock: OplockLevel,
    binding: bool,
}

pub(crate) fn oplock(level: &str) -> Result<OplockLevel, String> {
    Ok(match level {
        "none" => OplockLevel::NONE,
        "two" => OplockLevel::II,
        "exclusive" => OplockLevel::EXCLUSIVE,
        "batch" => OplockLevel::BATCH,
        _ => return Err(format!("no level {level:?}")),
    })
}

fn number(text: &str) -> Result<u64, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    parsed.map_err(|error| format!("{text}: {error}"))
}

fn short<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    T::try_from(number(text)?).map_err(|_| format!("{text} is too large"))
}

/// Reads a request; no body for a command that there is none of.
pub(crate) fn read(
    text: &str,
    client: &Client,
    opens: &[FileId],
    id: u64,
) -> Result<(Header, Option<Body>, Wish), String> {
    let mut words = text.split(' ');
    let name = words.next().unwrap_or_default();
    let command = match name {
        "SESSION_SETUP" => Command::SESSION_SETUP,
        "LOGOFF" => Command::LOGOFF,
        "TREE_CONNECT" => Command::TREE_CONNECT,
        "TREE_DISCONNECT" => Command::TREE_DISCONNECT,
        "CREATE" => Command::CREATE,
        "CLOSE" => Command::CLOSE,
        "FLUSH" => Command::FLUSH,
        "READ" => Command::READ,
        "LOCK" => Command::LOCK,
        "ECHO" => Command::ECHO,
        "CANCEL" => Command::CANCEL,
        "CHANGE_NOTIFY" => Command::CHANGE_NOTIFY,
        "OPLOCK_BREAK" => Command::OPLOCK_BREAK,
        "UNKNOWN" => Command(0xFF),
        _ => return Err(format!("no command {name:?}")),
    };
    let mut wish = Wish::default();
    let (mut session, mut tree, mut flags, mut charge, mut message) =
        (client.session, client.tree, HeaderFlags::NONE, 0u16, id);
    let last = opens.last().copied().unwrap_or(FileId::ANY);
    let mut body =
        Body { command, file: last, len: 1, name: "f".to_owned(), oplock: OplockLevel::NONE, binding: false };
    for word in words {
        match word.split_once('=').unwrap_or((word, "")) {
            ("related", "") => flags |= HeaderFlags::RELATED_OPERATIONS,
            ("unsigned", "") => wish.is_unsigned = true,
            ("forged", "") => wish.is_forged = true,
            ("async", "") => wish.is_async = true,
            ("binding", "") => body.binding = true,
            ("as", _) => {}
            ("session", value) => session = number(value)?,
            ("tree", value) => tree = short(value)?,
            ("charge", value) => charge = short(value)?,
            ("message", value) => message = number(value)?,
            ("len", value) => body.len = short(value)?,
            ("name", value) => value.clone_into(&mut body.name),
            ("oplock", value) => body.oplock = oplock(value)?,
            ("file", "any") => body.file = FileId::ANY,
            ("file", "bad") => body.file = FileId { persistent: 77, volatile: 77 },
            ("file", value) => {
                let at = usize::try_from(number(value)?).map_err(|_| "too large")?;
                body.file = *at.checked_sub(1).and_then(|at| opens.get(at)).ok_or("no such open")?;
            }
            (word, _) => return Err(format!("no word {word:?}")),
        }
    }
    let header = Header {
        credits: 8,
        credit_charge: charge,
        flags,
        session_id: session,
        subject: Subject::Sync { reserved: 0, tree_id: tree },
        ..Header::new(command, message)
    };
    Ok((header, (command != Command(0xFF)).then_some(body), wish))
}

impl Body {
    pub(crate) fn request(&self) -> Request<'_> {
        let file_id = self.file;
        match self.command {
            Command::SESSION_SETUP => Request::SessionSetup(session_setup::Request {
                flags: if self.binding { RequestFlags::BINDING } else { RequestFlags::NONE },
                security_mode: SecurityMode::SIGNING_ENABLED,
                capabilities: Capabilities::NONE,
                previous_session_id: 0,
                security_buffer: b"token",
            }),
            Command::LOGOFF => Request::Logoff(logoff::Request),
            Command::TREE_CONNECT => Request::TreeConnect(tree_connect::Request {
                flags: tree_connect::RequestFlags::NONE,
                path: Utf16::from(self.name.as_str()),
                contexts: None,
            }),
            Command::TREE_DISCONNECT => Request::TreeDisconnect(tree_disconnect::Request),
            Command::CREATE => Request::Create(create::Request {
                oplock_level: self.oplock,
                impersonation_level: ImpersonationLevel::IMPERSONATION,
                desired_access: AccessMask::FILE_ALL_ACCESS,
                file_attributes: FileAttributes::NONE,
                share_access: ShareAccess(7),
                disposition: CreateDisposition::OPEN_IF,
                options: CreateOptions::NONE,
                name: Utf16::from(self.name.as_str()),
                contexts: Vec::new(),
            }),
            Command::CLOSE => Request::Close(close::Request { flags: close::CloseFlags::NONE, file_id }),
            Command::FLUSH => Request::Flush(flush::Request { file_id }),
            Command::READ => Request::Read(read::Request {
                data_offset_hint: 0x50,
                flags: read::ReadFlags::NONE,
                len: self.len,
                offset: 0,
                file_id,
                len_min: 1,
                channel: read::Channel::NONE,
                remaining: 0,
                channel_information: &[],
            }),
            Command::LOCK => Request::Lock(lock::Request {
                lock_sequence: 0,
                file_id,
                locks: vec![lock::LockElement { offset: 0, len: 1, flags: lock::LockFlags::EXCLUSIVE_LOCK }],
            }),
            Command::CANCEL => Request::Cancel(wire::cancel::Request),
            Command::CHANGE_NOTIFY => Request::ChangeNotify(change_notify::Request {
                flags: change_notify::ChangeNotifyFlags::NONE,
                output_len_max: 4096,
                file_id,
                filter: NotifyFilter(0x17),
            }),
            Command::OPLOCK_BREAK => {
                let acknowledged = oplock_break::OplockBreak { oplock_level: self.oplock, file_id };
                Request::OplockBreak(oplock_break::Acknowledgment::Oplock(acknowledged))
            }
            _ => Request::Echo(echo::Request),
        }
    }
}
