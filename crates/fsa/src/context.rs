//! Who asks. [MS-FSA] 2.1.1.9 SecurityContext
use nt::security::{Privileges, Sid, Token};
use std::sync::Arc;

/// Who asks for an open, and what they may. Captured in the open: what changes later does not count. [MS-FSA] 2.1.5.1 phase 3
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecurityContext {
    /// The user, the groups and the privileges.
    pub token: Arc<Token>,
    /// No security descriptor binds this caller.
    pub bypass: bool,
}

impl SecurityContext {
    /// Everything is allowed and every privilege held: the owner of the machine, and the command.
    pub fn superuser() -> SecurityContext {
        let privileges = Privileges::ALL.iter().fold(Privileges::NONE, |all, (one, _)| all | *one);
        let groups = vec![Sid::BUILTIN_ADMINISTRATORS, Sid::EVERYONE, Sid::AUTHENTICATED_USERS];
        let token = Token { user: Sid::LOCAL_SYSTEM, groups, privileges };
        SecurityContext { token: Arc::new(token), bypass: true }
    }

    /// The caller with this token, whom security descriptors bind.
    pub fn user(token: impl Into<Arc<Token>>) -> SecurityContext {
        SecurityContext { token: token.into(), bypass: false }
    }

    /// True when the caller holds each of these privileges.
    pub fn has_privilege(&self, privileges: Privileges) -> bool {
        self.token.has(privileges)
    }
}
