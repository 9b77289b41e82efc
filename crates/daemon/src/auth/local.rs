//! Logons against accounts of our own: SPNEGO or NTLM alone, and what is refused.
use super::accounts::{Account, Accounts, CameBy, anonymous};
use super::kerberos::{self, Acceptor, KRB5, Keytab, MS_KRB5};
use super::ntlm::{self, Challenged, Claim, Disbelief, NtHash, SecurityKeys, Side, TargetNames};
use super::spnego::{self, Answer, NTLMSSP, NegState};
use super::throttle::{Limits, Throttle};
use super::{Authenticator, Exchange, Step, User};
use crate::clock;
use der::asn1::ObjectIdentifier;
use nt::NtStatus;
use smb::connection::Now;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// Logons against accounts; cheap to clone, and one state behind all clones.
#[derive(Clone)]
pub struct LocalAuthenticator(Arc<Shared>);

struct Shared {
    names: TargetNames,
    /// Whoever claims to be nobody is let in; shares then decide.
    lets_anonymous_in: AtomicBool,
    accounts: RwLock<Arc<Accounts>>,
    throttle: Mutex<Throttle>,
    /// The hash that unknown users are measured with, so that they take as long as known ones.
    nobodys_hash: NtHash,
    kerberos: Acceptor,
    outcomes: Outcomes,
}

/// How logons ended, since the start.
#[derive(Debug, Default)]
pub struct Outcomes {
    /// Let in.
    pub succeeded: AtomicU64,
    /// Not let in: name, password, or an account that is disabled.
    pub refused: AtomicU64,
    /// Not looked at: too many failures before.
    pub throttled: AtomicU64,
    /// No tokens of ours at all.
    pub malformed: AtomicU64,
}

/// Where the chance for challenges failed.
pub type ChanceError = getrandom::Error;

impl LocalAuthenticator {
    /// A server of this name with these accounts.
    pub fn new(
        names: TargetNames,
        accounts: Accounts,
        limits: Limits,
    ) -> Result<LocalAuthenticator, ChanceError> {
        let mut nobodys_hash = [0; 16];
        getrandom::fill(&mut nobodys_hash)?;
        Ok(LocalAuthenticator(Arc::new(Shared {
            names,
            lets_anonymous_in: AtomicBool::new(false),
            accounts: RwLock::new(Arc::new(accounts)),
            throttle: Mutex::new(Throttle::new(limits)),
            nobodys_hash: NtHash(nobodys_hash),
            kerberos: Acceptor::default(),
            outcomes: Outcomes::default(),
        })))
    }

    /// Other accounts from now on; who is in stays in.
    pub fn set_accounts(&self, accounts: Accounts) {
        *self.0.accounts.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(accounts);
    }

    /// Other limits from now on.
    pub fn set_limits(&self, limits: Limits) {
        self.0.throttle().set_limits(limits);
    }

    /// The keys that tickets are sealed with, from now on; without any, and at first, tickets are not taken.
    pub fn set_keytab(&self, keytab: Keytab) {
        self.0.kerberos.set_keytab(keytab);
    }

    /// Whether nobody gets a session; false at first.
    pub fn let_anonymous_in(&self, yes: bool) {
        self.0.lets_anonymous_in.store(yes, Ordering::Relaxed);
    }

    /// How logons ended.
    pub fn outcomes(&self) -> &Outcomes {
        &self.0.outcomes
    }

    fn exchange(&self, peer: IpAddr) -> LocalExchange {
        LocalExchange { shared: Arc::clone(&self.0), peer, spnego: None, stage: Stage::Start }
    }
}

impl Authenticator for LocalAuthenticator {
    fn negotiate_token(&self) -> Vec<u8> {
        let mechanisms = match self.0.kerberos.has_keys() {
            true => &[MS_KRB5, KRB5, NTLMSSP][..],
            false => &[NTLMSSP],
        };
        // A fixed value of a few bytes: it encodes. Empty would leave the first word to the client, [MS-SMB2] 2.2.4.
        spnego::negotiate_token(mechanisms).unwrap_or_default()
    }

    fn begin(&self, peer: IpAddr) -> Box<dyn Exchange> {
        Box::new(self.exchange(peer))
    }
}

