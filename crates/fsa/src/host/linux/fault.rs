//! From Linux's error numbers to the port's faults.
use crate::host::{HostError, HostFault};
use rustix::io::Errno;

/// The failure of `call` with this error number.
pub(super) fn failed(call: &'static str) -> impl Fn(Errno) -> HostError {
    move |errno| HostError { call, fault: fault(errno) }
}

/// A failure of `call` that we found ourselves.
pub(super) fn refused(call: &'static str, fault: HostFault) -> HostError {
    HostError { call, fault }
}

/// The fault of an error number, where the call gives it no other meaning.
pub(super) fn fault(errno: Errno) -> HostFault {
    match errno {
        Errno::NOENT => HostFault::NotFound,
        Errno::EXIST => HostFault::Exists,
        Errno::NOTDIR => HostFault::NotDirectory,
        Errno::ISDIR => HostFault::IsDirectory,
        Errno::NOTEMPTY => HostFault::NotEmpty,
        Errno::ACCESS | Errno::PERM => HostFault::Denied,
        Errno::ROFS => HostFault::ReadOnly,
        Errno::NOSPC | Errno::DQUOT => HostFault::NoSpace,
        Errno::NAMETOOLONG | Errno::ILSEQ => HostFault::NameInvalid,
        Errno::OPNOTSUPP | Errno::NOSYS => HostFault::NotSupported,
        Errno::XDEV => HostFault::CrossDevice,
        Errno::MLINK => HostFault::TooManyLinks,
        Errno::MFILE | Errno::NFILE => HostFault::TooManyOpen,
        Errno::LOOP => HostFault::Link,
        Errno::UCLEAN | Errno::BADMSG => HostFault::Corrupt,
        other => HostFault::Other(other.raw_os_error()),
    }
}
