//! A client: what it asks for by chance, and what it knows.
use crate::check::{Caching, Durable, Hold, Sure};
use crate::request::{
    create_request, granted, lease_context, lock_request, negotiate_request, point, setup_request,
};
use crate::world::World;
use fastrand::Rng;
use nt::{FsctlCode, Guid, NtStatus};
use smb::server::ConnectionId;
use std::collections::BTreeMap;
use wire::create::{
    DurableFlags, DurableReconnectV2, DurableRequestV2, LeaseKey, LeaseState, OplockLevel, RequestContext,
};
use wire::oplock_break::{Acknowledgment, LeaseAcknowledgment, Notification, OplockBreak};
use wire::{Command, Header, HeaderFlags, Request, Response, Subject, Writer};

/// Files that everybody opens; behind them each client has one of its own for a reparse point.
pub const FILES: usize = 3;

/// The range that is locked, beyond all data.
pub(crate) const LOCKED_AT: u64 = 1 << 20;

/// A value that one client alone changes: what was acknowledged, and what was tried last.
#[derive(Clone, Copy, Default, Debug)]
pub struct Register {
    /// It is this or a later one.
    pub acknowledged: u64,
    /// It is this or an earlier one.
    pub tried: u64,
    /// It was this or a later one when it was flushed.
    pub flushed: u64,
}

/// A CREATE that was sent.
#[derive(Clone, Debug)]
pub struct Draft {
    file: usize,
    create_guid: Guid,
    is_alone: bool,
    durable: Durable,
    wants: Caching,
}

/// What an answer is waited for.
#[derive(Clone, Debug)]
enum Asked {
    Negotiate,
    Logon,
    Tree,
    Create(Draft),
    /// Of the open at this place.
    Reconnect(usize),
    Write(usize, u64),
    Read(usize),
    Flush(usize, u64),
    Lock(usize),
    Unlock(usize),
    Close(usize),
    SetPoint(u64),
    GetPoint,
}

/// A client with one connection at a time and one request under way on it.
pub struct Client {
    /// Which.
    pub number: usize,
    /// Its connection.
    pub wire: Option<ConnectionId>,
    /// Its opens, lost ones included until it knows what became of them.
    pub holds: Vec<Hold>,
    /// What it wrote into the shared files, and its reparse point at the end.
    pub registers: BTreeMap<usize, Register>,
    asked: Option<(u64, Asked)>,
    /// A CREATE whose answer was lost: it may be asked again, as a replay.
    unanswered: Option<Draft>,
    /// Breaks that it was told and will acknowledge.
    unacknowledged: Vec<Notification>,
    session_id: u64,
    tree_id: u32,
    message_id: u64,
    guids: u64,
}

impl Client {
    /// A client that is not connected.
    pub fn new(number: usize) -> Client {
        Client {
            number,
            wire: None,
            holds: Vec::new(),
            registers: BTreeMap::new(),
            asked: None,
            unanswered: None,
            unacknowledged: Vec::new(),
            session_id: 0,
            tree_id: 0,
            message_id: 0,
            guids: 0,
        }
    }

    /// The file that it has a request under way on.
    pub fn is_busy_with(&self, file: usize) -> bool {
        let of = |at: &usize| self.holds.get(*at).is_some_and(|hold| hold.file == file);
        match &self.asked {
            Some((_, Asked::Create(draft))) => draft.file == file,
            Some((_, Asked::Write(at, _) | Asked::Read(at) | Asked::Flush(at, _) | Asked::Lock(at))) => {
                of(at)
            }
            Some((_, Asked::Unlock(at) | Asked::Close(at) | Asked::Reconnect(at))) => of(at),
            _ => false,
        }
    }

    /// The lease of the open that it asks for.
    pub fn opens_with_lease(&self) -> Option<LeaseKey> {
        match &self.asked {
            Some((_, Asked::Create(Draft { wants: Caching::Lease(key, _), .. }))) => Some(*key),
            _ => None,
        }
    }

    /// Its wire is cut.
    pub fn cut(&mut self, now: u64) {
        let Some(wire) = self.wire.take() else { return };
        self.unacknowledged.clear();
        match self.asked.take() {
            Some((_, Asked::Create(draft))) if matches!(draft.durable, Durable::V2(_)) => {
                self.unanswered = Some(draft)
            }
            // Whether the range was locked or unlocked, or the open closed, nobody knows.
            Some((_, Asked::Lock(at) | Asked::Unlock(at))) => {
                self.with(at, |hold| hold.has_lock = Sure::Maybe)
            }
            Some((_, Asked::Close(at))) => self.with(at, Hold::doubt),
            _ => {}
        }
        self.holds.iter_mut().for_each(|hold| hold.lose(now, wire));
        self.holds.retain(|hold| hold.durable != Durable::Not || hold.is_open != Sure::No);
    }

