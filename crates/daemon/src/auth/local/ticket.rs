//! Logons by a ticket of Kerberos, inside SPNEGO. RFC 4178 5, RFC 4120 3.2.3
use super::*;
use crate::auth::kerberos::{Accepted, Disbelief};
use nt::Utf16;

impl LocalExchange {
    /// The client's AP-REQ: the context is whole, but for the signature where the list must be signed.
    pub(super) fn accept(&mut self, token: &[u8], now: Now, chance: [u8; 8]) -> Result<Step, NtStatus> {
        let negotiation = self.spnego.as_ref().ok_or(NtStatus::NOT_SUPPORTED)?;
        // RFC 4120 5.3.2 leaves the first number free; below 2^30 it is a positive number for every reader.
        let [a, b, c, d, ..] = chance;
        let sequence = u32::from_le_bytes([a, b, c, d]) >> 2;
        let accepted = self.shared.kerberos.accept(token, now.wall, sequence).map_err(|why| {
            self.shared.outcomes.refused.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(peer = %self.peer, why = reason(why), "a ticket was refused");
            if why == Disbelief::Malformed { NtStatus::INVALID_PARAMETER } else { NtStatus::LOGON_FAILURE }
        })?;
        let user = self.user_of(&accepted)?;
        let needs_mic = negotiation.needs_mic;
        let mic = match needs_mic {
            true => Some(
                accepted.context.sign(sequence, &negotiation.mech_list).ok_or(NtStatus::INTERNAL_ERROR)?,
            ),
            false => None,
        };
        let token = encoded(&Answer {
            state: if needs_mic { NegState::AcceptIncomplete } else { NegState::AcceptCompleted },
            // Named again behind RequestMic: it does no harm.
            supported_mech: Some(negotiation.mechanism),
            response_token: Some(accepted.token.clone()).filter(|token| !token.is_empty()),
            mech_list_mic: mic,
        })?;
        if needs_mic {
            self.stage = Stage::Accepted(Box::new((user, accepted)));
            return Ok(Step::Continue { token });
        }
        Ok(self.let_in(user, &accepted, token))
    }

    /// The client's signature of the list, which nobody on the way can make.
    pub(super) fn confirm(
        &mut self,
        token: &[u8],
        (user, accepted): (User, Accepted),
    ) -> Result<Step, NtStatus> {
        let continuation = spnego::continuation(token).map_err(|_| NtStatus::INVALID_PARAMETER)?;
        let list = self.spnego.as_ref().map(|negotiation| &negotiation.mech_list[..]).unwrap_or_default();
        let mic = continuation.mech_list_mic.unwrap_or_default();
        if !accepted.context.is_signature(list, &mic) {
            self.shared.outcomes.refused.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(peer = %self.peer, why = "the list of mechanisms was changed", "logon refused");
            return Err(NtStatus::LOGON_FAILURE);
        }
        let state = NegState::AcceptCompleted;
        let token =
            encoded(&Answer { state, supported_mech: None, response_token: None, mech_list_mic: None })?;
        Ok(self.let_in(user, &accepted, token))
    }

    /// The account of a principal: one name, without an instance, as the users file has it.
    fn user_of(&self, accepted: &Accepted) -> Result<User, NtStatus> {
        let accounts = Arc::clone(&self.shared.accounts.read().unwrap_or_else(PoisonError::into_inner));
        let principal = format!("{}@{}", accepted.name.join("/"), accepted.realm);
        let refused = |why: &'static str, status| {
            self.shared.outcomes.refused.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(principal, peer = %self.peer, why, "logon refused");
            status
        };
        // Behind an @ the accounts would look for less than the whole name.
        let [name] = &accepted.name[..] else {
            return Err(refused("no account has a name of several parts", NtStatus::LOGON_FAILURE));
        };
        let whole = Some(name).filter(|name| !name.contains('@'));
        let account: Option<&Account> = whole.and_then(|name| accounts.find(&Utf16::from(name.as_str())));
        match account {
            None => Err(refused("no such user", NtStatus::LOGON_FAILURE)),
            Some(account) if account.is_disabled => {
                Err(refused("the account is disabled", NtStatus::ACCOUNT_DISABLED))
            }
            Some(account) => Ok(User { ends: Some(accepted.ends), ..account.user(CameBy::Kerberos) }),
        }
    }

    fn let_in(&self, user: User, accepted: &Accepted, token: Vec<u8>) -> Step {
        self.shared.outcomes.succeeded.fetch_add(1, Ordering::Relaxed);
        tracing::info!(user = user.name, realm = accepted.realm, peer = %self.peer, "logon by ticket");
        Step::Done { token, user, session_key: Some(accepted.context.session_key().to_vec()) }
    }
}

fn reason(why: Disbelief) -> &'static str {
    match why {
        Disbelief::Malformed => "no request of Kerberos",
        Disbelief::UserToUser => "user-to-user authentication is not supported",
        Disbelief::NoKey => "the keytab has no key for this service, realm and encryption type",
        Disbelief::Ticket => "no key opens the ticket, or its client is of another realm",
        Disbelief::NotYetValid => "the ticket is not valid yet",
        Disbelief::Ended => "the ticket has ended",
        Disbelief::Authenticator => "the authenticator is not the client's",
        Disbelief::Skew => "the client's clock is more than five minutes off",
        Disbelief::Replay => "the request was seen before",
        Disbelief::Answer => "no answer could be made",
    }
}
