//! [MS-SMB2] 3.3.1.6: shares.
use nt::security::Sid;
use nt::{AccessMask, Utf16};
use wire::tree_connect::{ShareCapabilities, ShareFlags, ShareType};

/// What names a share, and the store behind it: its place in the configuration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ShareId(pub usize);

/// Which reparse tags a caller may set. [MS-SMB2] 3.3.5.15.13: any but a symbolic link asks for a permission that the server
/// defines; Windows asked for administrators (note <402>).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum TagPolicy {
    /// Whoever may write the file may set any tag.
    #[default]
    All,
    /// Symbolic links are everybody's, other tags the administrators'.
    SymlinksOrAdministrators,
}

/// A share.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Share {
    /// Its name.
    pub name: String,
    /// What browsers show beside it.
    pub remark: String,
    /// What it gives access to.
    pub kind: ShareType,
    /// Clients must encrypt.
    pub encrypt: bool,
    /// Nothing can be changed through it.
    pub read_only: bool,
    /// Anonymous users may connect.
    pub anonymous: bool,
    /// The users who may connect, by name; everybody when it is empty.
    pub users: Vec<String>,
    /// Which tags may be set.
    pub tags: TagPolicy,
}

impl Share {
    /// A share of a directory, for everybody who has an account.
    pub fn disk(name: &str) -> Share {
        Share {
            name: name.to_owned(),
            remark: String::new(),
            kind: ShareType::DISK,
            encrypt: false,
            read_only: false,
            anonymous: false,
            users: Vec::new(),
            tags: TagPolicy::default(),
        }
    }

    /// IPC$.
    pub fn ipc() -> Share {
        Share {
            remark: "Remote IPC".to_owned(),
            kind: ShareType::PIPE,
            anonymous: true,
            ..Share::disk("IPC$")
        }
    }

    pub(crate) fn is_named(&self, name: &[u16]) -> bool {
        Utf16::from(self.name.as_str()).eq_ignore_case(&Utf16::from(name))
    }

    /// Share.FileSecurity as far as the share itself decides: what no open through it can exceed.
    pub(crate) fn maximal_access(&self) -> AccessMask {
        match self.read_only {
            false => AccessMask::FILE_ALL_ACCESS,
            true => AccessMask::FILE_GENERIC_READ | AccessMask::FILE_GENERIC_EXECUTE,
        }
    }

    pub(crate) fn flags(&self) -> ShareFlags {
        match (self.kind, self.encrypt) {
            (ShareType::PIPE, _) => ShareFlags::NO_CACHING,
            (_, true) => ShareFlags::ENCRYPT_DATA,
            (_, false) => ShareFlags::NONE,
        }
    }

    pub(crate) fn capabilities(&self) -> ShareCapabilities {
        ShareCapabilities::NONE
    }

    pub(crate) fn admits(&self, identity: &super::Identity) -> bool {
        if identity.is_anonymous {
            return self.anonymous;
        }
        let is_named = |user: &String| user.eq_ignore_ascii_case(&identity.name);
        self.users.is_empty() || self.users.iter().any(is_named)
    }
}

/// True when the policy lets this caller set the tag.
pub(crate) fn may_set(policy: TagPolicy, tag: u32, groups: &[Sid]) -> bool {
    const SYMLINK: u32 = 0xA000_000C;
    match policy {
        TagPolicy::All => true,
        TagPolicy::SymlinksOrAdministrators => {
            tag == SYMLINK || groups.contains(&Sid::BUILTIN_ADMINISTRATORS)
        }
    }
}
