//! Why something cannot be done at a place: the refusal of whoever keeps it, and what was being done.
use crate::place::PlaceError;
use fsa::{OpenError, Refusal};
use nt::{NtStatus, Utf16};
use std::fmt;
use std::path::PathBuf;

/// Why something failed.
#[derive(Debug)]
pub enum Failure {
    /// The place cannot be found or opened.
    Place(PlaceError),
    /// The object store refuses.
    Refused {
        /// What was being done.
        what: &'static str,
        /// Which refusal.
        refusal: Refusal,
    },
    /// The object store cannot open a path.
    Open {
        /// What was being done.
        what: &'static str,
        /// The path on its volume.
        path: Utf16,
        /// Why.
        error: OpenError,
    },
    /// An image refuses, or is damaged.
    Image {
        /// What was being done.
        what: &'static str,
        /// The image.
        image: PathBuf,
        /// Why.
        error: ntfs::Error,
    },
    /// A rule refuses that none of them keeps.
    Status {
        /// What was being done.
        what: &'static str,
        /// The status.
        status: NtStatus,
        /// Why, in words.
        reason: Option<String>,
        /// What to do next.
        next: Option<&'static str>,
    },
    /// What is stored, or was given, is malformed.
    Malformed {
        /// What was being done.
        what: &'static str,
        /// What is wrong.
        why: String,
        /// What to do next.
        next: Option<&'static str>,
    },
}

impl Failure {
    /// A refusal by a rule.
    pub fn status_of(what: &'static str, status: NtStatus) -> Failure {
        Failure::Status { what, status, reason: None, next: None }
    }

    /// The status, where there is one.
    pub fn status(&self) -> Option<NtStatus> {
        match self {
            Failure::Refused { refusal, .. } => Some(refusal.status),
            Failure::Open { error, .. } => Some(error.status()),
            Failure::Image { error, .. } => Some(error.status()),
            Failure::Status { status, .. } => Some(*status),
            Failure::Place(_) | Failure::Malformed { .. } => None,
        }
    }

    pub(crate) fn refused(what: &'static str) -> impl Fn(Refusal) -> Failure {
        move |refusal| Failure::Refused { what, refusal }
    }
}

impl From<PlaceError> for Failure {
    fn from(error: PlaceError) -> Failure {
        Failure::Place(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Place(error) => error.fmt(f),
            Failure::Refused { what, refusal } => write!(f, "{what}: {}: {}", refusal.status, refusal.why),
            Failure::Open { what, error, .. } => write!(f, "{what}: {}", error.status()),
            Failure::Image { what, image, error } => write!(f, "{}: {what}: {error}", image.display()),
            Failure::Status { what, status, reason, .. } => {
                write!(f, "{what}: {status}")?;
                reason.iter().try_for_each(|reason| write!(f, ": {reason}"))
            }
            Failure::Malformed { what, why, .. } => write!(f, "{what}: {why}"),
        }
    }
}

impl std::error::Error for Failure {}
