//! What `smb://` texts name.
use core::fmt;
use nt::Utf16;

const SCHEME: &str = "smb://";
/// The port of SMB over TCP. [MS-SMB2] 2.1
const PORT: u16 = 445;
const BACKSLASH: u16 = b'\\' as u16;

/// A path of a share: `smb://[domain;][user@]host[:port]/share[/path]`. Two hexadecimal digits behind `%` are a byte of
/// UTF-8, so that `%25` is a percent sign.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    /// The domain before `;`, or empty.
    pub domain: String,
    /// The user, if one is named.
    pub user: Option<String>,
    /// A name or an address; an IPv6 address without its brackets.
    pub host: String,
    /// The port; 445 if none is named.
    pub port: u16,
    /// The share.
    pub share: String,
    /// The path from the share's root, with a backslash in front: `\a\b`; `\` for the root itself.
    pub path: Utf16,
}

/// Why a text is no address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AddressError {
    /// It does not begin with `smb://`.
    Scheme,
    /// There is no host, or it is malformed.
    Host,
    /// The port is no number from 1 to 65535.
    Port,
    /// No share is named.
    Share,
    /// A password stands in it, which everybody could see.
    Password,
    /// What `%` encodes is no UTF-8.
    Encoding,
    /// A name holds a backslash or a colon.
    Name,
}

impl Address {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Address, AddressError> {
        let (scheme, rest) = text.split_at_checked(SCHEME.len()).ok_or(AddressError::Scheme)?;
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return Err(AddressError::Scheme);
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (who, place) = match authority.rsplit_once('@') {
            Some((who, place)) => (Some(who), place),
            None => (None, authority),
        };
        let (domain, user) = who.map(user_of).transpose()?.unwrap_or_default();
        let (host, port) = host_of(place)?;
        let mut names = path.split('/').filter(|name| !name.is_empty()).map(decoded);
        let share = names.next().ok_or(AddressError::Share)??;
        let mut units = Vec::new();
        for name in names {
            let name = name?;
            if name.contains(['\\', ':']) {
                return Err(AddressError::Name);
            }
            units.push(BACKSLASH);
            units.extend(name.encode_utf16());
        }
        if units.is_empty() {
            units.push(BACKSLASH);
        }
        if share.contains(['\\', ':']) {
            return Err(AddressError::Name);
        }
        Ok(Address { domain, user, host, port, share, path: Utf16(units) })
    }

    /// The same share, and another path on it.
    #[must_use]
    pub fn with_path(&self, path: Utf16) -> Address {
        Address { path, ..self.clone() }
    }

    /// `host:port` as a connection is dialled.
    pub(crate) fn endpoint(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

/// `domain;user`, either half encoded.
fn user_of(who: &str) -> Result<(String, Option<String>), AddressError> {
    if who.contains(':') {
        return Err(AddressError::Password);
    }
    let (domain, user) = who.split_once(';').unwrap_or(("", who));
    let user = decoded(user)?;
    Ok((decoded(domain)?, (!user.is_empty()).then_some(user)))
}

fn host_of(place: &str) -> Result<(String, u16), AddressError> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or(AddressError::Host)?;
            let port = match port {
                "" => None,
                port => Some(port.strip_prefix(':').ok_or(AddressError::Host)?),
            };
            (host.to_owned(), port)
        }
        None => match place.split_once(':') {
            Some((host, port)) => (decoded(host)?, Some(port)),
            None => (decoded(place)?, None),
        },
    };
    if host.is_empty() || host.contains(['\\', '/', '@']) {
        return Err(AddressError::Host);
    }
    let port = port.map_or(Ok(PORT), str::parse).map_err(|_| AddressError::Port)?;
    if port == 0 { Err(AddressError::Port) } else { Ok((host, port)) }
}

fn decoded(text: &str) -> Result<String, AddressError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        let digits = tail.first_chunk::<2>().filter(|_| *byte == b'%');
        let value = digits
            .and_then(|digits| core::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match value {
            Some(value) => {
                bytes.push(value);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*byte);
                rest = tail;
            }
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| AddressError::Encoding)?;
    if text.contains('\0') { Err(AddressError::Encoding) } else { Ok(text) }
}

impl fmt::Display for Address {
    /// The address without its user, with a `%` before what would be read otherwise.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        write!(f, "{SCHEME}{host}")?;
        if self.port != PORT {
            write!(f, ":{}", self.port)?;
        }
        write!(f, "/{}", self.share.replace('%', "%25"))?;
        let path = self.path.to_string().replace('%', "%25").replace('\\', "/");
        if path == "/" { Ok(()) } else { f.write_str(&path) }
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AddressError::Scheme => "an address begins with smb://",
            AddressError::Host => "the address names no host",
            AddressError::Port => "the port is no number from 1 to 65535",
            AddressError::Share => "the address names no share: smb://host/share/path",
            AddressError::Password => "a password in an address can be seen by all on this machine",
            AddressError::Encoding => "what the address encodes with % is no text",
            AddressError::Name => "a name on a share has no backslash and no colon",
        })
    }
}

impl std::error::Error for AddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_an_address_is_read() {
        let address =
            Address::parse("SMB://CORP;ann%20b@srv.example:1445/My%20Share/a/b%25").expect("an address");
        assert_eq!((address.domain.as_str(), address.user.as_deref()), ("CORP", Some("ann b")));
        assert_eq!(
            (address.host.as_str(), address.port, address.share.as_str()),
            ("srv.example", 1445, "My Share")
        );
        assert_eq!(address.path.to_string(), r"\a\b%");
        assert_eq!(address.to_string(), "smb://srv.example:1445/My Share/a/b%25");
    }

    #[test]
    fn a_share_s_root_is_a_path() {
        for text in ["smb://srv/share", "smb://srv/share/", "smb://srv/share//"] {
            let address = Address::parse(text).expect("an address");
            assert_eq!((address.path.to_string().as_str(), address.port), (r"\", 445), "{text}");
            assert_eq!(address.to_string(), "smb://srv/share");
        }
    }

    #[test]
    fn an_ipv6_address_stands_in_brackets() {
        let address = Address::parse("smb://[::1]:4450/s/x").expect("an address");
        assert_eq!((address.host.as_str(), address.endpoint().as_str()), ("::1", "[::1]:4450"));
        assert_eq!(address.to_string(), "smb://[::1]:4450/s/x");
    }

    #[test]
    fn what_is_no_address_says_why() {
        for (text, why) in [
            ("smb:/srv/s", AddressError::Scheme),
            ("smb://", AddressError::Host),
            ("smb://srv", AddressError::Share),
            ("smb://srv:0/s", AddressError::Port),
            ("smb://srv:x/s", AddressError::Port),
            ("smb://[::1/s", AddressError::Host),
            ("smb://ann:secret@srv/s", AddressError::Password),
            ("smb://srv/s/%ff", AddressError::Encoding),
            ("smb://srv/s/a%00b", AddressError::Encoding),
            ("smb://srv/s/a:b", AddressError::Name),
            (r"smb://srv/s/a\b", AddressError::Name),
        ] {
            assert_eq!(Address::parse(text), Err(why), "{text}");
        }
    }
}