    /// An open is gone, and with the last of a lease what its client owes: a break that was told of it is none of the next
    /// lease with that key.
    fn drop_hold(&mut self, at: usize) {
        if at >= self.holds.len() {
            return;
        }
        let Caching::Lease(gone, _) = self.holds.remove(at).caching else { return };
        if !self.holds.iter().any(|hold| matches!(hold.caching, Caching::Lease(key, _) if key == gone)) {
            self.unacknowledged.retain(|owed| !matches!(owed, Notification::Lease(told) if told.key == gone));
        }
    }

    fn with(&mut self, at: usize, change: impl FnOnce(&mut Hold)) {
        if let Some(hold) = self.holds.get_mut(at) {
            change(hold);
        }
    }

    /// Sends something, if it can and wants to; says what.
    pub fn act(&mut self, world: &mut World, rng: &mut Rng) -> Option<String> {
        if self.wire.is_none() {
            self.wire = Some(world.connect());
            self.message_id = 0;
            self.send(world, HeaderFlags::NONE, &negotiate_request(self.number), Asked::Negotiate);
            return Some("connects".into());
        }
        if !self.unacknowledged.is_empty() && rng.u8(..4) > 0 {
            let notification = self.unacknowledged.remove(0);
            return self.acknowledge(world, notification);
        }
        if self.asked.is_some() || self.tree_id == 0 {
            return None;
        }
        if let Some(draft) = self.unanswered.take()
            && rng.bool()
        {
            let said = format!("replays its CREATE of file {}", draft.file);
            self.create(world, HeaderFlags::REPLAY_OPERATION, draft);
            return Some(said);
        }
        if let Some(at) = self.holds.iter().position(|hold| hold.cut_at.is_some()) {
            return Some(self.come_back(world, rng, at));
        }
        self.holds.retain(|hold| hold.is_open != Sure::No);
        let is_new = self.holds.is_empty() || (self.holds.len() < 3 && rng.u8(..4) == 0);
        if is_new { self.open_something(world, rng) } else { self.use_something(world, rng) }
    }

    /// Comes back for an open, or leaves it to the server's patience.
    fn come_back(&mut self, world: &mut World, rng: &mut Rng, at: usize) -> String {
        let hold = self.holds.get(at).cloned();
        let Some(hold) = hold.filter(|hold| hold.durable != Durable::Not && rng.u8(..8) > 0) else {
            let file = self.holds.get(at).map_or(0, |hold| hold.file);
            self.holds.remove(at);
            return format!("gives file {file} up");
        };
        let mut contexts = vec![match hold.durable {
            Durable::V2(_) => RequestContext::DurableReconnectV2(DurableReconnectV2 {
                file_id: hold.file_id,
                create_guid: hold.create_guid,
                flags: DurableFlags::NONE,
            }),
            _ => RequestContext::DurableReconnect(hold.file_id),
        }];
        contexts.extend(lease_context(hold.caching, self.key_of(hold.file)));
        let request = create_request(hold.file, hold.is_alone, hold.caching, contexts);
        self.send(world, HeaderFlags::NONE, &request, Asked::Reconnect(at));
        // What is surely gone stays gone; of all else nobody knows when the server will look at it.
        self.with(at, |hold| hold.is_coming_back = hold.is_open != Sure::No);
        format!("comes back for {hold:?}")
    }

    fn key_of(&self, file: usize) -> LeaseKey {
        let mut key = [0; 16];
        key[0] = u8::try_from(self.number + 1).unwrap_or(u8::MAX);
        key[1] = u8::try_from(file + 1).unwrap_or(u8::MAX);
        LeaseKey(key)
    }