impl Shared {
    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One exchange.
pub struct LocalExchange {
    shared: Arc<Shared>,
    peer: IpAddr,
    /// Of the client that speaks SPNEGO.
    spnego: Option<Negotiation>,
    stage: Stage,
}

/// What SPNEGO keeps between tokens.
struct Negotiation {
    mech_list: Vec<u8>,
    mechanism: ObjectIdentifier,
    /// The mechanism is not what the client liked best: somebody may have made it so. RFC 4178 5
    needs_mic: bool,
}

enum Stage {
    Start,
    /// A mechanism is agreed on, and its first message is to come.
    Agreed,
    Challenged(Box<Challenged>),
    /// Kerberos is done, and the client's signature of the list is to come.
    Accepted(Box<(User, kerberos::Accepted)>),
    Over,
}

impl Exchange for LocalExchange {
    fn step(&mut self, token: &[u8]) -> Step {
        let mut challenge = [0; 8];
        match getrandom::fill(&mut challenge) {
            Ok(()) => self.step_at(token, clock::now(), challenge),
            Err(_) => Step::Failed { status: NtStatus::INSUFFICIENT_RESOURCES },
        }
    }
}

impl LocalExchange {
    /// A step at a given time, with given chance.
    fn step_at(&mut self, token: &[u8], now: Now, challenge: [u8; 8]) -> Step {
        let step = match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Start if ntlm::is_message(token) => self.negotiate(token, now, challenge),
            Stage::Start => self.propose(token, now, challenge),
            Stage::Agreed => self.unwrapped(token).and_then(|(token, _)| self.begin(&token, now, challenge)),
            Stage::Accepted(accepted) => self.confirm(token, *accepted),
            Stage::Challenged(challenged) => self.unwrapped(token).and_then(|(token, mic)| {
                let claim = challenged.answered(&token).map_err(|_| NtStatus::INVALID_PARAMETER)?;
                self.decide(&claim, mic.as_deref(), now)
            }),
            Stage::Over => Err(NtStatus::INVALID_PARAMETER),
        };
        step.unwrap_or_else(|status| {
            if status == NtStatus::INVALID_PARAMETER {
                self.shared.outcomes.malformed.fetch_add(1, Ordering::Relaxed);
                tracing::info!(peer = %self.peer, "a logon without sense was refused");
            }
            Step::Failed { status }
        })
    }

    /// A client's first token in SPNEGO: the first of its mechanisms that is here, too. RFC 4178 4.2.1, 5
    fn propose(&mut self, token: &[u8], now: Now, challenge: [u8; 8]) -> Result<Step, NtStatus> {
        let proposal = spnego::proposal(token).map_err(|_| NtStatus::INVALID_PARAMETER)?;
        let is_here = |mechanism: &ObjectIdentifier| {
            *mechanism == NTLMSSP || self.shared.kerberos.has_keys() && kerberos::is_kerberos(mechanism)
        };
        let found = proposal.mechanisms.into_iter().enumerate();
        let Some((at, mechanism)) =
            found.filter_map(|(at, mechanism)| mechanism.filter(is_here).map(|found| (at, found))).next()
        else {
            tracing::info!(peer = %self.peer, "a client was refused that has none of our mechanisms");
            return Err(NtStatus::NOT_SUPPORTED);
        };
        self.spnego = Some(Negotiation { mech_list: proposal.mech_list, mechanism, needs_mic: at != 0 });
        match proposal.mech_token.filter(|_| at == 0) {
            Some(token) => self.begin(&token, now, challenge),
            // What the client sent with it is for the mechanism that it likes best.
            None => {
                self.stage = Stage::Agreed;
                let state = if at == 0 { NegState::AcceptIncomplete } else { NegState::RequestMic };
                let supported_mech = Some(mechanism);
                let answer = Answer { state, supported_mech, response_token: None, mech_list_mic: None };
                Ok(Step::Continue { token: encoded(&answer)? })
            }
        }
    }

    /// The first message of the mechanism that was agreed on.
    fn begin(&mut self, token: &[u8], now: Now, challenge: [u8; 8]) -> Result<Step, NtStatus> {
        match &self.spnego {
            Some(negotiation) if kerberos::is_kerberos(&negotiation.mechanism) => {
                self.accept(token, now, challenge)
            }
            _ => self.negotiate(token, now, challenge),
        }
    }

    /// NTLM's message in a client's later token, and the signature beside it.
    fn unwrapped(&self, token: &[u8]) -> Result<(Vec<u8>, Option<Vec<u8>>), NtStatus> {
        if self.spnego.is_none() {
            return Ok((token.to_vec(), None));
        }
        let continuation = spnego::continuation(token).map_err(|_| NtStatus::INVALID_PARAMETER)?;
        let message = continuation.response_token.ok_or(NtStatus::INVALID_PARAMETER)?;
        Ok((message, continuation.mech_list_mic))
    }

    fn negotiate(&mut self, message: &[u8], now: Now, challenge: [u8; 8]) -> Result<Step, NtStatus> {
        let challenged = Challenged::new(message, &self.shared.names, challenge, now.wall)
            .map_err(|_| NtStatus::INVALID_PARAMETER)?;
        let message = challenged.message().to_vec();
        // Named where it is the first answer of SPNEGO; behind RequestMic naming it again does no harm.
        let token = match &self.spnego {
            None => message,
            Some(_) => encoded(&Answer {
                state: NegState::AcceptIncomplete,
                supported_mech: Some(NTLMSSP),
                response_token: Some(message),
                mech_list_mic: None,
            })?,
        };
        self.stage = Stage::Challenged(Box::new(challenged));
        Ok(Step::Continue { token })
    }

