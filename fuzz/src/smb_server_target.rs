//! The server machine of SMB behind its connections: requests of clients that have logged on, in any order, with bodies that are right
//! but for a few bytes, and a store that answers anything its contract allows.
use std::time::Duration;

use nt::{AccessMask, CreateAction, NtStatus};
use smb::server::{Delay, Ticket};
use smb::store::{Caching, Copied, Done, Op, OpenedFile, StoreOpen};
use wire::HeaderFlags;
use wire::create::{LeaseState, NetworkAttributes, OplockLevel};
use wire::negotiate::Dialect;

use crate::smb_bodies::BODIES;
use crate::smb_world::{Backing, News, Outcome, Script, World};

/// Each record: which client and what for, which request with which changes; answers of the store take bytes in between. Whatever comes, every
/// message to a client is well formed, nothing follows a closed connection, and when the clients are gone and time has passed nothing is
/// left in the tables.
pub fn smb_server(input: &[u8]) {
    World::new(input, Dialect::SMB_3_0, Invented { next_open: 1 }).play(step);
}

fn step(world: &mut World<'_, Invented>) {
    let what = world.script.byte();
    let client = usize::from(what & 1);
    match what >> 1 & 7 {
        0 => {
            world.answer_next();
        }
        1 => {
            let seconds = world.script.byte();
            world.pass(Duration::from_secs(u64::from(seconds)));
        }
        2 => {
            let open = StoreOpen(u64::from(world.script.byte()) % world.backing.next_open.max(1));
            let left = caching(&mut world.script);
            let effects = world.server.oplock_broken(world.now, open, left, what & 0x80 != 0);
            world.follow(effects);
        }
        _ => request(world, client, what),
    }
}

fn request(world: &mut World<'_, Invented>, client: usize, what: u8) {
    let at = usize::from(world.script.byte()) % BODIES.len();
    let Some((command, body, file)) = BODIES.get(at) else { return };
    let mut body = body.to_vec();
    if let Some(place) = file.and_then(|at| body.get_mut(at..at + 16)) {
        place.copy_from_slice(&world.file(0));
    }
    for _ in 0..what >> 4 & 3 {
        let (at, value) = (usize::from(world.script.byte()), world.script.byte());
        let len = body.len();
        if let Some(byte) = body.get_mut(at % len.max(1)) {
            *byte = value;
        }
    }
    if what & 0x40 != 0 {
        let len = usize::from(world.script.byte());
        body.extend_from_slice(world.script.bytes(len));
    }
    let flags = match world.script.byte() & 7 {
        0 => HeaderFlags::REPLAY_OPERATION,
        1 => HeaderFlags::RELATED_OPERATIONS,
        _ => HeaderFlags::NONE,
    };
    world.send(client, *command, &body, flags);
}

fn caching(script: &mut Script<'_>) -> Caching {
    match script.byte() % 6 {
        0 => Caching::Oplock(OplockLevel::II),
        1 => Caching::Oplock(OplockLevel::BATCH),
        2 => Caching::Lease(LeaseState(7)),
        3 => Caching::Lease(LeaseState(1)),
        _ => Caching::None,
    }
}

/// A store that is whatever the input says.
struct Invented {
    next_open: u64,
}

impl Backing for Invented {
    fn perform(&mut self, script: &mut Script<'_>, _: Ticket, op: &Op) -> Outcome {
        let how = script.byte();
        if how & 0xF0 == 0x10 {
            return Outcome::Again(if how & 1 == 0 { Delay::Other } else { Delay::Sharing });
        }
        Outcome::Done(match op {
            _ if how & 0xF0 == 0x20 => Done::Failed(NtStatus::ACCESS_DENIED),
            _ if how & 0xF0 == 0x30 => Done::Failed(NtStatus::CANCELLED),
            Op::Open(_) if how == 0x41 => Done::Stopped { unparsed_len: 2, reparse_data: vec![0; 12] },
            Op::Open(asked) => {
                let open = StoreOpen(self.next_open);
                self.next_open += 1;
                let caching = match asked.caching {
                    Caching::None => Caching::None,
                    caching if how & 1 == 0 => caching,
                    _ => Caching::None,
                };
                Done::Opened(Box::new(opened(open, caching, how)))
            }
            Op::Describe { open, .. } => Done::Opened(Box::new(opened(*open, Caching::None, how))),
            Op::Close { .. } => Done::Closed((how & 1 == 0).then(NetworkAttributes::default)),
            Op::Read { len, .. } => {
                Done::Data(vec![1; usize::try_from(*len).unwrap_or(0).min(usize::from(how))].into())
            }
            Op::Copy { .. } => Done::Copied(Copied { chunks: 0, bytes: 0, fault: None }),
            Op::QueryDirectory { .. }
            | Op::QueryFile { .. }
            | Op::QueryEa { .. }
            | Op::QueryVolume { .. }
            | Op::QuerySecurity { .. }
            | Op::FsControl { .. }
            | Op::Notify { .. } => match how & 7 {
                0 => Done::TooSmall(100),
                1 => Done::Output { status: NtStatus::BUFFER_OVERFLOW, bytes: vec![0; 8] },
                _ => Done::Output { status: NtStatus::SUCCESS, bytes: vec![0; usize::from(how & 31)] },
            },
            _ => Done::Nothing,
        })
    }

    fn news(&mut self) -> Vec<News> {
        Vec::new()
    }

    fn cancel(&mut self, _: Ticket) -> bool {
        false
    }
}

fn opened(open: StoreOpen, caching: Caching, how: u8) -> OpenedFile {
    OpenedFile {
        open,
        action: CreateAction::OPENED,
        attributes: NetworkAttributes::default(),
        granted: AccessMask::FILE_ALL_ACCESS,
        is_directory: how & 2 != 0,
        is_reparse_point: how & 4 != 0,
        file_id: u64::from(how & 3),
        volume_id: 1,
        maximal_access: Some(AccessMask::FILE_ALL_ACCESS),
        path: None,
        posix: None,
        caching,
    }
}
