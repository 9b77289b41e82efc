//! The users file: names and NT hashes, which only its owner reads.
//!
//! An NT hash is as good as the password to whoever has it, so a file that others may read is not used at all. A change
//! replaces the file whole: a crash leaves the old one or the new one.
mod file;

pub use file::UsersError;

use crate::auth::accounts::{ACCOUNTS_MAX, Account, Accounts};
use crate::auth::ntlm::{NtHash, nt_hash};
use nt::Utf16;
use nt::security::Sid;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The longest name of a user: what Windows has today. (Not in the specification.)
pub const NAME_CHARS_MAX: usize = 104;

/// The first relative id of accounts: those below belong to the system. [MS-DTYP] 2.4.2.4
const FIRST_RID: u32 = 1000;

/// All of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Users {
    /// What the SIDs of all accounts begin with: three numbers by chance, made with the file.
    domain: [u32; 3],
    /// The relative id of the next account: none is used twice.
    next_rid: u32,
    #[serde(default)]
    user: Vec<UserEntry>,
}

/// One account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UserEntry {
    name: String,
    rid: u32,
    /// 32 hexadecimal digits.
    nt_hash: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    administrator: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    disabled: bool,
}

/// Why an account cannot be added or taken away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChangeError {
    /// The name is empty, too long, or has a character that names of users do not have.
    Name,
    /// There is one of that name.
    Exists,
    /// There is none.
    NoSuchUser,
    /// There are as many as there may be.
    TooMany,
}

impl std::fmt::Display for ChangeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            ChangeError::Name => {
                "no name of a user: 1 to 104 characters, none of \\ / [ ] : ; | = , + * ? < > \" @"
            }
            ChangeError::Exists => "there is a user of this name",
            ChangeError::NoSuchUser => "there is no user of this name",
            ChangeError::TooMany => "there are too many users",
        })
    }
}

impl std::error::Error for ChangeError {}

/// What is known of a user, without the hash.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// The name.
    pub name: String,
    /// In security descriptors.
    pub sid: Sid,
    /// A member of BUILTIN\Administrators.
    pub is_administrator: bool,
    /// May not log on.
    pub is_disabled: bool,
}

impl Users {
    /// Nobody, in a domain made by chance.
    pub fn new() -> Result<Users, getrandom::Error> {
        let mut domain = [0; 3];
        for number in &mut domain {
            *number = getrandom::u32()?;
        }
        Ok(Users { domain, next_rid: FIRST_RID, user: Vec::new() })
    }

    /// Reads a file that only its owner reads.
    pub fn load(path: &Path) -> Result<Users, UsersError> {
        let text = file::read(path)?;
        let users: Users =
            toml::from_str(&text).map_err(|error| UsersError::malformed(path, &text, &error))?;
        match users.user.iter().find(|user| hash(&user.nt_hash).is_none() || users.sid(user.rid).is_none()) {
            Some(user) => Err(UsersError::Hash { path: path.to_owned(), name: user.name.clone() }),
            None => Ok(users),
        }
    }

    /// Changes a file, or makes it: whoever else changes it waits. Nothing is written when the change fails.
    pub fn change<T>(
        path: &Path,
        change: impl FnOnce(&mut Users) -> Result<T, ChangeError>,
    ) -> Result<T, UsersError> {
        let _lock = file::lock(path)?;
        let mut users = match Users::load(path) {
            Err(UsersError::Missing { .. }) => Users::new().map_err(|_| UsersError::Chance)?,
            other => other?,
        };
        let result = change(&mut users).map_err(UsersError::Change)?;
        let text = toml::to_string(&users).map_err(|error| UsersError::Encode(error.to_string()))?;
        file::replace(path, &text)?;
        Ok(result)
    }

    /// Adds an account.
    pub fn add(&mut self, name: &str, password: &str, is_administrator: bool) -> Result<(), ChangeError> {
        check_name(name)?;
        match (self.find(name), self.user.len() >= ACCOUNTS_MAX) {
            (Some(_), _) => return Err(ChangeError::Exists),
            (None, true) => return Err(ChangeError::TooMany),
            (None, false) => {}
        }
        let rid = self.next_rid;
        self.next_rid = rid.checked_add(1).ok_or(ChangeError::TooMany)?;
        let entry = UserEntry {
            name: name.to_owned(),
            rid,
            nt_hash: hex(&password_hash(password)),
            administrator: is_administrator,
            disabled: false,
        };
        self.user.push(entry);
        Ok(())
    }

    /// Gives an account another password.
    pub fn set_password(&mut self, name: &str, password: &str) -> Result<(), ChangeError> {
        let at = self.find(name).ok_or(ChangeError::NoSuchUser)?;
        if let Some(entry) = self.user.get_mut(at) {
            entry.nt_hash = hex(&password_hash(password));
        }
        Ok(())
    }

    /// Takes an account away.
    pub fn remove(&mut self, name: &str) -> Result<(), ChangeError> {
        let at = self.find(name).ok_or(ChangeError::NoSuchUser)?;
        self.user.remove(at);
        Ok(())
    }

    /// Who there is, in the order they came.
    pub fn list(&self) -> Vec<Listed> {
        let listed = |account: Account| Listed {
            name: account.name,
            sid: account.sid,
            is_administrator: account.is_administrator,
            is_disabled: account.is_disabled,
        };
        self.each().map(listed).collect()
    }

    /// As logons want them.
    pub fn accounts(&self) -> Accounts {
        Accounts::new(self.each())
    }

    fn each(&self) -> impl Iterator<Item = Account> + '_ {
        self.user.iter().filter_map(|user| {
            Some(Account {
                name: user.name.clone(),
                hash: hash(&user.nt_hash)?,
                sid: self.sid(user.rid)?,
                is_administrator: user.administrator,
                is_disabled: user.disabled,
            })
        })
    }

    fn sid(&self, rid: u32) -> Option<Sid> {
        let [a, b, c] = self.domain;
        Sid::new(5, &[21, a, b, c, rid])
    }

    fn find(&self, name: &str) -> Option<usize> {
        let wanted = utf16(name);
        self.user.iter().position(|user| utf16(&user.name).eq_ignore_case(&wanted))
    }
}

/// The hash that is kept of a password.
pub fn password_hash(password: &str) -> NtHash {
    nt_hash(&utf16(password))
}

fn utf16(text: &str) -> Utf16 {
    Utf16(text.encode_utf16().collect())
}

fn check_name(name: &str) -> Result<(), ChangeError> {
    let bad = |c: char| c.is_control() || "\\/[]:;|=,+*?<>\"@".contains(c);
    match (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(bad) {
        true if name.trim() == name => Ok(()),
        _ => Err(ChangeError::Name),
    }
}

fn hex(hash: &NtHash) -> String {
    hash.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hash(text: &str) -> Option<NtHash> {
    if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(text, 16).ok().map(|number| NtHash(number.to_be_bytes()))
}

#[cfg(test)]
mod tests;
