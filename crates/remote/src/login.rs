//! Who asks, and by which proof.
use core::fmt;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::address::Address;

/// The most bytes of a password, or of a file that holds one.
const PASSWORD_BYTES_MAX: u64 = 4096;

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Login {
    /// The user; empty for nobody.
    pub user: String,
    /// The domain, or empty.
    pub domain: String,
    /// The proof.
    pub proof: Proof,
}

/// The proof of who asks. Its `Debug` form never shows a password.
#[derive(Clone, PartialEq, Eq)]
pub enum Proof {
    /// A password, for NTLM.
    Password(String),
    /// A Kerberos ticket in a cache of MIT's form, as `kinit` leaves it.
    Kerberos {
        /// The cache.
        cache: PathBuf,
        /// Where a ticket for the server is had if the cache has none: `host` or `host:port`.
        kdc: Option<String>,
    },
}

/// Why there is no proof.
#[derive(Debug)]
pub enum LoginError {
    /// No password is given anywhere.
    NoPassword {
        /// Whose.
        user: String,
    },
    /// The file that shall hold the password cannot be read.
    File {
        /// The file.
        path: PathBuf,
        /// What the host says.
        error: std::io::Error,
    },
    /// What is given is no text, or is too long for a password.
    NotText,
}

impl Login {
    /// The login for an address, from what the environment says: with a user, the password of `POINTSMAN_PASSWORD` or of
    /// the file that `POINTSMAN_PASSWORD_FILE` names; with none, the Kerberos cache of `KRB5CCNAME`. `variable` reads the
    /// environment. [`LoginError::NoPassword`] when it says nothing: whoever has a terminal may ask.
    pub fn from_environment(
        address: &Address,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Login, LoginError> {
        let password = match (variable("POINTSMAN_PASSWORD"), variable("POINTSMAN_PASSWORD_FILE")) {
            (Some(password), _) => Some(password.into_string().map_err(|_| LoginError::NotText)?),
            (None, Some(file)) => Some(password_in(Path::new(&file))?),
            (None, None) => None,
        };
        let cache = variable("KRB5CCNAME").and_then(|name| name.into_string().ok());
        // Of the other kinds of cache (KEYRING:, DIR:) there is no reader beneath.
        let cache = cache.map(|name| name.strip_prefix("FILE:").unwrap_or(&name).to_owned());
        let cache = cache.filter(|name| name.starts_with('/'));
        match (&address.user, password, cache) {
            (Some(user), Some(password), _) => Ok(Login::with_password(address, user, password)),
            (None, None, Some(cache)) => {
                let kdc = variable("POINTSMAN_KDC").and_then(|kdc| kdc.into_string().ok());
                let proof = Proof::Kerberos { cache: cache.into(), kdc };
                Ok(Login { user: String::new(), domain: address.domain.clone(), proof })
            }
            (Some(user), None, _) => Err(LoginError::NoPassword { user: user.clone() }),
            (None, password, _) => {
                let user = variable("USER").and_then(|user| user.into_string().ok()).unwrap_or_default();
                match password {
                    Some(password) => Ok(Login::with_password(address, &user, password)),
                    None => Err(LoginError::NoPassword { user }),
                }
            }
        }
    }

    /// A login by password.
    pub fn with_password(address: &Address, user: &str, password: String) -> Login {
        Login { user: user.to_owned(), domain: address.domain.clone(), proof: Proof::Password(password) }
    }
}

/// The first line of a file, whose mode is the user's affair.
pub(crate) fn password_in(path: &Path) -> Result<String, LoginError> {
    use std::io::Read;
    let failed = |error| LoginError::File { path: path.to_owned(), error };
    let mut text = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(PASSWORD_BYTES_MAX + 1).read_to_end(&mut text).map_err(failed)?;
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if u64::try_from(line.len()).unwrap_or(u64::MAX) > PASSWORD_BYTES_MAX {
        return Err(LoginError::NotText);
    }
    String::from_utf8(line.to_vec()).map_err(|_| LoginError::NotText)
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Proof::Password(_) => f.write_str("Password(..)"),
            Proof::Kerberos { cache, kdc } => {
                f.debug_struct("Kerberos").field("cache", cache).field("kdc", kdc).finish()
            }
        }
    }
}

impl fmt::Display for LoginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoginError::NoPassword { user } => write!(f, "no password for {user:?} is given"),
            LoginError::File { path, error } => {
                write!(f, "the file of the password, {}: {error}", path.display())
            }
            LoginError::NotText => f.write_str("the password is no text of at most 4096 bytes"),
        }
    }
}

impl std::error::Error for LoginError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).expect("an address")
    }

    fn environment(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
        |name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
    }

    #[test]
    fn a_password_comes_from_the_environment_before_a_file() {
        let variables = environment(&[("POINTSMAN_PASSWORD", "one"), ("POINTSMAN_PASSWORD_FILE", "/none")]);
        let login = Login::from_environment(&address("smb://D;ann@s/x"), variables).expect("a login");
        assert_eq!((login.user.as_str(), login.domain.as_str()), ("ann", "D"));
        assert_eq!(login.proof, Proof::Password("one".into()));
        assert!(!format!("{login:?}").contains("one"));
    }

    #[test]
    fn a_file_gives_its_first_line() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("password");
        std::fs::write(&path, "two words\r\nmore\n").expect("a file");
        assert_eq!(password_in(&path).expect("a password"), "two words");
    }

    #[test]
    fn without_a_user_the_ticket_cache_speaks() {
        let variables = environment(&[("KRB5CCNAME", "FILE:/tmp/cc")]);
        let login = Login::from_environment(&address("smb://s/x"), variables).expect("a login");
        assert_eq!(login.proof, Proof::Kerberos { cache: "/tmp/cc".into(), kdc: None });
        let named =
            Login::from_environment(&address("smb://ann@s/x"), environment(&[("KRB5CCNAME", "/tmp/cc")]));
        assert!(matches!(named, Err(LoginError::NoPassword { user }) if user == "ann"));
        let keyring =
            Login::from_environment(&address("smb://s/x"), environment(&[("KRB5CCNAME", "KEYRING:x")]));
        assert!(matches!(keyring, Err(LoginError::NoPassword { .. })));
    }
}
