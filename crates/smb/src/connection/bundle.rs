//! [MS-SMB2] 3.3.4.1.3 and 3.3.4.2: which responses go out together, and which alone.
//!
//! What came in one message goes back in one, related or not, as on Windows (note 235): its chains are a bundle. A chain that has to
//! wait leaves its bundle, so that the others need not.
use std::collections::BTreeMap;

use nt::NtStatus;
use wire::{Command, Header, netbios};

use super::chain::Chain;
use super::fault::Fault;
use super::reply::{self, ReplyBody, Written};
use super::security::SessionSecurity;
use super::{Connection, Effect, Interim, RequestId};
use crate::Data;
use crate::ids::trim;

/// The session that responses are sealed for.
type SealedBy = Option<(u64, SessionSecurity)>;

/// The bytes of responses of one chain that are kept back at most, before what is there is sent. (Not in the specification.)
const KEPT_BYTES_MAX: usize = 1 << 20;

/// The most bytes of one message to a client: what a frame can say, less a header around what is encrypted.
const MESSAGE_BYTES_MAX: usize = netbios::MESSAGE_BYTES_MAX - wire::TRANSFORM_LEN;

/// Chains of one message that are answered together.
#[derive(Debug, Default)]
pub(crate) struct Bundle {
    /// Chains that are not answered yet.
    open: usize,
    /// By chain, which are numbered in the order of their requests.
    answered: BTreeMap<u64, (Vec<Written>, SealedBy)>,
}

impl Connection {
    /// A bundle for so many chains; one alone needs none.
    pub(super) fn bundle(&mut self, chains: usize) -> Option<u64> {
        let name = self.next_chain;
        (chains > 1).then(|| {
            self.bundles.insert(name, Bundle { open: chains, answered: BTreeMap::new() });
            name
        })
    }

    /// Says that a request will be answered later, and gives its async id. [MS-SMB2] 3.3.4.2
    ///
    /// Windows: what waits for something that may never come, and is not the last of its chain, fails with
    /// STATUS_INTERNAL_ERROR (note 266, smbtorture smb2.compound.interim2). What waits for a break, which ends, may wait: Linux
    /// makes a hard link by CREATE, SET_INFO and CLOSE in one chain while it has a lease on the file (cargo xtask judge kernel).
    pub fn interim(&mut self, id: RequestId) -> Interim {
        let waiting = self.outstanding.values().filter(|request| request.async_id.is_some()).count();
        let is_full = waiting >= self.config.async_max;
        let Some(request) = self.outstanding.get_mut(&id.0).filter(|request| request.async_id.is_none())
        else {
            return Interim::Told(Vec::new());
        };
        let is_last = self.chains.get(&request.chain).is_none_or(Chain::is_at_its_end);
        let may_last = matches!(request.header.command, Command::CHANGE_NOTIFY | Command::LOCK);
        if !is_last && may_last {
            return Interim::Refused(NtStatus::INTERNAL_ERROR);
        }
        if is_full {
            return Interim::Refused(NtStatus::INSUFFICIENT_RESOURCES);
        }
        let async_id = self.next_async_id;
        self.next_async_id += 1;
        request.async_id = Some(async_id);
        let credits = self.window.grant(request.header.credits);
        let header = reply::header(&request.header, NtStatus::PENDING, credits, Some(async_id));
        let chain = request.chain;
        let done = self.send_interim(chain, header);
        Interim::Told(self.settle(done))
    }

    /// Sends an interim response, behind what the chain has answered so far and in a message of its own: a Linux client that
    /// meets STATUS_PENDING in a sealed message drops what stands before it. [MS-SMB2] 3.3.4.2
    fn send_interim(&mut self, id: u64, header: Header) -> Result<(), Fault> {
        let body = ReplyBody::Error(wire::ErrorId::DEFAULT, &[]);
        let interim = reply::write(header, self.dialect(), &body, Data::default())?;
        let Some(chain) = self.chains.get_mut(&id) else { return Ok(()) };
        let (answers, sealed_by) = (core::mem::take(&mut chain.done), chain.sealed_by.clone());
        if let Some(bundle) = chain.bundle.take() {
            self.leave(bundle, id, None)?;
        }
        self.send(answers, sealed_by.clone())?;
        self.send_alone(interim, sealed_by)
    }

