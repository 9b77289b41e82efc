//! The process's token: which privileges it holds, and which of those are enabled. [MS-DTYP] 2.5.2
//!
//! It counts when a file is opened, as on Windows: what is dropped later does not matter to that open.
use fsa::SecurityContext;
use nt::Utf16;
use nt::security::Privileges;
use std::sync::{Arc, Mutex, PoisonError};

/// What a privilege in a token is: SE_PRIVILEGE_ENABLED_BY_DEFAULT, SE_PRIVILEGE_ENABLED, SE_PRIVILEGE_REMOVED.
pub(crate) const ENABLED_BY_DEFAULT: u32 = 1;
pub(crate) const ENABLED: u32 = 2;
pub(crate) const REMOVED: u32 = 4;

/// The rights that an open token has. [MS-DTYP] 2.4.3
pub(crate) const TOKEN_QUERY: u32 = 0x0008;
pub(crate) const TOKEN_ADJUST_PRIVILEGES: u32 = 0x0020;
const TOKEN_ALL_ACCESS: u32 = 0x000F_01FF;
const MAXIMUM_ALLOWED: u32 = 0x0200_0000;
const GENERIC_READ: u32 = 0x8000_0000;
const GENERIC_WRITE: u32 = 0x4000_0000;
const GENERIC_ALL: u32 = 0x1000_0000;

/// An open of the process's token.
pub(crate) struct Token {
    /// The rights it was opened with.
    pub(crate) granted: u32,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    held: Privileges,
    enabled: Privileges,
}

/// `None` stands for all: nothing was adjusted yet.
static PROCESS: Mutex<Option<Held>> = Mutex::new(None);

impl Token {
    /// Opens with these rights. The generic ones stand for what GENERIC_MAPPING of tokens says.
    pub(crate) fn open(desired: u32) -> Token {
        let mut granted = desired & TOKEN_ALL_ACCESS;
        if desired & (MAXIMUM_ALLOWED | GENERIC_ALL) != 0 {
            granted = TOKEN_ALL_ACCESS;
        }
        if desired & GENERIC_READ != 0 {
            granted |= TOKEN_QUERY;
        }
        if desired & GENERIC_WRITE != 0 {
            granted |= TOKEN_ADJUST_PRIVILEGES;
        }
        Token { granted }
    }
}

fn all() -> Privileges {
    Privileges::ALL.iter().fold(Privileges::NONE, |all, (one, _)| all | *one)
}

fn with_process<T>(use_it: impl FnOnce(&mut Held) -> T) -> T {
    let mut process = PROCESS.lock().unwrap_or_else(PoisonError::into_inner);
    use_it(process.get_or_insert_with(|| Held { held: all(), enabled: all() }))
}

/// Who opens a file now.
pub(crate) fn context() -> SecurityContext {
    let mut cx = SecurityContext::superuser();
    Arc::make_mut(&mut cx.token).privileges = with_process(|process| process.enabled);
    cx
}

/// The same, with SeCreateSymbolicLinkPrivilege whatever the token says: SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE.
pub(crate) fn context_that_may_link() -> SecurityContext {
    let mut cx = context();
    Arc::make_mut(&mut cx.token).privileges |= Privileges::CREATE_SYMBOLIC_LINK;
    cx
}

/// The LUID of a privilege, by its name in any case.
pub(crate) fn luid_of(name: &[u16]) -> Option<u64> {
    let wanted = Utf16::from(name);
    let (privilege, _) =
        Privileges::ALL.iter().find(|(_, known)| Utf16::from(*known).eq_ignore_case(&wanted))?;
    Some(u64::from(privilege.0.trailing_zeros()))
}

fn of_luid(luid: u64) -> Option<Privileges> {
    let bit = u32::try_from(luid).ok().and_then(|luid| 1u64.checked_shl(luid))?;
    Privileges::ALL.iter().map(|(one, _)| *one).find(|one| one.0 == bit)
}

/// One change of a privilege, or what it was before: its LUID, and its attributes.
pub(crate) type Change = (u64, u32);

/// Changes privileges of the process. Gives what those that changed were before, and whether all could be changed: one
/// that is not held cannot.
pub(crate) fn adjust(changes: &[Change]) -> (Vec<Change>, bool) {
    with_process(|process| {
        let mut before = Vec::new();
        let mut complete = true;
        for (luid, attributes) in changes {
            let Some(one) = of_luid(*luid).filter(|one| process.held.contains(*one)) else {
                complete = false;
                continue;
            };
            let was = process.enabled.contains(one);
            let remove = attributes & REMOVED != 0;
            let enable = !remove && attributes & ENABLED != 0;
            if remove {
                process.held = process.held.without(one);
            }
            process.enabled = if enable { process.enabled | one } else { process.enabled.without(one) };
            if was != enable {
                before.push((*luid, if was { ENABLED } else { 0 }));
            }
        }
        (before, complete)
    })
}

/// Disables every privilege of the process; gives what those that were enabled were.
pub(crate) fn disable_all() -> Vec<Change> {
    let enabled: Vec<Change> = list()
        .into_iter()
        .filter(|(_, attributes)| attributes & ENABLED != 0)
        .map(|(luid, _)| (luid, 0))
        .collect();
    adjust(&enabled).0
}

/// Every privilege held.
pub(crate) fn list() -> Vec<Change> {
    with_process(|process| {
        let held = Privileges::ALL.iter().filter(|(one, _)| process.held.contains(*one));
        held.map(|(one, _)| {
            let enabled = if process.enabled.contains(*one) { ENABLED } else { 0 };
            (u64::from(one.0.trailing_zeros()), enabled | ENABLED_BY_DEFAULT)
        })
        .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn a_privilege_is_found_by_its_name_in_any_case() {
        assert_eq!(luid_of(&utf16("SeCreateSymbolicLinkPrivilege")), Some(35));
        assert_eq!(luid_of(&utf16("sechangenotifyprivilege")), Some(23));
        assert_eq!(luid_of(&utf16("SeNoSuchPrivilege")), None);
    }

    #[test]
    fn what_is_disabled_can_be_enabled_again_and_what_is_removed_cannot() {
        // A privilege that no other test asks about: the token is the process's.
        let luid = luid_of(&utf16("SeTimeZonePrivilege")).unwrap();
        assert_eq!(adjust(&[(luid, 0)]), (vec![(luid, ENABLED)], true));
        assert_eq!(adjust(&[(luid, ENABLED)]), (vec![(luid, 0)], true));
        assert_eq!(adjust(&[(luid, REMOVED)]), (vec![(luid, ENABLED)], true));
        assert_eq!(adjust(&[(luid, ENABLED)]), (vec![], false));
        assert!(!list().iter().any(|(held, _)| *held == luid));
    }
}
