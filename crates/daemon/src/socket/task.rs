//! A connection's task: it owns the socket and the connection's machine, waits for what happens next, and sends what came of it.
use std::collections::HashMap;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use smb::connection::{Connection, Now, Packet};
use smb::server::{ConnectionId, Effect, ExchangeId};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::apart::Count;
use super::budget::Holding;
use super::effects::Work;
use super::unacked::unacknowledged;
use super::write::{Outgoing, write_now, write_rest};
use super::{Daemon, Limits, Serving, buffers};
use crate::auth::Exchange;
use crate::clock::now;

/// How soon a task looks again whether there is room.
const PAUSE: Duration = Duration::from_millis(50);

/// Operations of one connection that are under way on threads of their own before no more is read from it: the others' have their turn
/// soon.
const APART_MAX: usize = 4;

/// How long a task works before others have their turn. Tasks share few threads, and one that a busy thread woke waits for that thread.
const SLICE: Duration = Duration::from_millis(1);

/// Bytes that wait to be written before more of what was read is looked at.
pub(super) const WRITE_BYTES: usize = 1 << 20;

/// Packets and pieces of work for which a task keeps room while it has none.
const ROOM_KEPT: usize = 16;

pub(super) struct Task {
    pub(super) daemon: Arc<Daemon>,
    /// What is served, looked up when something happens.
    pub(super) serving: Arc<Serving>,
    pub(super) id: ConnectionId,
    pub(super) peer: IpAddr,
    pub(super) machine: Connection,
    pub(super) inbox: UnboundedReceiver<Effect>,
    pub(super) exchanges: HashMap<ExchangeId, Box<dyn Exchange>>,
    /// What is to be done next, the last first; empty between events.
    pub(super) work: Vec<Work>,
    /// What waits to be sent, and how many bytes that is.
    pub(super) packets: Vec<Packet>,
    pub(super) queued: usize,
    pub(super) is_connected: bool,
    pub(super) is_over: bool,
    /// Bytes that were read, and from where on they were not yet looked at.
    pub(super) leftover: Vec<u8>,
    pub(super) leftover_at: usize,
    pub(super) holding: Holding,
    /// Operations that are under way on threads of their own, or wait for such.
    pub(super) apart: Count,
    /// The time of what is being done.
    pub(super) now: Now,
    /// Until then it goes on with what was read.
    pub(super) slice_until: Duration,
    /// Requests since the last event, which are not counted for all yet.
    pub(super) requests: u64,
    /// When something happened last.
    active: Duration,
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

enum Event {
    /// There is something to read, or the socket is broken.
    Readable(bool),
    Mail(Option<Effect>),
    /// A deadline may be over.
    Time,
    /// There is something left of what was read.
    Again,
}

/// Wakes a task at its earliest deadline or before: it is not moved when a deadline is put off.
struct Alarm<'a> {
    sleep: Pin<&'a mut Sleep>,
    at: Duration,
}