    fn open_something(&mut self, world: &mut World, rng: &mut Rng) -> Option<String> {
        let file = rng.usize(..=FILES);
        let is_held = |client: &Client| client.holds.iter().any(|hold| hold.file == client.file_number(file));
        if is_held(self) {
            return None;
        }
        self.guids += 1;
        let number = u128::try_from(self.number + 1).unwrap_or_default();
        let create_guid = Guid((number << 64 | u128::from(self.guids)).to_le_bytes());
        let file = self.file_number(file);
        let all = LeaseState::READ_CACHING | LeaseState::HANDLE_CACHING | LeaseState::WRITE_CACHING;
        let wants = match rng.u8(..5) {
            0 => Caching::Little,
            1 | 2 => Caching::Oplock(OplockLevel::BATCH),
            3 => Caching::Lease(self.key_of(file), all),
            _ => Caching::Lease(self.key_of(file), LeaseState::READ_CACHING | LeaseState::HANDLE_CACHING),
        };
        let durable = match rng.u8(..4) {
            0 => Durable::Not,
            1 => Durable::V1,
            _ => Durable::V2(rng.u32(0..4) * 20_000),
        };
        let draft = Draft { file, create_guid, is_alone: rng.u8(..4) == 0, durable, wants };
        let said = format!("opens file {file}, {wants:?}, {durable:?}, alone: {}", draft.is_alone);
        self.create(world, HeaderFlags::NONE, draft);
        Some(said)
    }

    /// The last of the numbers is each client's own.
    fn file_number(&self, file: usize) -> usize {
        if file < FILES { file } else { FILES + self.number }
    }

    fn create(&mut self, world: &mut World, flags: HeaderFlags, draft: Draft) {
        let mut contexts = Vec::new();
        match draft.durable {
            Durable::Not => {}
            Durable::V1 => contexts.push(RequestContext::DurableRequest),
            Durable::V2(timeout_ms) => contexts.push(RequestContext::DurableRequestV2(DurableRequestV2 {
                timeout_ms,
                flags: DurableFlags::NONE,
                create_guid: draft.create_guid,
            })),
        }
        contexts.extend(lease_context(draft.wants, self.key_of(draft.file)));
        let request = create_request(draft.file, draft.is_alone, draft.wants, contexts);
        self.send(world, flags, &request, Asked::Create(draft));
    }

    fn use_something(&mut self, world: &mut World, rng: &mut Rng) -> Option<String> {
        let at = rng.usize(..self.holds.len());
        let hold = self.holds.get(at).cloned()?;
        let (file, file_id) = (hold.file, hold.file_id);
        let register = self.registers.entry(file).or_default();
        if file >= FILES {
            if rng.bool() {
                register.tried += 1;
                let (value, data) = (register.tried, point(register.tried));
                self.send(
                    world,
                    HeaderFlags::NONE,
                    // A SET takes no output, and says so. (reparse-semantics 4.1)
                    &requests::control(FsctlCode::SET_REPARSE_POINT, file_id, &data, 0),
                    Asked::SetPoint(value),
                );
                return Some(format!("sets point {value}"));
            }
            if rng.u8(..4) > 0 {
                self.send(
                    world,
                    HeaderFlags::NONE,
                    &requests::control(FsctlCode::GET_REPARSE_POINT, file_id, &[], 16_384),
                    Asked::GetPoint,
                );
                return Some("gets its point".into());
            }
        }
        let offset = u64::try_from(self.number).unwrap_or_default() * 64;
        let said = match rng.u8(..8) {
            0 | 1 if file < FILES => {
                register.tried += 1;
                let (value, bytes) = (register.tried, register.tried.to_le_bytes());
                self.send(
                    world,
                    HeaderFlags::NONE,
                    &requests::write(file_id, offset, &bytes),
                    Asked::Write(at, value),
                );
                format!("writes {value} into file {file}")
            }
            2 | 3 if file < FILES => {
                self.send(world, HeaderFlags::NONE, &requests::read(file_id, offset, 8), Asked::Read(at));
                format!("reads file {file}")
            }
            4 if file < FILES => {
                let value = register.acknowledged;
                let request = requests::flush(file_id);
                self.send(world, HeaderFlags::NONE, &request, Asked::Flush(at, value));
                format!("flushes file {file}")
            }
            5 if hold.has_lock == Sure::No && file < FILES => {
                self.send(world, HeaderFlags::NONE, &lock_request(file_id, true), Asked::Lock(at));
                format!("locks file {file}")
            }
            6 if hold.has_lock == Sure::Yes => {
                self.with(at, |hold| hold.has_lock = Sure::Maybe);
                self.send(world, HeaderFlags::NONE, &lock_request(file_id, false), Asked::Unlock(at));
                format!("unlocks file {file}")
            }
            7 => {
                self.with(at, Hold::doubt);
                let request = requests::close(file_id);
                self.send(world, HeaderFlags::NONE, &request, Asked::Close(at));
                format!("closes file {file}")
            }
            _ => return None,
        };
        Some(said)
    }