    /// Sends what belongs to no chain.
    pub(super) fn send_alone(&mut self, written: Written, sealed_by: SealedBy) -> Result<(), Fault> {
        self.held += written.len();
        self.send(vec![written], sealed_by)
    }

    /// A chain has answered more than is kept back: what there is goes out, and the rest alone.
    pub(super) fn send_early(&mut self, id: u64) -> Result<(), Fault> {
        let Some(chain) = self.chains.get_mut(&id) else { return Ok(()) };
        if chain.done.iter().map(Written::len).sum::<usize>() <= KEPT_BYTES_MAX {
            return Ok(());
        }
        let (answers, sealed_by) = (core::mem::take(&mut chain.done), chain.sealed_by.clone());
        if let Some(bundle) = chain.bundle.take() {
            self.leave(bundle, id, None)?;
        }
        self.send(answers, sealed_by)
    }

    /// A chain is answered whole.
    pub(super) fn send_chain(&mut self, id: u64) -> Result<(), Fault> {
        let Some(chain) = self.chains.remove(&id) else { return Ok(()) };
        trim(&mut self.chains);
        match chain.bundle {
            Some(bundle) => self.leave(bundle, id, Some((chain.done, chain.sealed_by))),
            None => self.send(chain.done, chain.sealed_by),
        }
    }

    /// A chain leaves its bundle, answered or not. The last one sends what is there.
    fn leave(
        &mut self,
        name: u64,
        chain: u64,
        answered: Option<(Vec<Written>, SealedBy)>,
    ) -> Result<(), Fault> {
        let Some(bundle) = self.bundles.get_mut(&name) else { return Ok(()) };
        bundle.open = bundle.open.saturating_sub(1);
        bundle.answered.extend(answered.map(|answered| (chain, answered)));
        if bundle.open > 0 {
            return Ok(());
        }
        let Some(bundle) = self.bundles.remove(&name) else { return Ok(()) };
        let session = |sealed: &SealedBy| sealed.as_ref().map(|(session_id, _)| *session_id);
        let mut together: Option<(Vec<Written>, SealedBy)> = None;
        for (answers, sealed_by) in bundle.answered.into_values() {
            match &mut together {
                Some((before, sealed)) if session(sealed) == session(&sealed_by) => before.extend(answers),
                _ => {
                    if let Some((before, sealed)) = together.replace((answers, sealed_by)) {
                        self.send(before, sealed)?;
                    }
                }
            }
        }
        together.map_or(Ok(()), |(answers, sealed_by)| self.send(answers, sealed_by))
    }

    /// Sends responses, sealed for a session or signed each by itself; in more than one message when they are too long for one.
    pub(super) fn send(&mut self, mut answers: Vec<Written>, sealed_by: SealedBy) -> Result<(), Fault> {
        while !answers.is_empty() {
            let mut len = 0;
            let fits = |written: &&Written| {
                len += written.len().next_multiple_of(8);
                len <= MESSAGE_BYTES_MAX
            };
            let count = answers.iter().take_while(fits).count().max(1);
            let later = answers.split_off(count.min(answers.len()));
            self.send_message(core::mem::replace(&mut answers, later), &sealed_by)?;
        }
        Ok(())
    }

    fn send_message(&mut self, answers: Vec<Written>, sealed_by: &SealedBy) -> Result<(), Fault> {
        self.held = self.held.saturating_sub(answers.iter().map(Written::len).sum());
        let packet = match sealed_by {
            Some((session_id, security)) if security.sealing.is_some() => {
                let nonce = self.next_nonce();
                let protection = reply::Protection::Sealed { session_id: *session_id, security, nonce };
                reply::assemble(answers, &protection)?
            }
            _ => reply::assemble(answers, &reply::Protection::Signed)?,
        };
        self.effects.push(Effect::Send(packet));
        Ok(())
    }
}
