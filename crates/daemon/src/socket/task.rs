//! A connection's task: it owns the socket and the connection's machine.
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::io::ErrorKind;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nt::NtStatus;
use smb::connection::Effect as Local;
use smb::connection::{Connection, Interim, Packet};
use smb::server::{Authenticated, ConnectionId, Effect, ExchangeId, Identity, Ticket};
use smb::store::Done;
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::budget::Holding;
use super::unacked::unacknowledged;
use super::write::write_all;
use super::{Daemon, Limits, lock};
use crate::auth::{Exchange, Step};
use crate::clock::now;

/// Bytes that are read at once.
const READ_BYTES: usize = 128 * 1024;

/// How soon a task looks again whether there is room.
const PAUSE: Duration = Duration::from_millis(50);

/// Operations of one connection that are under way on threads of their own before no more is read from it: the others' have their turn
/// soon.
const APART_MAX: usize = 4;

/// How long a task works before others have their turn. Tasks share few threads, and one that a busy thread woke waits for that thread.
const SLICE: Duration = Duration::from_millis(1);

/// Bytes that wait to be written before more of what was read is looked at.
const WRITE_BYTES: usize = 1 << 20;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

pub(super) struct Task {
    daemon: Arc<Daemon>,
    id: ConnectionId,
    peer: IpAddr,
    machine: Connection,
    inbox: UnboundedReceiver<Effect>,
    exchanges: HashMap<ExchangeId, Box<dyn Exchange>>,
    packets: Vec<Packet>,
    is_connected: bool,
    is_over: bool,
    /// Bytes that were read and not yet looked at.
    leftover: Vec<u8>,
    holding: Holding,
    /// Operations that are under way on threads of their own.
    apart: Arc<AtomicUsize>,
    /// Until then it goes on with what was read.
    slice_until: Duration,
    /// Bytes that were sent.
    sent: u64,
    /// A break that was told, until the client's TCP must have acknowledged it; and the last that was told meanwhile.
    urgent: Option<Urgent>,
    urgent_next: Option<Urgent>,
}

/// Bytes that a client's TCP must acknowledge in time.
#[derive(Clone, Copy)]
struct Urgent {
    until: Duration,
    /// Where in all that is sent they end; unknown until they are sent.
    end: Option<u64>,
}

/// Something to be done next.
enum Work {
    Local(Local),
    Server(Effect),
}

