//! What replays a conversation: clients made of messages, the machines, and a store that says what the script says.
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use nt::security::{Privileges, Sid, Token};
use nt::{AccessMask, CreateAction, FileTime, NtStatus};
use smb::connection::{Connection, Effect as Local, Interim, Now};
use smb::crypto::{Derivation, MessageNonce, PreauthHash, Sender, SessionKeys, SigningKey};
use smb::server::{
    Authenticated, ConnectionId, Delay, Effect, Identity, Server, ServerConfig, ServerLimits, Share, Ticket,
};
use smb::store::{Caching, Done, Op, OpenedFile, StoreOpen};
use wire::create::OplockLevel;
use wire::negotiate::Dialect;
use wire::{Command, FileId, Header, HeaderFlags, Request, Response, Subject, compound};

use super::client::{SESSION_KEY, config, contexts_3_1_1, frame, message, negotiate_request, unframed};

mod request;

/// A client of a conversation.
pub(crate) struct Client {
    machine: Connection,
    id: ConnectionId,
    is_connected: bool,
    is_closed: bool,
    next_message: u64,
    pub(crate) session: u64,
    pub(crate) tree: u32,
    last_async: u64,
    signs: Option<SigningKey>,
    /// Messages that it has not looked at.
    inbox: VecDeque<Vec<u8>>,
}

/// An operation that the store was asked for.
struct Asked {
    ticket: Ticket,
    op: Op,
}

/// A conversation.
pub(crate) struct Conversation {
    server: Server,
    now: Now,
    clients: BTreeMap<String, Client>,
    asked: VecDeque<Asked>,
    waiting: Vec<Asked>,
    tokens: VecDeque<(ConnectionId, Ticket)>,
    /// The opens, in the order in which they were made.
    opens: Vec<FileId>,
}

type Said = Result<(), String>;

/// The statuses that scripts name, by the name of MS-ERREF without STATUS_.
fn status(name: &str) -> Result<NtStatus, String> {
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/spec/ntstatus.tsv");
    let text = std::fs::read_to_string(table).map_err(|error| error.to_string())?;
    let row = text.lines().find_map(|line| {
        let mut fields = line.split('\t');
        (fields.next() == Some(&format!("STATUS_{name}"))).then(|| fields.next()).flatten()
    });
    let hex = row.and_then(|number| number.strip_prefix("0x")).ok_or(format!("no status {name:?}"))?;
    u32::from_str_radix(hex, 16).map(NtStatus).map_err(|error| error.to_string())
}

fn dialect(name: &str) -> Result<Dialect, String> {
    Ok(match name {
        "2.0.2" => Dialect::SMB_2_0_2,
        "2.1" => Dialect::SMB_2_1,
        "3.0" => Dialect::SMB_3_0,
        "3.0.2" => Dialect::SMB_3_0_2,
        "3.1.1" => Dialect::SMB_3_1_1,
        _ => return Err(format!("no dialect {name:?}")),
    })
}

impl Conversation {
    pub(crate) fn new() -> Conversation {
        let server = ServerConfig {
            connection: Arc::new(config()),
            name: "SERVER".to_owned(),
            shares: vec![Share::disk("share"), Share::ipc()],
            encrypt: false,
            reject_unencrypted: false,
            limits: ServerLimits { channels_per_session: 3, ..ServerLimits::default() },
            interfaces: Vec::new(),
            first_id: 0x100,
        };
        Conversation {
            server: Server::new(Arc::new(server)),
            now: Now { monotonic: Duration::from_secs(1), wall: FileTime(133_000_000_000_000_000) },
            clients: BTreeMap::new(),
            asked: VecDeque::new(),
            waiting: Vec::new(),
            tokens: VecDeque::new(),
            opens: Vec::new(),
        }
    }

