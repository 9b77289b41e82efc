//! The server machine of SMB over an object store on a host in memory: requests of clients that have logged on, built so
//! that most mean something, in any order, alone and in chains.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use daemon::store::{Performed, Store, caching_of, perform};
use fsa::host::memory::{MemoryHost, MemoryOptions};
use fsa::{Completion, Volume, VolumeOptions, WaitId};
use nt::NtStatus;
use smb::server::Ticket;
use smb::store::{Done, Op};
use wire::negotiate::Dialect;
use wire::{Command, HeaderFlags};

use crate::smb_requests::request;
use crate::smb_world::{Backing, News, Outcome, STEPS_MAX, Script, World};

/// The most requests of one chain.
const CHAIN_MAX: usize = 4;

const DIALECTS: [Dialect; 5] =
    [Dialect::SMB_3_0, Dialect::SMB_3_1_1, Dialect::SMB_2_1, Dialect::SMB_2_0_2, Dialect::SMB_3_0];

/// The first byte says which dialect and which options of the store. Then each step: what for and which client, and what
/// that needs. Whatever comes, every message to a client is well formed, nothing follows a closed connection, and when the
/// clients are gone and time has passed nothing is left in the server's tables, and every open of the store is closed.
pub fn smb_store(input: &[u8]) {
    let Some((first, rest)) = input.split_first() else { return };
    let dialect = DIALECTS.get(usize::from(first & 7) % DIALECTS.len()).copied().unwrap_or(Dialect::SMB_3_0);
    let options = VolumeOptions { write_unix_links: first & 8 != 0, ..VolumeOptions::default() };
    World::new(rest, dialect, Stored::new(options)).play(step);
}

fn step(world: &mut World<'_, Stored>) {
    let what = world.script.byte();
    let client = usize::from(what & 1);
    match what >> 1 & 0x0F {
        0 => {
            world.answer_next();
        }
        1 => {
            let seconds = world.script.byte();
            world.pass(Duration::from_secs(u64::from(seconds)));
        }
        2 => world.reconnect(client),
        3 => world.disconnect(client),
        _ => chain(world, client, what),
    }
}

/// One request or several; each may say that another belongs behind it.
fn chain(world: &mut World<'_, Stored>, client: usize, what: u8) {
    let mut parts: Vec<(Command, Vec<u8>, HeaderFlags)> = Vec::new();
    while parts.len() < CHAIN_MAX {
        let how = world.script.byte();
        let Some((command, mut body)) = request(world, how & 0x1F) else { break };
        if how & 0x20 != 0 {
            let (at, value) = (usize::from(world.script.byte()), world.script.byte());
            let len = body.len().max(1);
            body.get_mut(at % len).into_iter().for_each(|byte| *byte = value);
        }
        let flags = match (parts.is_empty(), what & 0x40 != 0) {
            (false, false) => HeaderFlags::RELATED_OPERATIONS,
            (true, true) if what & 0x20 != 0 => HeaderFlags::REPLAY_OPERATION,
            _ => HeaderFlags::NONE,
        };
        parts.push((command, body, flags));
        if how & 0x40 == 0 {
            break;
        }
    }
    world.send_chain(client, &parts);
    // Often the store has answered before anything else happens.
    if what & 0x80 == 0 {
        world.settle();
    }
}

/// An object store behind the server.
pub(crate) struct Stored {
    store: Store<MemoryHost>,
    waits: BTreeMap<WaitId, (Ticket, Op)>,
    /// What was told of an operation before it was said that it waits.
    early: BTreeMap<WaitId, Option<Done>>,
}

impl Backing for Stored {
    fn perform(&mut self, _: &mut Script<'_>, ticket: Ticket, op: &Op) -> Outcome {
        match perform(&self.store, op) {
            Performed::Done(done) => Outcome::Done(done),
            Performed::Waits(wait, delay) => match self.early.remove(&wait) {
                Some(Some(done)) => Outcome::Done(done),
                Some(None) => Outcome::Again(delay),
                None => {
                    self.waits.insert(wait, (ticket, op.clone()));
                    Outcome::Later(delay)
                }
            },
        }
    }

    fn news(&mut self) -> Vec<News> {
        let completions = self.store.volume.take_completions();
        completions.into_iter().filter_map(|completion| self.translated(completion)).collect()
    }

    fn cancel(&mut self, ticket: Ticket) -> bool {
        let found = self.waits.iter().find(|(_, (waiting, _))| *waiting == ticket).map(|(wait, _)| *wait);
        match found.filter(|wait| self.store.volume.cancel(*wait)) {
            Some(wait) => self.waits.remove(&wait).is_some(),
            None => false,
        }
    }
}

impl Stored {
    fn new(options: VolumeOptions) -> Stored {
        let volume = Arc::new(Volume::new(MemoryHost::new(MemoryOptions::LIKE_EXT4), options));
        Stored { store: Store { number: 0, volume }, waits: BTreeMap::new(), early: BTreeMap::new() }
    }

    fn translated(&mut self, completion: Completion) -> Option<News> {
        match completion {
            Completion::Lock { wait, status, .. } => {
                let is_held = status == NtStatus::SUCCESS;
                self.awake(wait, Some(if is_held { Done::Nothing } else { Done::Failed(status) }))
            }
            Completion::Notify { wait, status, bytes, .. } => {
                self.awake(wait, Some(Done::Output { status, bytes }))
            }
            Completion::Resume { wait } => self.awake(wait, None),
            Completion::OplockBreak { open, level, acknowledge, status } if status == NtStatus::SUCCESS => {
                Some(News::Broken(self.store.name_of(open), caching_of(level), acknowledge))
            }
            _ => None,
        }
    }

    fn awake(&mut self, wait: WaitId, done: Option<Done>) -> Option<News> {
        let Some((ticket, op)) = self.waits.remove(&wait) else {
            self.early.insert(wait, done);
            return None;
        };
        Some(match done {
            Some(done) => News::Done(ticket, done),
            None => News::Retry(ticket, op),
        })
    }
}

/// The pipe behind IPC$: a client that has opened srvsvc sends the input as fragments, each with its length of one byte.
pub fn smb_pipe(input: &[u8]) {
    const TREE: &[u8] = b"\\\0\\\0s\0\\\0I\0P\0C\0$\0";
    const PIPE: &[u8] = b"s\0r\0v\0s\0v\0c\0";
    let mut world = World::new(&[], Dialect::SMB_3_0, Stored::new(VolumeOptions::default()));
    world.log_on(0);
    let len = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap_or(0);
    let tree = [&[9, 0, 0, 0, 72, 0, len(TREE), 0], TREE].concat();
    world.send(0, Command::TREE_CONNECT, &tree, HeaderFlags::NONE);
    let mut create = vec![57, 0, 0, 0, 2, 0, 0, 0];
    create.resize(24, 0);
    // Rights, attributes, sharing, disposition FILE_OPEN, options; the name; no contexts.
    create.extend([0x9F, 1, 0x12, 0, 0, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    create.extend([120, 0, len(PIPE), 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    create.extend(PIPE);
    world.send(0, Command::CREATE, &create, HeaderFlags::NONE);
    world.settle();
    let mut rest = input;
    for _ in 0..STEPS_MAX {
        let Some(([how, len], behind)) = rest.split_first_chunk::<2>() else { break };
        let (fragment, behind) = behind.split_at_checked((*len).into()).unwrap_or((behind, &[]));
        rest = behind;
        if let Some((command, body)) = crate::smb_requests::to_pipe(&world, how % 4, fragment) {
            world.send(0, command, &body, HeaderFlags::NONE);
            world.settle();
        }
    }
    world.end();
}
