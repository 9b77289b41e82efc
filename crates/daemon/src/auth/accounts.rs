//! Who may log on: names, the hashes of their passwords, and what they are in the store's eyes.
use super::User;
use super::ntlm::NtHash;
use nt::Utf16;
use nt::security::{Privileges, Sid, Token};
use std::collections::HashMap;

/// The most accounts of one server. (Not in the specification.)
pub const ACCOUNTS_MAX: usize = 100_000;

/// NT AUTHORITY\NTLM Authentication: whoever came by NTLM. [MS-DTYP] 2.4.2.4
const NTLM_AUTHENTICATION: &[u32] = &[64, 10];

/// How a user proved who they are; descriptors can tell them apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CameBy {
    /// By a password.
    Ntlm,
    /// By a ticket.
    Kerberos,
}

/// One account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// The name as it was given; compared without case.
    pub name: String,
    /// Of the password.
    pub hash: NtHash,
    /// Who the user is in security descriptors.
    pub sid: Sid,
    /// A member of BUILTIN\Administrators, with every privilege.
    pub is_administrator: bool,
    /// May not log on.
    pub is_disabled: bool,
}

impl Account {
    /// The user of this account, as the server knows them.
    ///
    /// Everyone may create symbolic links: the share decides which tags a client may set, docs/SERVE.md.
    pub fn user(&self, came_by: CameBy) -> User {
        let mut groups = vec![Sid::EVERYONE, Sid::NETWORK, Sid::AUTHENTICATED_USERS, Sid::BUILTIN_USERS];
        if came_by == CameBy::Ntlm {
            groups.extend(Sid::new(5, NTLM_AUTHENTICATION));
        }
        let mut privileges = Privileges::CHANGE_NOTIFY | Privileges::CREATE_SYMBOLIC_LINK;
        if self.is_administrator {
            groups.push(Sid::BUILTIN_ADMINISTRATORS);
            privileges = Privileges::ALL.iter().fold(privileges, |all, (one, _)| all | *one);
        }
        let token = Token { user: self.sid, groups, privileges };
        User { name: self.name.clone(), token, is_guest: false, is_anonymous: false, ends: None }
    }
}

/// The user that is nobody. [MS-DTYP] 2.4.2.4
pub fn anonymous() -> User {
    let groups = vec![Sid::EVERYONE, Sid::NETWORK];
    let token = Token { user: Sid::ANONYMOUS, groups, privileges: Privileges::CHANGE_NOTIFY };
    User { name: String::new(), token, is_guest: false, is_anonymous: true, ends: None }
}

/// All accounts, found by name without regard to case.
#[derive(Clone, Default, Debug)]
pub struct Accounts(HashMap<Utf16, Account>);

impl Accounts {
    /// From a list; of two accounts with one name the later counts.
    pub fn new(list: impl IntoIterator<Item = Account>) -> Accounts {
        let key = |account: &Account| utf16(&account.name).to_upcased();
        Accounts(list.into_iter().take(ACCOUNTS_MAX).map(|account| (key(&account), account)).collect())
    }

    /// The account of a name as a client sends it: `name`, or `name@anything`, as people type it.
    pub fn find(&self, name: &Utf16) -> Option<&Account> {
        let name = name.to_upcased();
        self.0.get(&name).or_else(|| {
            let at = name.0.iter().rposition(|unit| *unit == u16::from(b'@'))?;
            self.0.get(&Utf16(name.0.get(..at)?.to_vec()))
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when nobody may log on.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn utf16(text: &str) -> Utf16 {
    Utf16(text.encode_utf16().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str) -> Account {
        let sid = Sid::new(5, &[21, 1, 2, 3, 1000]).unwrap();
        let (is_administrator, is_disabled) = (name == "root", false);
        Account { name: name.to_owned(), hash: NtHash([0; 16]), sid, is_administrator, is_disabled }
    }

    #[test]
    fn a_name_is_found_without_regard_to_case_and_with_a_domain_behind_it() {
        let accounts = Accounts::new([account("J\u{fc}rgen"), account("a@b")]);
        let found = |name: &str| accounts.find(&utf16(name)).map(|account| account.name.clone());
        assert_eq!(found("J\u{dc}RGEN").as_deref(), Some("J\u{fc}rgen"));
        assert_eq!(found("j\u{fc}rgen@example.org").as_deref(), Some("J\u{fc}rgen"));
        assert_eq!(found("A@B").as_deref(), Some("a@b"));
        assert_eq!((found("jurgen"), found("@x"), found("")), (None, None, None));
    }

    #[test]
    fn an_administrator_is_in_the_group_and_nobody_else_is() {
        let groups =
            |name| account(name).user(CameBy::Ntlm).token.groups.contains(&Sid::BUILTIN_ADMINISTRATORS);
        assert!(groups("root") && !groups("alice"));
        assert!(account("alice").user(CameBy::Ntlm).token.has(Privileges::CREATE_SYMBOLIC_LINK));
        assert!(!account("alice").user(CameBy::Ntlm).token.has(Privileges::BACKUP));
        assert!(!anonymous().token.contains(&Sid::AUTHENTICATED_USERS));
    }
}
