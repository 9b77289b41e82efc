//! What waits in the staging folder for a name that its maker, killed meanwhile, will never give it.
use super::fault::{failed, refused};
use super::listing::{Go, list};
use super::node::{LinuxNode, resolve};
use super::store::staging_path;
use crate::host::{HostFault, HostName, HostResult};
use rustix::fs::{AtFlags, Mode, OFlags, openat2, unlinkat};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// The names in the staging folder of the volume's own root whose makers are gone.
pub(super) fn names(root: &LinuxNode) -> HostResult<Vec<HostName>> {
    const CALL: &str = "leftovers";
    let Some(folder) = staging(root).map_err(failed(CALL))? else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    list(&folder, |name, _, _| {
        if is_leftover(name) {
            names.push(HostName(name.to_vec()));
        }
        Go::On
    })
    .map_err(failed(CALL))?;
    Ok(names)
}

/// Removes one of them.
pub(super) fn remove(root: &LinuxNode, name: &HostName) -> HostResult<()> {
    const CALL: &str = "remove_leftover";
    let folder = staging(root).map_err(failed(CALL))?.ok_or(refused(CALL, HostFault::NotFound))?;
    if !is_leftover(&name.0) {
        return Err(refused(CALL, HostFault::NotFound));
    }
    match unlinkat(folder.fd(), &name.0[..], AtFlags::empty()) {
        Err(Errno::ISDIR) => unlinkat(folder.fd(), &name.0[..], AtFlags::REMOVEDIR),
        other => other,
    }
    .map_err(failed(CALL))
}

fn staging(root: &LinuxNode) -> Result<Option<LinuxNode>, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match openat2(root.fd(), staging_path(), flags, Mode::empty(), resolve(false)) {
        Ok(fd) => Ok(Some(LinuxNode::directory(fd))),
        Err(Errno::NOENT) => Ok(None),
        Err(other) => Err(other),
    }
}

/// `<process>-<number>` of a process that is no more. A maker in another process namespace is not seen: whoever repairs
/// makes sure that there is none.
fn is_leftover(name: &[u8]) -> bool {
    let process = core::str::from_utf8(name).ok().and_then(|name| name.split_once('-'));
    let pid = process.and_then(|(pid, number)| number.parse::<u64>().ok().and(pid.parse().ok()));
    pid.and_then(Pid::from_raw).is_some_and(|pid| test_kill_process(pid) == Err(Errno::SRCH))
}