    fn acknowledge(&mut self, world: &mut World, notification: Notification) -> Option<String> {
        let request = match notification {
            Notification::Oplock(told) => {
                let at = self.holds.iter().position(|hold| hold.file_id == told.file_id)?;
                self.with(at, |hold| hold.caching = Caching::Little);
                Acknowledgment::Oplock(OplockBreak { oplock_level: told.oplock_level, file_id: told.file_id })
            }
            Notification::Lease(told) => {
                for hold in &mut self.holds {
                    if let Caching::Lease(key, _) = hold.caching
                        && key == told.key
                    {
                        hold.caching = Caching::Lease(key, told.new_state);
                    }
                }
                Acknowledgment::Lease(LeaseAcknowledgment { key: told.key, state: told.new_state })
            }
        };
        self.transmit(world, HeaderFlags::NONE, &Request::OplockBreak(request));
        Some("acknowledges a break".into())
    }

    fn send(&mut self, world: &mut World, flags: HeaderFlags, request: &Request<'_>, asked: Asked) {
        let id = self.transmit(world, flags, request);
        self.asked = Some((id, asked));
    }

    fn transmit(&mut self, world: &mut World, flags: HeaderFlags, request: &Request<'_>) -> u64 {
        let id = self.message_id;
        self.message_id += 1;
        let is_of_session =
            request.command() != Command::NEGOTIATE && request.command() != Command::SESSION_SETUP;
        let header = Header {
            credits: 8,
            credit_charge: u16::from(request.command() != Command::NEGOTIATE),
            flags,
            subject: Subject::Sync { reserved: 0, tree_id: self.tree_id },
            session_id: if is_of_session { self.session_id } else { 0 },
            ..Header::new(request.command(), id)
        };
        let mut w = Writer::new();
        header.encode(&mut w);
        request.encode(&mut w);
        let mut bytes = w.finish().unwrap_or_default();
        bytes.extend_from_slice(request.payload());
        if let Some(wire) = self.wire {
            world.send(wire, bytes);
        }
        id
    }

    /// Takes a message of the server; says what is wrong with it, and what was learnt.
    pub fn hear(&mut self, world: &mut World, bytes: &[u8]) -> Result<String, String> {
        let header = Header::decode(bytes).map_err(|error| format!("no header: {error}"))?;
        let body = Response::decode(&header, bytes).map_err(|error| format!("no answer: {error}"))?;
        if let Response::OplockBreakNotification(told) = body {
            self.unacknowledged.push(told);
            return Ok(format!("is told of a break: {told:?}"));
        }
        if header.status == NtStatus::PENDING || header.command == Command::OPLOCK_BREAK {
            return Ok(String::new());
        }
        let Some((_, asked)) = self.asked.take_if(|(id, _)| *id == header.message_id) else {
            return Err(format!("an answer to nothing: {:?} {}", header.command, header.status));
        };
        let mut said = format!("hears {}", header.status);
        if let Response::Create(created) = &body {
            let (durable, caching) = granted(created, Durable::V1);
            said = format!("{said}: {:?}, {durable:?}, {caching:?}", created.file_id);
        }
        self.answered(world, &header, &body, asked).map(|()| said)
    }

    fn answered(
        &mut self,
        world: &mut World,
        header: &Header,
        body: &Response<'_>,
        asked: Asked,
    ) -> Result<(), String> {
        let status = header.status;
        let is_done = status == NtStatus::SUCCESS;
        match asked {
            Asked::Negotiate => {
                let request = setup_request(self.number, self.session_id);
                self.tree_id = 0;
                return match is_done {
                    true => {
                        self.send(world, HeaderFlags::NONE, &request, Asked::Logon);
                        Ok(())
                    }
                    false => Err(format!("NEGOTIATE: {status}")),
                };
            }
            Asked::Logon if is_done => {
                self.session_id = header.session_id;
                self.send(world, HeaderFlags::NONE, &requests::tree("share"), Asked::Tree);
            }
            Asked::Tree if is_done => self.tree_id = header.tree_id().unwrap_or_default(),
            Asked::Logon | Asked::Tree => return Err(format!("{:?}: {status}", header.command)),
            Asked::Create(draft) => self.created(status, body, draft),
            Asked::Reconnect(at) => return self.reconnected(status, body, at),
            Asked::Write(at, value) if is_done => {
                let file = self.holds.get(at).map(|hold| hold.file).unwrap_or_default();
                let register = self.registers.entry(file).or_default();
                register.acknowledged = register.acknowledged.max(value);
            }
            Asked::Read(at) => return self.has_read(status, body, at),
            Asked::Flush(at, value) if is_done => {
                let file = self.holds.get(at).map(|hold| hold.file).unwrap_or_default();
                let register = self.registers.entry(file).or_default();
                register.flushed = register.flushed.max(value);
            }
            Asked::Lock(at) if is_done => self.with(at, |hold| hold.has_lock = hold.is_open),
            Asked::Unlock(at) if is_done => self.with(at, |hold| hold.has_lock = Sure::No),
            Asked::Close(at) if is_done => self.drop_hold(at),
            Asked::SetPoint(value) if is_done => {
                let register = self.registers.entry(FILES + self.number).or_default();
                register.acknowledged = register.acknowledged.max(value);
            }
            Asked::GetPoint => return self.has_got(status, body),
            // A lock that another has; anything else of an open that must be there is a promise broken.
            Asked::Lock(_) if status == NtStatus::LOCK_NOT_GRANTED => {}
            Asked::Write(at, _)
            | Asked::Flush(at, _)
            | Asked::Lock(at)
            | Asked::Unlock(at)
            | Asked::Close(at) => {
                return self.refused(status, at);
            }
            Asked::SetPoint(_) => return Err(format!("SET_REPARSE_POINT: {status}")),
        }
        Ok(())
    }