    /// Lets the client in or not. [MS-NLMP] 3.2.5.1.2
    fn decide(&self, claim: &Claim, mic: Option<&[u8]>, now: Now) -> Result<Step, NtStatus> {
        if claim.is_anonymous() {
            return self.decide_anonymous(claim, mic);
        }
        let user = claim.user.to_text().unwrap_or_else(|| "?".to_owned());
        if let Some(wait) = self.shared.throttle().wait(now.monotonic, &claim.user, self.peer) {
            self.shared.outcomes.throttled.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(?user, peer = %self.peer, wait_s = wait.as_secs(), "logon refused: too many failures");
            return Err(NtStatus::ACCOUNT_LOCKED_OUT);
        }
        match self.check(claim, mic) {
            Ok((found, keys)) => {
                self.shared.throttle().succeeded(&claim.user);
                self.shared.outcomes.succeeded.fetch_add(1, Ordering::Relaxed);
                tracing::info!(user = found.name, peer = %self.peer, "logon");
                self.done(found, &keys, mic, Some(keys.exported_session_key().to_vec()))
            }
            Err((why, status)) => {
                self.shared.throttle().failed(now.monotonic, &claim.user, self.peer);
                self.shared.outcomes.refused.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(?user, peer = %self.peer, why, "logon refused");
                Err(status)
            }
        }
    }

    /// The client learns nothing of whether the name or the password was wrong, nor how far a guess came.
    fn check(
        &self,
        claim: &Claim,
        mic: Option<&[u8]>,
    ) -> Result<(User, SecurityKeys), (&'static str, NtStatus)> {
        let accounts = Arc::clone(&self.shared.accounts.read().unwrap_or_else(PoisonError::into_inner));
        let account = accounts.find(&claim.user);
        let hash = account.map_or(&self.shared.nobodys_hash, |account| &account.hash);
        let keys = claim.prove(hash);
        let account = account.ok_or(("no such user", NtStatus::LOGON_FAILURE))?;
        let keys = keys.map_err(|why| (reason(why), NtStatus::LOGON_FAILURE))?;
        if !self.mic_is_right(&keys, mic) {
            return Err(("the list of mechanisms was changed", NtStatus::LOGON_FAILURE));
        }
        if account.is_disabled {
            return Err(("the account is disabled", NtStatus::ACCOUNT_DISABLED));
        }
        Ok((account.user(CameBy::Ntlm), keys))
    }

    fn decide_anonymous(&self, claim: &Claim, mic: Option<&[u8]>) -> Result<Step, NtStatus> {
        if !self.shared.lets_anonymous_in.load(Ordering::Relaxed) {
            self.shared.outcomes.refused.fetch_add(1, Ordering::Relaxed);
            tracing::info!(peer = %self.peer, "an anonymous logon was refused");
            return Err(NtStatus::ACCESS_DENIED);
        }
        let keys = claim.anonymous_keys().map_err(|_| NtStatus::INVALID_PARAMETER)?;
        if !self.mic_is_right(&keys, mic) {
            return Err(NtStatus::LOGON_FAILURE);
        }
        self.shared.outcomes.succeeded.fetch_add(1, Ordering::Relaxed);
        tracing::info!(peer = %self.peer, "anonymous logon");
        self.done(anonymous(), &keys, mic, None)
    }

    /// mechListMIC: there when it must be, and right when it is there. RFC 4178 5, [MS-SPNG] 3.1.5.1
    fn mic_is_right(&self, keys: &SecurityKeys, mic: Option<&[u8]>) -> bool {
        match (&self.spnego, mic) {
            (None, _) => true,
            (Some(negotiation), None) => !negotiation.needs_mic,
            (Some(negotiation), Some(mic)) => {
                keys.is_first_signature(Side::Client, &negotiation.mech_list, mic)
            }
        }
    }

    fn done(
        &self,
        user: User,
        keys: &SecurityKeys,
        mic: Option<&[u8]>,
        session_key: Option<Vec<u8>>,
    ) -> Result<Step, NtStatus> {
        let token = match &self.spnego {
            None => Vec::new(),
            Some(negotiation) => {
                let sign = || keys.first_signature(Side::Server, &negotiation.mech_list);
                encoded(&Answer {
                    state: NegState::AcceptCompleted,
                    supported_mech: None,
                    response_token: None,
                    mech_list_mic: mic.and_then(|_| sign()).map(|mic| mic.to_vec()),
                })?
            }
        };
        Ok(Step::Done { token, user, session_key })
    }
}

fn encoded(answer: &Answer) -> Result<Vec<u8>, NtStatus> {
    spnego::answer(answer).map_err(|_| NtStatus::INTERNAL_ERROR)
}

fn reason(why: Disbelief) -> &'static str {
    match why {
        Disbelief::NotNtlmV2 => "no NTLMv2 response",
        Disbelief::Proof => "wrong password",
        Disbelief::Mic => "a message was changed on its way",
        Disbelief::Key => "no session key",
    }
}

mod ticket;

#[cfg(test)]
mod arbitrary;
#[cfg(test)]
mod tests;
