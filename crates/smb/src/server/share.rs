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
    /// Symbolic links, and what Unix clients make of their links and special files, are everybody's; other tags the
    /// administrators'.
    LinksOrAdministrators,
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
    /// Who lists a directory sees only what they may read.
    pub access_based: bool,
    /// Which tags may be set.
    pub tags: TagPolicy,
    /// It is no longer offered: whoever is connected stays, and nobody comes anew. Its place in the list stays taken, since
    /// a [`ShareId`] is a place.
    pub is_retired: bool,
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
            access_based: false,
            tags: TagPolicy::default(),
            is_retired: false,
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
        !self.is_retired && Utf16::from(self.name.as_str()).eq_ignore_case(&Utf16::from(name))
    }

    /// Share.FileSecurity as far as the share itself decides: what no open through it can exceed.
    pub(crate) fn maximal_access(&self) -> AccessMask {
        match self.read_only {
            false => AccessMask::FILE_ALL_ACCESS,
            true => AccessMask::FILE_GENERIC_READ | AccessMask::FILE_GENERIC_EXECUTE,
        }
    }

    pub(crate) fn flags(&self) -> ShareFlags {
        if self.kind == ShareType::PIPE {
            return ShareFlags::NO_CACHING;
        }
        let encrypt = if self.encrypt { ShareFlags::ENCRYPT_DATA } else { ShareFlags::NONE };
        let hides =
            if self.access_based { ShareFlags::ACCESS_BASED_DIRECTORY_ENUM } else { ShareFlags::NONE };
        encrypt | hides
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
    /// NFS, LX_SYMLINK, AF_UNIX, LX_FIFO, LX_CHR and LX_BLK. [MS-FSCC] 2.1.2.1
    const UNIX: [u32; 6] = [0x8000_0014, 0xA000_001D, 0x8000_0023, 0x8000_0024, 0x8000_0025, 0x8000_0026];
    let is_administrator = groups.contains(&Sid::BUILTIN_ADMINISTRATORS);
    match policy {
        TagPolicy::All => true,
        TagPolicy::LinksOrAdministrators => tag == SYMLINK || UNIX.contains(&tag) || is_administrator,
        TagPolicy::SymlinksOrAdministrators => tag == SYMLINK || is_administrator,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [MS-SMB2] 3.3.5.15.13: the tag of a junction, of a FIFO of WSL, of a symbolic link, and one of nobody.
    #[test]
    fn a_policy_says_which_tags_are_everybodys() {
        let (everybody, administrators) = ([Sid::EVERYONE], [Sid::BUILTIN_ADMINISTRATORS]);
        let may = |policy, groups: &[Sid]| {
            [0xA000_0003, 0x8000_0024, 0xA000_000C, 0x0000_4711].map(|tag| may_set(policy, tag, groups))
        };
        assert_eq!(may(TagPolicy::All, &everybody), [true; 4]);
        assert_eq!(may(TagPolicy::LinksOrAdministrators, &everybody), [false, true, true, false]);
        assert_eq!(may(TagPolicy::SymlinksOrAdministrators, &everybody), [false, false, true, false]);
        assert_eq!(may(TagPolicy::LinksOrAdministrators, &administrators), [true; 4]);
        assert_eq!(may(TagPolicy::SymlinksOrAdministrators, &administrators), [true; 4]);
    }
}