    fn refused(&mut self, status: NtStatus, at: usize) -> Result<(), String> {
        match self.holds.get(at).filter(|hold| hold.is_open == Sure::Yes) {
            Some(hold) => Err(format!("file {} was refused: {status}", hold.file)),
            None => {
                self.drop_hold(at);
                Ok(())
            }
        }
    }

    fn created(&mut self, status: NtStatus, body: &Response<'_>, draft: Draft) {
        let Response::Create(created) = body else { return };
        if status != NtStatus::SUCCESS {
            return;
        }
        let (durable, caching) = granted(created, draft.durable);
        self.holds.push(Hold {
            file: draft.file,
            file_id: created.file_id,
            create_guid: draft.create_guid,
            is_alone: draft.is_alone,
            durable,
            caching,
            is_caching: Sure::Yes,
            is_open: Sure::Yes,
            has_lock: Sure::No,
            cut_at: None,
            heard_at: None,
            lost_with: None,
            is_coming_back: false,
        });
    }

    fn reconnected(&mut self, status: NtStatus, body: &Response<'_>, at: usize) -> Result<(), String> {
        let Some(hold) = self.holds.get_mut(at) else { return Ok(()) };
        match body {
            Response::Create(created) if status == NtStatus::SUCCESS => {
                if hold.is_open == Sure::No {
                    return Err(format!("file {} came back after its time", hold.file));
                }
                if created.file_id.persistent != hold.file_id.persistent {
                    return Err(format!("file {} came back as another open", hold.file));
                }
                let (_, caching) = granted(created, hold.durable);
                hold.file_id = created.file_id;
                hold.caching = caching;
                hold.is_open = Sure::Yes;
                hold.is_caching = Sure::Yes;
                (hold.cut_at, hold.heard_at, hold.is_coming_back) = (None, None, false);
                Ok(())
            }
            _ => {
                let hold = self.holds.remove(at);
                match hold.is_open {
                    Sure::Yes => Err(format!("file {} did not come back: {status}", hold.file)),
                    _ => Ok(()),
                }
            }
        }
    }

    fn has_read(&mut self, status: NtStatus, body: &Response<'_>, at: usize) -> Result<(), String> {
        let Some(hold) = self.holds.get(at) else { return Ok(()) };
        let register = self.registers.get(&hold.file).copied().unwrap_or_default();
        let value = match body {
            Response::Read(_, data) if status == NtStatus::SUCCESS => {
                data.get(..8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
            }
            _ if status == NtStatus::END_OF_FILE => 0,
            _ => return self.refused(status, at),
        };
        match (register.acknowledged..=register.tried).contains(&value) {
            true => Ok(()),
            false => Err(format!("file {} has {value}, not {register:?}", hold.file)),
        }
    }

    fn has_got(&mut self, status: NtStatus, body: &Response<'_>) -> Result<(), String> {
        let register = self.registers.get(&(FILES + self.number)).copied().unwrap_or_default();
        match body {
            Response::Ioctl(reply) if status == NtStatus::SUCCESS => {
                let mut could = register.acknowledged.max(1)..=register.tried;
                match could.any(|value| point(value) == reply.output) {
                    true => Ok(()),
                    false => Err(format!("the point is {:02x?}, not one of {register:?}", reply.output)),
                }
            }
            _ if status == NtStatus::NOT_A_REPARSE_POINT && register.acknowledged == 0 => Ok(()),
            _ => Err(format!("GET_REPARSE_POINT: {status}, {register:?}")),
        }
    }
}