impl Alarm<'_> {
    fn set(&mut self, now: Duration, until: Duration) {
        if until < self.at {
            self.at = until;
            self.sleep.as_mut().reset(Instant::now() + until.saturating_sub(now));
        }
    }

    /// It has rung, and must be set before it is waited for.
    fn rang(&mut self) {
        self.at = Duration::MAX;
    }
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
        let (serving, now) = (daemon.serving(), now());
        let config = serving.served.config.connection.clone();
        Some(Task {
            holding: Holding::new(daemon.traffic.clone()),
            apart: Arc::default(),
            slice_until: Duration::ZERO,
            leftover: Vec::new(),
            leftover_at: 0,
            machine: Connection::new(config, now, salt, [a, b, c]),
            daemon,
            serving,
            id,
            peer,
            inbox,
            exchanges: HashMap::new(),
            work: Vec::new(),
            packets: Vec::new(),
            queued: 0,
            is_connected: false,
            is_over: false,
            active: now.monotonic,
            now,
            requests: 0,
            sent: 0,
            urgent: None,
            urgent_next: None,
        })
    }

    /// Runs until either side ends.
    pub(super) async fn run(mut self, mut stream: TcpStream) {
        let sleep = pin!(sleep(Duration::ZERO));
        let mut alarm = Alarm { sleep, at: Duration::MAX };
        let mut worked = Duration::ZERO;
        while !self.is_over {
            let event = self.next(&stream, &mut alarm).await;
            self.now = now();
            let begun = self.now.monotonic;
            self.slice_until = begun + SLICE;
            self.daemon.look_up(&mut self.serving);
            match event {
                Event::Time => self.look_at_deadlines(&stream),
                event => {
                    self.active = begun;
                    self.see_to(event, &stream);
                }
            }
            self.send(&mut stream).await;
            self.count();
            worked += now().monotonic.saturating_sub(begun);
            if worked >= SLICE {
                tokio::task::yield_now().await;
                worked = Duration::ZERO;
            }
        }
    }

    /// What happens next. What other connections have to say comes first.
    async fn next(&mut self, stream: &TcpStream, alarm: &mut Alarm<'_>) -> Event {
        if self.goes_on() {
            return Event::Again;
        }
        let reads = self.reads();
        alarm.set(self.now.monotonic, self.wakes_at(reads));
        let inbox = &mut self.inbox;
        let event = poll_fn(|cx| {
            if let Poll::Ready(mail) = inbox.poll_recv(cx) {
                return Poll::Ready(Event::Mail(mail));
            }
            if reads && let Poll::Ready(ready) = stream.poll_read_ready(cx) {
                return Poll::Ready(Event::Readable(ready.is_ok()));
            }
            alarm.sleep.as_mut().poll(cx).map(|()| Event::Time)
        })
        .await;
        if matches!(event, Event::Time) {
            alarm.rang();
        }
        event
    }

    fn see_to(&mut self, event: Event, stream: &TcpStream) {
        match event {
            Event::Readable(true) => self.read(stream),
            Event::Mail(Some(effect)) => {
                self.begin(effect);
                self.read_mail();
            }
            Event::Again => {
                self.read_mail();
                self.go_on();
            }
            Event::Readable(false) | Event::Mail(None) => self.is_over = true,
            Event::Time => {}
        }
    }

    /// Whether the socket is read from: not while what came before waits, nor while there is too much to do.
    fn reads(&self) -> bool {
        self.leftover.is_empty() && self.has_room()
    }

    /// Whether another request is taken: not while too much is held, nor while too much is under way.
    pub(super) fn has_room(&self) -> bool {
        self.holding.has_room(self.limits()) && self.apart.load(Ordering::Acquire) < APART_MAX
    }

    /// Whether there is something left of what was read, and room for what comes of it.
    fn goes_on(&self) -> bool {
        !self.leftover.is_empty() && self.has_room()
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.serving.served.limits
    }

    /// Says how much is held now.
    pub(super) fn hold(&mut self) {
        self.holding.set(self.machine.held_bytes().saturating_add(self.queued));
    }

    pub(super) fn read_mail(&mut self) {
        while let Ok(effect) = self.inbox.try_recv() {
            self.begin(effect);
        }
    }

    /// Tells all what was only counted here, and gives room back that was needed for much.
    fn count(&mut self) {
        self.hold();
        self.holding.tell();
        let requests = core::mem::take(&mut self.requests);
        if requests > 0 {
            self.daemon.traffic.requests.fetch_add(requests, Ordering::Relaxed);
        }
        if self.work.capacity() > ROOM_KEPT {
            self.work.shrink_to(ROOM_KEPT);
        }
        if self.packets.capacity() > ROOM_KEPT {
            self.packets.shrink_to(ROOM_KEPT);
        }
    }

    /// Sends what waits: at once what the socket takes, and the rest as soon as it does.
    async fn send(&mut self, stream: &mut TcpStream) {
        if self.packets.is_empty() {
            return;
        }
        self.hold();
        let len = u64::try_from(core::mem::take(&mut self.queued)).unwrap_or(0);
        let mut outgoing = Outgoing::new(&self.packets);
        let done = match write_now(stream, &mut outgoing) {
            Ok(true) => true,
            Ok(false) => {
                self.holding.tell();
                let time = self.serving.served.limits.write_timeout;
                matches!(timeout(time, write_rest(stream, &mut outgoing)).await, Ok(Ok(())))
            }
            Err(_) => false,
        };
        self.is_over |= !done;
        self.packets.drain(..).for_each(|packet| buffers::give(packet.payload.into_buffer()));
        self.daemon.traffic.sent.fetch_add(len, Ordering::Relaxed);
        self.sent += len;
        for urgent in [&mut self.urgent, &mut self.urgent_next].into_iter().flatten() {
            urgent.end.get_or_insert(self.sent);
        }
    }

    /// When the task must look at the clock.
    fn wakes_at(&self, reads: bool) -> Duration {
        let idle = self.active.saturating_add(self.limits().idle_timeout);
        let pause = (!reads).then(|| self.now.monotonic + PAUSE);
        let deadlines = self.machine.deadline().into_iter().chain(self.urgent.map(|urgent| urgent.until));
        deadlines.chain(pause).fold(idle, Duration::min)
    }

    /// A break is told: the client's TCP must acknowledge its bytes within this time.
    pub(super) fn is_urgent(&mut self, within: Duration) {
        let urgent = Urgent { until: self.now.monotonic + within, end: None };
        match self.urgent {
            // What is acknowledged is so up to there: of those behind the first, the last stands for all.
            Some(first) if first.until <= urgent.until => self.urgent_next = Some(urgent),
            first => {
                self.urgent_next = first;
                self.urgent = Some(urgent);
            }
        }
    }

    /// Time has passed: a client that is too slow goes, and so does one that says nothing at all.
    fn look_at_deadlines(&mut self, stream: &TcpStream) {
        let time = self.now.monotonic;
        self.look_after_break(stream);
        if self.machine.deadline().is_some_and(|until| until <= time) {
            let effects = self.machine.expire(self.now);
            self.begin_local(effects);
        }
        if self.active.saturating_add(self.limits().idle_timeout) <= time {
            self.is_over |= self.machine.outstanding() == 0 && self.machine.deadline().is_none();
            self.active = time;
        }
    }

    /// A break was told here: when the client has not even acknowledged its bytes, this connection ends, and
    /// the server tells another, or nobody. What was sent behind the break may be under way still.
    fn look_after_break(&mut self, stream: &TcpStream) {
        let Some(urgent) = self.urgent.filter(|urgent| urgent.until <= self.now.monotonic) else { return };
        self.urgent = self.urgent_next.take();
        let (Ok(local), Ok(peer)) = (stream.local_addr(), stream.peer_addr()) else { return };
        let acknowledged = self.sent.saturating_sub(unacknowledged(local, peer));
        if urgent.end.is_some_and(|end| acknowledged < end) {
            // A reset goes out where an end of the stream would wait behind what is not acknowledged.
            let _ = stream.set_zero_linger();
            self.is_over = true;
        }
    }
}
