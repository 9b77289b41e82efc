//! What outlives a run: ServerGuid, by which clients know the server again. [MS-SMB2] 3.3.1.5
use super::{Plan, Source};
use nt::Guid;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The file of the GUID, as text, in the state directory.
const FILE: &str = "server-guid";

/// The most bytes of that file that are looked at.
const FILE_BYTES_MAX: usize = 64;

/// The GUID of the server of a configuration file, made and kept at the first start. Nothing when it cannot be kept, and for a directory of
/// the command line, which is another server each time: then chance gives one for the run.
pub(super) fn server_guid(plan: &Plan) -> Option<Guid> {
    let Source::File(_) = plan.source else { return None };
    let directory = plan.config.state_directory.clone().or_else(default_directory)?;
    match kept(&directory) {
        Ok(guid) => Some(guid),
        Err(error) => {
            tracing::warn!(directory = %directory.display(), %error, "the server's GUID is not kept");
            None
        }
    }
}

/// `$STATE_DIRECTORY` of systemd, `/var/lib/pointsman` for root, else below the user's state.
fn default_directory() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(directory) = set("STATE_DIRECTORY") {
        return Some(directory);
    }
    if rustix::process::geteuid().is_root() {
        return Some("/var/lib/pointsman".into());
    }
    let base = set("XDG_STATE_HOME").or_else(|| set("HOME").map(|home| home.join(".local/state")));
    base.map(|base| base.join("pointsman"))
}

/// Reads the GUID, or makes it. A file that is no GUID is an error, and stays as it is.
fn kept(directory: &Path) -> io::Result<Guid> {
    let path = directory.join(FILE);
    match std::fs::read(&path) {
        Ok(bytes) => parse(&bytes).ok_or_else(|| {
            io::Error::new(ErrorKind::InvalidData, format!("{} holds no GUID", path.display()))
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let mut guid = [0; 16];
            getrandom::fill(&mut guid).map_err(io::Error::other)?;
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
            // Whole or not at all; when two servers start at once, the first one's counts.
            let fresh = directory.join(format!("{FILE}.{}", std::process::id()));
            let mut file = std::fs::File::create(&fresh)?;
            writeln!(file, "{}", Guid(guid))?;
            file.sync_all()?;
            let linked = std::fs::hard_link(&fresh, &path);
            std::fs::remove_file(&fresh)?;
            match linked {
                Ok(()) => Ok(Guid(guid)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    parse(&std::fs::read(&path)?).ok_or(ErrorKind::InvalidData.into())
                }
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

fn parse(bytes: &[u8]) -> Option<Guid> {
    let text = bytes.get(..bytes.len().min(FILE_BYTES_MAX))?;
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_known_again_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("not/yet/there");
        let first = kept(&state).unwrap();
        assert_ne!(first, Guid::NIL);
        assert_eq!(kept(&state).unwrap(), first);
        let names: Vec<_> =
            std::fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [FILE], "nothing is left beside it");
        assert_ne!(kept(&directory.path().join("another")).unwrap(), first);
    }

    #[test]
    fn what_is_no_guid_is_told_and_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        for wrong in ["", "guid", "{01234567-89ab-cdef-0123-456789abcde}"] {
            std::fs::write(directory.path().join(FILE), wrong).unwrap();
            assert_eq!(kept(directory.path()).unwrap_err().kind(), ErrorKind::InvalidData, "{wrong:?}");
            assert_eq!(std::fs::read_to_string(directory.path().join(FILE)).unwrap(), wrong);
        }
    }
}