    /// One line of a script.
    pub(crate) fn step(&mut self, line: &str) -> Said {
        let (name, line) = match line.split_once(": ") {
            Some((name, line)) if !name.contains(' ') => (name, line),
            _ => ("a", line),
        };
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "connect" => self.connect(name, rest),
            "negotiate" => self.negotiate(name, dialect(rest)?),
            "send" => self.send(name, rest),
            "raw" => self.raw(name, rest),
            "expect" => self.expect(name, rest),
            "store" => {
                let asked = self.asked.pop_front().ok_or("the store was asked for nothing")?;
                self.answer(asked, rest)
            }
            "completes" => {
                let kind = rest.split(' ').next().unwrap_or_default();
                let at = self.waiting.iter().position(|asked| kind_of(&asked.op) == kind);
                let asked = self.waiting.remove(at.ok_or("no such operation waits")?);
                self.answer(asked, rest)
            }
            "cancelled" => match self.waiting.iter().any(|asked| kind_of(&asked.op) == rest) {
                true => Err("it still waits".to_owned()),
                false => Ok(()),
            },
            "auth" => self.authenticate(rest),
            "breaks" => self.breaks(rest),
            "time" => {
                self.now.monotonic += Duration::from_secs(rest.parse().map_err(|_| "no number")?);
                let effects = self.server.tick(self.now);
                self.follow(effects);
                Ok(())
            }
            "disconnect" => {
                let id = self.client(name)?.id;
                self.clients.remove(name);
                let effects = self.server.disconnect(self.now, id);
                self.follow(effects);
                Ok(())
            }
            _ => Err("no such step".to_owned()),
        }
    }

    /// Nothing may be left.
    pub(crate) fn end(&self) -> Said {
        if let Some(asked) = self.asked.front() {
            return Err(format!("the store was asked for {}", kind_of(&asked.op)));
        }
        match self.clients.iter().find(|(_, client)| !client.inbox.is_empty()) {
            Some((name, client)) => Err(format!("{name} has {} messages unread", client.inbox.len())),
            None => Ok(()),
        }
    }

    fn client(&mut self, name: &str) -> Result<&mut Client, String> {
        self.clients.get_mut(name).ok_or(format!("there is no client {name}"))
    }

    fn negotiate(&mut self, name: &str, dialect: Dialect) -> Said {
        let number = u8::try_from(self.clients.len()).unwrap_or(0);
        let machine = Connection::new(Arc::new(config()), self.now, [0xAB; 32], [number, 2, 3]);
        let client = Client {
            machine,
            id: ConnectionId(u64::from(number) + 1),
            is_connected: false,
            is_closed: false,
            next_message: 1,
            session: 0,
            tree: 0,
            last_async: 0,
            signs: None,
            inbox: VecDeque::new(),
        };
        self.clients.insert(name.to_owned(), client);
        let contexts = if dialect == Dialect::SMB_3_1_1 { contexts_3_1_1() } else { Vec::new() };
        let header = Header { credits: 64, ..Header::new(Command::NEGOTIATE, 0) };
        self.bytes(name, &message(&header, &negotiate_request(&[dialect], contexts)))?;
        self.expect(name, "SUCCESS")
    }

    fn connect(&mut self, name: &str, words: &str) -> Said {
        let mut words = words.split(' ');
        let dialect = dialect(words.next().unwrap_or_default())?;
        self.negotiate(name, dialect)?;
        self.send(name, "SESSION_SETUP")?;
        self.authenticate(&format!("{name} -> alice"))?;
        self.expect(name, "SUCCESS")?;
        if words.next() == Some("signed") {
            let hash = PreauthHash::ZERO;
            if dialect == Dialect::SMB_3_1_1 {
                return Err("scripts sign in older dialects, whose keys need no hash".to_owned());
            }
            let keys = SessionKeys::derive(&SESSION_KEY, Derivation::of(dialect, &hash), None);
            self.client(name)?.signs = Some(SigningKey::new(&keys.signing, dialect, None));
        }
        if dialect == Dialect::SMB_3_1_1 {
            // Its TREE_CONNECT must be signed; scripts of this dialect see how that goes.
            return Ok(());
        }
        self.send(name, r"TREE_CONNECT name=\\server\share")?;
        self.expect(name, "SUCCESS")
    }

    /// Takes over what another client signs with, and its session: for bindings.
    pub(crate) fn borrow(&mut self, name: &str, from: &str) -> Said {
        let (signs, session) = (self.client(from)?.signs.clone(), self.client(from)?.session);
        let client = self.client(name)?;
        (client.signs, client.session) = (signs, session);
        Ok(())
    }

    fn send(&mut self, name: &str, requests: &str) -> Said {
        let mut parts: Vec<Vec<u8>> = Vec::new();
        let all: Vec<&str> = requests.split(';').map(str::trim).collect();
        for (at, text) in all.iter().enumerate() {
            if let Some(from) = text.split(' ').find_map(|word| word.strip_prefix("as=")) {
                self.borrow(name, from)?;
            }
            let opens = self.opens.clone();
            let client = self.client(name)?;
            let id = client.next_message;
            let (mut header, body, wish) = request::read(text, client, &opens, id)?;
            if header.command != Command::CANCEL {
                client.next_message += u64::from(header.credit_charge.max(1));
            } else if wish.is_async {
                header.subject = Subject::Async { async_id: client.last_async };
            }
            let mut bytes = match body {
                Some(body) => message(&header, &body.request()),
                None => message(&header, &Request::Echo(wire::echo::Request)),
            };
            if at + 1 < all.len() {
                let padding = compound::link(&mut bytes, 0).ok_or("too long")?;
                bytes.resize(bytes.len() + padding, 0);
            }
            if let Some(key) = client.signs.as_ref().filter(|_| !wish.is_unsigned) {
                bytes[16] |= 8;
                let nonce = MessageNonce::of(&header, Sender::Client);
                key.sign(nonce, &mut bytes, &[]);
                bytes[50] ^= u8::from(wish.is_forged);
            }
            parts.push(bytes);
        }
        self.bytes(name, &parts.concat())
    }

    fn raw(&mut self, name: &str, hex: &str) -> Said {
        let digits: String = hex.split(' ').collect();
        let bytes: Result<Vec<u8>, _> =
            (0..digits.len() / 2).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16)).collect();
        self.bytes(name, &bytes.map_err(|error| error.to_string())?)
    }

    fn bytes(&mut self, name: &str, bytes: &[u8]) -> Said {
        let now = self.now;
        let client = self.client(name)?;
        let effects = client.machine.receive(now, &frame(bytes));
        let id = client.id;
        self.local(id, effects);
        Ok(())
    }

    fn expect(&mut self, name: &str, wanted: &str) -> Said {
        let client = self.client(name)?;
        match wanted {
            "closed" if client.is_closed => return Ok(()),
            "closed" => return Err("it is open".to_owned()),
            "silence" if client.inbox.is_empty() => return Ok(()),
            "silence" => return Err(format!("{} messages came", client.inbox.len())),
            _ => {}
        }
        let bytes = client.inbox.pop_front().ok_or("nothing came")?;
        let (mut seen, mut made) = (Vec::new(), Vec::new());
        for part in compound::split(&bytes) {
            let (header, part) = part.map_err(|error| error.to_string())?;
            let signed = header.flags.contains(HeaderFlags::SIGNED);
            if let Some(key) =
                client.signs.as_ref().filter(|_| signed && header.command != Command::SESSION_SETUP)
                && header.status != NtStatus::USER_SESSION_DELETED
                && !key.verifies(&header, Sender::Server, part)
            {
                return Err("a wrong signature".to_owned());
            }
            if let Subject::Async { async_id } = header.subject {
                client.last_async = async_id;
            }
            let response = Response::decode(&header, part).map_err(|error| format!("{error:?}"))?;
            match response {
                Response::SessionSetup(_) if client.session == 0 => client.session = header.session_id,
                Response::TreeConnect(_) if client.tree == 0 => client.tree = header.tree_id().unwrap_or(0),
                Response::Create(create) => made.push(create.file_id),
                _ => {}
            }
            seen.push((header.status, matches!(header.message_id, u64::MAX)));
        }
        self.opens.extend(made);
        let words: Vec<&str> = wanted.split(' ').collect();
        let mut matches = words.len() == seen.len();
        for (word, (status_seen, is_break)) in words.iter().zip(&seen) {
            matches &= match *word {
                "BREAK" => *is_break,
                word => !is_break && status(word)? == *status_seen,
            };
        }
        if matches { Ok(()) } else { Err(format!("{seen:?} came")) }
    }

    fn answer(&mut self, asked: Asked, text: &str) -> Said {
        let (kind, result) = text.split_once(" -> ").ok_or("no result")?;
        if kind_of(&asked.op) != kind {
            return Err(format!("the store was asked for {:?}", asked.op));
        }
        let words: Vec<&str> = result.split(' ').collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<u64>().ok()).ok_or("no number");
        let done = match words[0] {
            "opened" => {
                let caching = match words.get(2) {
                    Some(level) => Caching::Oplock(request::oplock(level)?),
                    None => Caching::None,
                };
                Done::Opened(Box::new(opened(number(1)?, caching)))
            }
            "data" => Done::Data(vec![7; usize::try_from(number(1)?).map_err(|_| "too many")?].into()),
            "done" => Done::Nothing,
            "closed" => Done::Closed(None),
            "fail" => Done::Failed(status(words.get(1).copied().unwrap_or_default())?),
            "waits" => {
                let effects = self.server.delayed(asked.ticket, Delay::Other);
                self.waiting.push(asked);
                self.follow(effects);
                return Ok(());
            }
            _ => return Err("no such result".to_owned()),
        };
        let effects = self.server.complete(self.now, asked.ticket, done);
        self.follow(effects);
        Ok(())
    }

    fn authenticate(&mut self, text: &str) -> Said {
        let (name, result) = text.split_once(" -> ").ok_or("no result")?;
        let id = self.client(name)?.id;
        let at = self.tokens.iter().position(|(connection, _)| *connection == id);
        let (_, ticket) = self.tokens.remove(at.ok_or("no token came")?).ok_or("no token came")?;
        let step = match result.strip_prefix("fail ") {
            Some(word) => Authenticated::Failed { status: status(word)? },
            None => {
                let rid = if result == "alice" { 1000 } else { 1001 };
                let user = Sid::new(5, &[21, 1, 2, 3, rid]).ok_or("no SID")?;
                let token =
                    Token { user, groups: vec![Sid::EVERYONE], privileges: Privileges::CHANGE_NOTIFY };
                let identity = Identity {
                    name: result.to_owned(),
                    token,
                    is_guest: false,
                    is_anonymous: false,
                    ends: None,
                };
                Authenticated::Done { token: Vec::new(), identity, session_key: Some(SESSION_KEY.to_vec()) }
            }
        };
        let effects = self.server.authenticated(self.now, ticket, step);
        self.follow(effects);
        Ok(())
    }

    fn breaks(&mut self, text: &str) -> Said {
        let (number, level) = text.split_once(' ').ok_or("no level")?;
        let open = StoreOpen(number.parse().map_err(|_| "no number")?);
        let left = match request::oplock(level)? {
            OplockLevel::NONE => Caching::None,
            level => Caching::Oplock(level),
        };
        let effects = self.server.oplock_broken(self.now, open, left, true);
        self.follow(effects);
        Ok(())
    }

    fn local(&mut self, id: ConnectionId, effects: Vec<Local>) {
        for effect in effects {
            let Some(client) = self.clients.values_mut().find(|client| client.id == id) else { return };
            match effect {
                Local::Send(packet) => client.inbox.push_back(unframed(&packet)),
                Local::Disconnect(_) => client.is_closed = true,
                Local::Cancel(request) => {
                    let effects = self.server.cancel(id, request);
                    self.follow(effects);
                }
                Local::Request(incoming) => {
                    if let Some(negotiated) = client.machine.negotiated().filter(|_| !client.is_connected) {
                        self.server.connect(id, negotiated.clone());
                        client.is_connected = true;
                    }
                    let effects = self.server.handle(self.now, id, *incoming);
                    self.follow(effects);
                }
            }
        }
    }

    fn follow(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.follow_one(effect);
        }
    }

    fn follow_one(&mut self, effect: Effect) {
        let now = self.now;
        let on =
            |clients: &mut BTreeMap<String, Client>, id, act: &mut dyn FnMut(&mut Client) -> Vec<Local>| {
                clients.values_mut().find(|client| client.id == id).map(act).unwrap_or_default()
            };
        match effect {
            Effect::Submit { ticket, op, .. } => self.asked.push_back(Asked { ticket, op }),
            Effect::Authenticate { connection, ticket, .. } => self.tokens.push_back((connection, ticket)),
            Effect::CancelOp { ticket } => {
                if let Some(at) = self.waiting.iter().position(|asked| asked.ticket == ticket) {
                    self.waiting.remove(at);
                    let effects = self.server.complete(now, ticket, Done::Failed(NtStatus::CANCELLED));
                    self.follow(effects);
                }
            }
            Effect::Respond { connection, request, mut answer } => {
                let effects = on(&mut self.clients, connection, &mut |client| {
                    client.machine.respond(now, request, answer.reply())
                });
                self.local(connection, effects);
            }
            Effect::Interim { connection, request } => {
                let mut refused = None;
                let effects =
                    on(&mut self.clients, connection, &mut |client| match client.machine.interim(request) {
                        Interim::Told(effects) => effects,
                        Interim::Refused(status) => {
                            refused = Some(status);
                            Vec::new()
                        }
                    });
                self.local(connection, effects);
                if let Some(status) = refused {
                    let effects = self.server.refuse(connection, request, status);
                    self.follow(effects);
                }
            }
            Effect::Establish { connection, session_id, security } => {
                on(&mut self.clients, connection, &mut |client| {
                    client.machine.establish(session_id, (*security).clone());
                    Vec::new()
                });
            }
            Effect::Forget { connection, session_id } => {
                on(&mut self.clients, connection, &mut |client| {
                    client.machine.forget(session_id);
                    Vec::new()
                });
            }
            Effect::Notify { connection, session_id, notification, .. } => {
                let effects = on(&mut self.clients, connection, &mut |client| {
                    let body = Response::OplockBreakNotification(notification);
                    client.machine.notify(session_id, body)
                });
                self.local(connection, effects);
            }
            Effect::Disconnect { connection } => {
                on(&mut self.clients, connection, &mut |client| {
                    client.is_closed = true;
                    Vec::new()
                });
            }
        }
    }
}

/// The name of an operation, as Rust shows it.
fn kind_of(op: &Op) -> String {
    let shown = format!("{op:?}");
    shown.split([' ', '(', '{']).next().unwrap_or_default().to_owned()
}

fn opened(number: u64, caching: Caching) -> OpenedFile {
    OpenedFile {
        open: StoreOpen(number),
        action: CreateAction::OPENED,
        attributes: wire::create::NetworkAttributes::default(),
        granted: AccessMask::FILE_ALL_ACCESS,
        is_directory: number >= 100,
        is_reparse_point: false,
        file_id: number,
        volume_id: 1,
        maximal_access: None,
        path: None,
        posix: None,
        caching,
    }
}
