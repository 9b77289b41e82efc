//! Shares of servers, connected when first asked for and kept for as long as paths are.
use remote::{Address, Login, Policy, RemoteError, Share};
use std::sync::Arc;

/// The most shares that are kept connected.
const SHARES_MAX: usize = 64;

/// Connected shares.
#[derive(Default)]
pub struct Shares {
    known: Vec<Arc<Share>>,
}

impl Shares {
    /// The share of an address, if it is connected: same host and port, share and user.
    pub fn known(&self, address: &Address) -> Option<Arc<Share>> {
        let same = |share: &&Arc<Share>| {
            let known = share.address();
            known.host.eq_ignore_ascii_case(&address.host)
                && known.port == address.port
                && known.share.eq_ignore_ascii_case(&address.share)
                && (&known.user, &known.domain) == (&address.user, &address.domain)
        };
        self.known.iter().find(same).cloned()
    }

    /// Connects to the share of an address, unless it is connected.
    pub fn connect(
        &mut self,
        address: &Address,
        login: &Login,
        policy: Policy,
    ) -> Result<Arc<Share>, RemoteError> {
        if let Some(share) = self.known(address) {
            return Ok(share);
        }
        if self.known.len() >= SHARES_MAX {
            self.known.clear();
        }
        let share = Arc::new(Share::connect(address, login, policy)?);
        self.known.push(Arc::clone(&share));
        Ok(share)
    }

    /// Forgets a share, whose connection is lost.
    pub fn forget(&mut self, share: &Arc<Share>) {
        self.known.retain(|known| !Arc::ptr_eq(known, share));
    }
}
