//! Opening through symbolic links. [MS-SMB2] 3.2.5.7 and 2.2.2.2.1.1
use core::fmt;
use nt::{NtStatus, Utf16};

use crate::error::RemoteError;
use crate::evaluation::{Destination, Evaluation, EvaluationClass, LinkFault, evaluate, parsed_len};
use crate::open::{Outcome, RemoteOpen, RemoteRequest};
use crate::share::Share;

/// The most links that one open follows, as Windows has it. spec/reparse-semantics.md 3.2
pub const HOPS_MAX: usize = 63;

/// A link that an open met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RemoteHop {
    /// The path of the link.
    pub link: Utf16,
    /// Where it says it leads.
    pub target: Utf16,
    /// SYMLINK_FLAG_RELATIVE is set.
    pub relative: bool,
    /// Where that is.
    pub destination: Destination,
}

/// Why an open through links failed.
#[derive(Debug)]
pub enum FollowError {
    /// The server refuses, or cannot be asked.
    Remote(RemoteError),
    /// A link leads nowhere.
    Link(LinkFault),
    /// A link is of a class that is not followed.
    ClassDisabled(EvaluationClass),
    /// A link leads off the share: whoever called knows the other places.
    Elsewhere(Destination),
    /// There were more than [`HOPS_MAX`] links.
    TooMany,
}

impl FollowError {
    /// The status that a Windows client would give. A link to where there is nothing to ask gives BAD_NETWORK_PATH for a
    /// share and OBJECT_PATH_NOT_FOUND for a drive.
    pub fn status(&self) -> NtStatus {
        match self {
            FollowError::Remote(error) => error.status(),
            FollowError::Link(fault) => fault.status(),
            FollowError::ClassDisabled(_) => NtStatus::SYMLINK_CLASS_DISABLED,
            FollowError::Elsewhere(Destination::Local { .. }) => NtStatus::OBJECT_PATH_NOT_FOUND,
            FollowError::Elsewhere(_) => NtStatus::BAD_NETWORK_PATH,
            FollowError::TooMany => NtStatus::REPARSE_POINT_NOT_RESOLVED,
        }
    }
}

impl Share {
    /// Opens what is at a path; links on the way are followed as far as `evaluation` lets them, the last one too unless
    /// OPEN_REPARSE_POINT is asked for. Gives the path at which the object was found, and adds to `hops`.
    pub fn open_following(
        &self,
        path: &[u16],
        request: &RemoteRequest,
        evaluation: Evaluation,
        hops: &mut Vec<RemoteHop>,
    ) -> Result<(RemoteOpen, Utf16), FollowError> {
        let mut path = path.to_vec();
        loop {
            let stopped = match self.create(&path, request).map_err(FollowError::Remote)? {
                Outcome::Opened(open) => return Ok((open, Utf16(path))),
                Outcome::Stopped(stopped) => stopped,
            };
            if hops.len() >= HOPS_MAX {
                return Err(FollowError::TooMany);
            }
            let destination = evaluate(&path, &stopped).map_err(FollowError::Link)?;
            let link = parsed_len(&path, stopped.unparsed_len).and_then(|len| path.get(..len));
            hops.push(RemoteHop {
                link: Utf16::from(link.unwrap_or_default()),
                target: stopped.link.substitute().clone(),
                relative: stopped.link.is_relative(),
                destination: destination.clone(),
            });
            if !evaluation.allows(destination.class()) {
                return Err(FollowError::ClassDisabled(destination.class()));
            }
            path = match self.same_share(destination) {
                Destination::SameShare(path) => path.0,
                elsewhere => return Err(FollowError::Elsewhere(elsewhere)),
            };
        }
    }

    /// The same destination, known for this share if it is.
    fn same_share(&self, destination: Destination) -> Destination {
        let is = |name: &Utf16, text: &str| name.eq_ignore_case(&Utf16::from(text));
        match destination {
            Destination::Share { server, share, path }
                if is(&server, &self.address().host) && is(&share, &self.address().share) =>
            {
                Destination::SameShare(path)
            }
            other => other,
        }
    }
}

impl From<RemoteError> for FollowError {
    fn from(error: RemoteError) -> FollowError {
        FollowError::Remote(error)
    }
}

impl fmt::Display for FollowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FollowError::Remote(error) => write!(f, "{error}"),
            FollowError::Link(fault) => write!(f, "{fault}"),
            FollowError::ClassDisabled(class) => {
                write!(f, "links of the class {} are not followed", class.name())
            }
            FollowError::Elsewhere(Destination::Share { server, share, path }) => {
                write!(f, r"the link leads to \\{server}\{share}{path}")
            }
            FollowError::Elsewhere(Destination::Local { volume, path }) => {
                write!(f, "the link leads to {volume}{path} on this machine")
            }
            FollowError::Elsewhere(Destination::SameShare(path)) => write!(f, "the link leads to {path}"),
            FollowError::TooMany => write!(f, "more than {HOPS_MAX} links"),
        }
    }
}

impl std::error::Error for FollowError {}