impl Task {
    /// A task for a connection just accepted; none when there is no chance to be had.
    pub(super) fn new(
        daemon: Arc<Daemon>,
        id: ConnectionId,
        peer: IpAddr,
        inbox: UnboundedReceiver<Effect>,
    ) -> Option<Task> {
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).ok()?;
        let [a, b, c, ..] = id.0.to_le_bytes();
        let machine = Connection::new(daemon.connection_config(), now(), salt, [a, b, c]);
        Some(Task {
            holding: Holding::new(daemon.traffic.clone()),
            apart: Arc::default(),
            slice_until: Duration::ZERO,
            leftover: Vec::new(),
            daemon,
            id,
            peer,
            machine,
            inbox,
            exchanges: HashMap::new(),
            packets: Vec::new(),
            is_connected: false,
            is_over: false,
            sent: 0,
            urgent: None,
            urgent_next: None,
        })
    }

    /// Runs until either side ends.
    pub(super) async fn run(mut self, mut stream: TcpStream, mut stop: watch::Receiver<bool>) {
        let limits = self.daemon.served().limits;
        let mut worked = Duration::ZERO;
        while !self.is_over {
            let (patience, reads) = (self.patience(limits.idle_timeout), self.reads(&limits));
            let event = match self.goes_on(&limits) {
                false => tokio::select! {
                    ready = stream.readable(), if reads => Event::Readable(ready.is_ok()),
                    mail = self.inbox.recv() => Event::Mail(mail),
                    () = sleep(PAUSE), if !reads => Event::Again,
                    () = sleep(patience) => Event::Time,
                    _ = stop.changed() => Event::Stop,
                },
                true => Event::Again,
            };
            let begun = now().monotonic;
            self.slice_until = begun + SLICE;
            match event {
                Event::Readable(true) => {
                    // What other connections did before the client wrote this counts before it.
                    self.read_mail();
                    self.read(&stream, &limits);
                }
                Event::Mail(Some(effect)) => self.work(VecDeque::from([Work::Server(effect)])),
                Event::Time if self.urgent.is_some() => self.look_after_break(&stream),
                Event::Time => self.tick(),
                Event::Again => self.go_on(&limits),
                Event::Readable(false) | Event::Mail(None) | Event::Stop => self.is_over = true,
            }
            self.read_mail();
            let packets = core::mem::take(&mut self.packets);
            if !packets.is_empty() {
                let written: usize = packets.iter().map(len).sum();
                self.holding.set(self.machine.held_bytes().saturating_add(written));
                match timeout(limits.write_timeout, write_all(&mut stream, &packets)).await {
                    Ok(Ok(())) => {}
                    _ => self.is_over = true,
                }
                let written = u64::try_from(written).unwrap_or(0);
                self.daemon.traffic.sent.fetch_add(written, Ordering::Relaxed);
                self.sent += written;
                for urgent in [&mut self.urgent, &mut self.urgent_next].into_iter().flatten() {
                    urgent.end.get_or_insert(self.sent);
                }
            }
            self.hold();
            worked += now().monotonic.saturating_sub(begun);
            if worked >= SLICE {
                tokio::task::yield_now().await;
                worked = Duration::ZERO;
            }
        }
    }

    /// Whether the socket is read from: not while what came before waits, nor while there is too much to do.
    fn reads(&self, limits: &Limits) -> bool {
        self.leftover.is_empty() && self.has_room(limits)
    }

    /// Whether another request is taken: not while too much is held, nor while too much is under way.
    fn has_room(&self, limits: &Limits) -> bool {
        self.holding.has_room(limits) && self.apart.load(Ordering::Acquire) < APART_MAX
    }

    /// Reads what the socket has into a buffer that all tasks of a thread share: none keeps one while its client is silent.
    fn read(&mut self, stream: &TcpStream, limits: &Limits) {
        BUFFER.with_borrow_mut(|buffer| {
            buffer.resize(READ_BYTES, 0);
            match stream.try_read(buffer) {
                Ok(0) => self.is_over = true,
                Ok(len) => {
                    self.daemon
                        .traffic
                        .received
                        .fetch_add(u64::try_from(len).unwrap_or(0), Ordering::Relaxed);
                    self.receive(buffer.get(..len).unwrap_or_default(), limits);
                }
                Err(error) => self.is_over |= error.kind() != ErrorKind::WouldBlock,
            }
        });
    }

    /// Does what one message after the other asks for, as long as there is room for what comes of it.
    fn receive(&mut self, mut bytes: &[u8], limits: &Limits) {
        while !bytes.is_empty() && !self.is_over {
            let time = now();
            if time.monotonic > self.slice_until {
                break;
            }
            let effects = self.machine.receive_one(time, &mut bytes);
            self.work(effects.into_iter().map(Work::Local).collect());
            self.hold();
            let waiting: usize = self.packets.iter().map(len).sum();
            if waiting > WRITE_BYTES || !self.has_room(limits) {
                break;
            }
        }
        self.leftover.extend_from_slice(bytes);
    }

    /// Whether there is something left of what was read, and room for what comes of it.
    fn goes_on(&self, limits: &Limits) -> bool {
        !self.leftover.is_empty() && self.has_room(limits)
    }

    /// Goes on with what was read and left.
    fn go_on(&mut self, limits: &Limits) {
        if self.goes_on(limits) {
            let bytes = core::mem::take(&mut self.leftover);
            self.receive(&bytes, limits);
        }
    }

    /// Says how much is held now.
    fn hold(&mut self) {
        let packets: usize = self.packets.iter().map(len).sum();
        self.holding.set(self.machine.held_bytes().saturating_add(packets));
    }

    fn read_mail(&mut self) {
        while let Ok(effect) = self.inbox.try_recv() {
            self.work(VecDeque::from([Work::Server(effect)]));
        }
    }

    /// How long the task may sleep before it must look at the clock.
    fn patience(&self, idle: Duration) -> Duration {
        let deadline =
            self.machine.deadline().into_iter().chain(self.urgent.map(|urgent| urgent.until)).min();
        let until = deadline.map(|at| at.saturating_sub(now().monotonic));
        until.unwrap_or(idle).min(idle)
    }

    /// A break was told here: when the client has not even acknowledged its bytes, this connection ends, and
    /// the server tells another, or nobody. What was sent behind the break may be under way still.
    fn look_after_break(&mut self, stream: &TcpStream) {
        let Some(urgent) = self.urgent.filter(|urgent| urgent.until <= now().monotonic) else { return };
        self.urgent = self.urgent_next.take();
        let (Ok(local), Ok(peer)) = (stream.local_addr(), stream.peer_addr()) else { return };
        let acknowledged = self.sent.saturating_sub(unacknowledged(local, peer));
        if urgent.end.is_some_and(|end| acknowledged < end) {
            // A reset goes out where an end of the stream would wait behind what is not acknowledged.
            let _ = stream.set_zero_linger();
            self.is_over = true;
        }
    }

    /// Time has passed: a client that is too slow goes, and so does one that says nothing at all.
    fn tick(&mut self) {
        let effects = self.machine.expire(now());
        let is_idle =
            effects.is_empty() && self.machine.outstanding() == 0 && self.machine.deadline().is_none();
        self.work(effects.into_iter().map(Work::Local).collect());
        self.is_over |= is_idle;
    }

    /// Does what is to be done, and what comes of it.
    fn work(&mut self, mut queue: VecDeque<Work>) {
        while let Some(work) = queue.pop_front() {
            let more = match work {
                Work::Local(effect) => self.do_local(effect),
                Work::Server(effect) => self.do_server(effect),
            };
            // What follows from one thing comes before what was asked later.
            for work in more.into_iter().rev() {
                queue.push_front(work);
            }
        }
    }

    fn do_local(&mut self, effect: Local) -> Vec<Work> {
        match effect {
            Local::Send(packet) => {
                self.packets.push(packet);
                Vec::new()
            }
            Local::Disconnect(_) => {
                self.is_over = true;
                Vec::new()
            }
            Local::Cancel(request) => server_work(lock(&self.daemon.server).cancel(self.id, request)),
            Local::Request(incoming) => {
                self.daemon.traffic.requests.fetch_add(1, Ordering::Relaxed);
                let mut server = lock(&self.daemon.server);
                if let Some(negotiated) = self.machine.negotiated().filter(|_| !self.is_connected) {
                    server.connect(self.id, negotiated.clone());
                    self.is_connected = true;
                }
                server_work(server.handle(now(), self.id, *incoming))
            }
        }
    }

    fn do_server(&mut self, effect: Effect) -> Vec<Work> {
        let is_mine = addressee(&effect).is_none_or(|connection| connection == self.id);
        if !is_mine {
            self.daemon.mail(effect);
            return Vec::new();
        }
        match effect {
            Effect::Respond { request, mut answer, .. } => {
                local_work(self.machine.respond(now(), request, answer.reply()))
            }
            Effect::Interim { request, .. } => match self.machine.interim(request) {
                Interim::Told(effects) => local_work(effects),
                Interim::Refused(status) => {
                    server_work(lock(&self.daemon.server).refuse(self.id, request, status))
                }
            },
            Effect::Establish { session_id, security, .. } => {
                self.machine.establish(session_id, *security);
                Vec::new()
            }
            Effect::Forget { session_id, .. } => {
                self.machine.forget(session_id);
                Vec::new()
            }
            Effect::Notify { session_id, notification, within, .. } => {
                if let Some(within) = within {
                    let urgent = Urgent { until: now().monotonic + within, end: None };
                    match self.urgent {
                        // What is acknowledged is so up to there: of those behind the first, the last stands for all.
                        Some(first) if first.until <= urgent.until => self.urgent_next = Some(urgent),
                        first => {
                            self.urgent_next = first;
                            self.urgent = Some(urgent);
                        }
                    }
                }
                let body = wire::Response::OplockBreakNotification(notification);
                local_work(self.machine.notify(session_id, body))
            }
            Effect::Authenticate { ticket, exchange, token, .. } => {
                server_work(self.authenticate(ticket, exchange, &token))
            }
            Effect::Submit { ticket, share, op } => {
                if op.brings().is_some_and(|len| !self.may_take(len)) {
                    self.daemon.traffic.refused.fetch_add(1, Ordering::Relaxed);
                    let refused = Done::Failed(NtStatus::INSUFFICIENT_RESOURCES);
                    return server_work(lock(&self.daemon.server).complete(now(), ticket, refused));
                }
                if op.may_block() {
                    self.daemon.clone().perform_apart(ticket, share, op, self.apart.clone());
                    return Vec::new();
                }
                server_work(self.daemon.perform(ticket, share, op))
            }
            Effect::CancelOp { ticket } => server_work(self.daemon.cancel_op(ticket)),
            Effect::Disconnect { .. } => {
                self.is_over = true;
                Vec::new()
            }
        }
    }

    /// Whether there is room for what an operation brings. What the machine holds counts it already.
    fn may_take(&mut self, len: u32) -> bool {
        self.hold();
        let limits = self.daemon.served().limits;
        usize::try_from(len).is_ok() && self.holding.may_take(&limits, 0)
    }

    fn authenticate(&mut self, ticket: Ticket, id: ExchangeId, token: &[u8]) -> Vec<Effect> {
        let exchange = self.exchanges.entry(id);
        let served = self.daemon.served();
        let step = exchange.or_insert_with(|| served.authenticator.begin(self.peer)).step(token);
        let authenticated = match step {
            Step::Continue { token } => Authenticated::Continue { token },
            Step::Done { token, user, session_key } => {
                let identity = Identity {
                    name: user.name,
                    token: user.token,
                    is_guest: user.is_guest,
                    is_anonymous: user.is_anonymous,
                    ends: user.ends,
                };
                Authenticated::Done { token, identity, session_key }
            }
            Step::Failed { status } => Authenticated::Failed { status },
        };
        if !matches!(authenticated, Authenticated::Continue { .. }) {
            self.exchanges.remove(&id);
        }
        lock(&self.daemon.server).authenticated(now(), ticket, authenticated)
    }
}

enum Event {
    /// There is something to read, or the socket is broken.
    Readable(bool),
    Mail(Option<Effect>),
    Time,
    /// There is something left of what was read, or there may be room again.
    Again,
    Stop,
}

fn len(packet: &Packet) -> usize {
    packet.head.len() + packet.payload.len()
}

fn local_work(effects: Vec<Local>) -> Vec<Work> {
    effects.into_iter().map(Work::Local).collect()
}

fn server_work(effects: Vec<Effect>) -> Vec<Work> {
    effects.into_iter().map(Work::Server).collect()
}

/// The connection whose task must see to an effect; any task can see to the others.
pub(super) fn addressee(effect: &Effect) -> Option<ConnectionId> {
    match effect {
        Effect::Respond { connection, .. }
        | Effect::Interim { connection, .. }
        | Effect::Establish { connection, .. }
        | Effect::Forget { connection, .. }
        | Effect::Notify { connection, .. }
        | Effect::Authenticate { connection, .. }
        | Effect::Disconnect { connection } => Some(*connection),
        Effect::Submit { .. } | Effect::CancelOp { .. } => None,
    }
}
