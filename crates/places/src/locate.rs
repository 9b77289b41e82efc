//! From a path of this machine to the root of its volume and the names below it.
use crate::place::PlaceError;
use rustix::fs::{AtFlags, CWD, StatxFlags, statx};
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};

/// The most directories whose resolution a [`Locator`] remembers.
const REMEMBERED_MAX: usize = 4096;

/// Where volumes begin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RootChoice {
    /// At the top of the mount that holds the path.
    MountTop,
    /// At this directory, whatever is mounted where.
    At(PathBuf),
}

/// A path told apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Located {
    /// The root of the volume: absolute, no link in it.
    pub root: PathBuf,
    /// The names below the root; none for the root itself. The last is never followed to find this out.
    pub names: Vec<OsString>,
}

/// Locates paths, and remembers the directories it has resolved: a batch names few directories and many files.
#[derive(Debug)]
pub struct Locator {
    choice: RootChoice,
    remembered: HashMap<PathBuf, Dir>,
}

/// A resolved directory.
#[derive(Clone, Debug)]
struct Dir {
    /// Absolute, no link in it.
    real: PathBuf,
    /// Names that the host does not know, beneath it: the store may, through a reparse point.
    rest: Vec<OsString>,
    root: PathBuf,
    mount: u64,
}

impl Located {
    /// The path on the host.
    pub fn host_path(&self) -> PathBuf {
        self.root.join(self.names.iter().collect::<PathBuf>())
    }
}

impl Locator {
    /// With this choice of root, which must be a directory now.
    pub fn new(choice: RootChoice) -> Result<Locator, PlaceError> {
        let choice = match choice {
            RootChoice::MountTop => RootChoice::MountTop,
            RootChoice::At(root) => {
                let real = root.canonicalize().and_then(|real| match real.is_dir() {
                    true => Ok(real),
                    false => Err(io::Error::from(io::ErrorKind::NotADirectory)),
                });
                RootChoice::At(real.map_err(|error| PlaceError::Root { root, error })?)
            }
        };
        Ok(Locator { choice, remembered: HashMap::new() })
    }

    /// Locates `path`. Links of the host in the directories before the last name are followed, as the user's shell
    /// would; the last name is not. A trailing `/` means nothing.
    pub fn locate(&mut self, path: &Path) -> Result<Located, PlaceError> {
        if path.as_os_str().is_empty() {
            return Err(PlaceError::Empty);
        }
        let (parent, name) = match (path.parent(), path.components().next_back()) {
            (Some(parent), Some(Component::Normal(name))) if parent.as_os_str().is_empty() => {
                (Path::new("."), Some(name))
            }
            (Some(parent), Some(Component::Normal(name))) => (parent, Some(name)),
            _ => (path, None), // `/`, `.` and `..` have no name of their own: they are resolved whole
        };
        let dir = self.resolve(parent)?;
        let root = match (&self.choice, name) {
            // a directory on which another volume is mounted is that volume's root
            (RootChoice::MountTop, Some(name)) if dir.rest.is_empty() => {
                let whole = dir.real.join(name);
                match mount_of(&whole) {
                    Ok(mount) if mount != dir.mount => return Ok(Located { root: whole, names: Vec::new() }),
                    _ => dir.root,
                }
            }
            _ => dir.root,
        };
        let Ok(below) = dir.real.strip_prefix(&root) else {
            if dir.rest.is_empty() && name.is_some_and(|name| dir.real.join(name) == root) {
                return Ok(Located { root, names: Vec::new() }); // the root, by its own name
            }
            return Err(PlaceError::OutsideRoot { path: dir.real.join(name.unwrap_or_default()), root });
        };
        let mut names: Vec<OsString> = below.iter().map(OsStr::to_owned).collect();
        names.extend(dir.rest);
        names.extend(name.map(OsStr::to_owned));
        Ok(Located { root, names })
    }

    fn resolve(&mut self, dir: &Path) -> Result<Dir, PlaceError> {
        if let Some(known) = self.remembered.get(dir) {
            return Ok(known.clone());
        }
        let (real, rest) = longest_directory(dir)?;
        let mount = mount_of(&real).map_err(|error| PlaceError::Host { path: real.clone(), error })?;
        let root = match &self.choice {
            RootChoice::At(root) => root.clone(),
            RootChoice::MountTop => mount_top(&real, mount),
        };
        let resolved = Dir { real, rest, root, mount };
        if self.remembered.len() >= REMEMBERED_MAX {
            self.remembered.clear(); // rare, and cheaper than an order of use
        }
        self.remembered.insert(dir.to_owned(), resolved.clone());
        Ok(resolved)
    }
}

/// The longest beginning of `dir` that is a directory of the host, resolved, and the names after it. Those are for the
/// store, which may find them through a junction that the host takes for an empty directory.
fn longest_directory(dir: &Path) -> Result<(PathBuf, Vec<OsString>), PlaceError> {
    let host = |error| PlaceError::Host { path: dir.to_owned(), error };
    let whole = std::path::absolute(dir).map_err(host)?;
    let components: Vec<Component<'_>> = whole.components().collect();
    for known in (1..=components.len()).rev() {
        let (head, tail) = components.split_at(known);
        let head: PathBuf = head.iter().collect();
        match head.canonicalize() {
            Ok(real) if real.is_dir() => return Ok((real, names_of(tail))),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(error) => return Err(PlaceError::Host { path: head, error }),
        }
    }
    Err(host(io::Error::from(io::ErrorKind::NotFound)))
}

/// The names of components that the host does not know; `..` takes one back.
fn names_of(components: &[Component<'_>]) -> Vec<OsString> {
    let mut names = Vec::new();
    for component in components {
        match component {
            Component::Normal(name) => names.push((*name).to_owned()),
            Component::ParentDir => drop(names.pop()),
            Component::Prefix(_) | Component::RootDir | Component::CurDir => {}
        }
    }
    names
}

/// The highest directory above `real` in the same mount.
fn mount_top(real: &Path, mount: u64) -> PathBuf {
    let same = |dir: &&Path| mount_of(dir).is_ok_and(|m| m == mount);
    real.ancestors().take_while(same).last().unwrap_or(real).to_owned()
}

/// The number of the mount that holds the object at `path`, which is not followed.
fn mount_of(path: &Path) -> io::Result<u64> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    let facts = statx(CWD, path, flags, StatxFlags::MNT_ID)?;
    if facts.stx_mask & StatxFlags::MNT_ID.bits() != 0 {
        return Ok(facts.stx_mnt_id);
    }
    // before Linux 5.8: the device tells mounts apart, except two of the same file system
    Ok(u64::from(facts.stx_dev_major) << 32 | u64::from(facts.stx_dev_minor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn names(located: &Located) -> Vec<&str> {
        located.names.iter().filter_map(|n| n.to_str()).collect()
    }

    fn at(root: &Path) -> Locator {
        Locator::new(RootChoice::At(root.to_owned())).expect("a root")
    }

    #[test]
    fn host_links_before_the_last_name_are_followed_and_the_last_is_not() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir(dir.path().join("real")).expect("a directory");
        symlink("real", dir.path().join("way")).expect("a link");
        symlink("nowhere", dir.path().join("real/end")).expect("a link");
        let located = at(dir.path()).locate(&dir.path().join("way/end")).expect("located");
        assert_eq!(names(&located), ["real", "end"]);
    }

    #[test]
    fn a_trailing_slash_does_not_follow_the_last_name() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        symlink("elsewhere", dir.path().join("end")).expect("a link");
        let located = at(dir.path()).locate(&dir.path().join("end/")).expect("located");
        assert_eq!(names(&located), ["end"]);
    }

    #[test]
    fn names_that_the_host_does_not_know_are_left_to_the_store() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir(dir.path().join("junction")).expect("a directory");
        fs::write(dir.path().join("link"), b"").expect("a file");
        let mut locator = at(dir.path());
        let located = locator.locate(&dir.path().join("junction/a/b")).expect("located");
        assert_eq!(names(&located), ["junction", "a", "b"]);
        let located = locator.locate(&dir.path().join("link/a/b/../c")).expect("located");
        assert_eq!(names(&located), ["link", "a", "c"]);
    }

    #[test]
    fn a_path_outside_the_root_is_refused_also_through_a_host_link() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir(dir.path().join("root")).expect("a directory");
        symlink("..", dir.path().join("root/up")).expect("a link");
        let mut locator = at(&dir.path().join("root"));
        for path in ["root/../x", "root/up/x", "x"] {
            let refused = locator.locate(&dir.path().join(path));
            assert!(matches!(refused, Err(PlaceError::OutsideRoot { .. })), "{path}");
        }
    }

    #[test]
    fn the_root_itself_has_no_names() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir(dir.path().join("sub")).expect("a directory");
        let mut locator = at(dir.path());
        assert!(locator.locate(&dir.path().join("sub/..")).expect("located").names.is_empty());
        assert!(locator.locate(&dir.path().join(".")).expect("located").names.is_empty());
    }

    #[test]
    fn without_a_root_the_volume_begins_at_the_top_of_the_mount() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        fs::write(dir.path().join("file"), b"").expect("a file");
        let mut locator = Locator::new(RootChoice::MountTop).expect("no root to check");
        let located = locator.locate(&dir.path().join("file")).expect("located");
        let real = dir.path().canonicalize().expect("exists").join("file");
        assert_eq!(located.host_path(), real);
        let above = located.root.parent().map(|above| mount_of(above).expect("a directory"));
        assert_ne!(above, Some(mount_of(&real).expect("a file")));
        assert_eq!(locator.locate(Path::new("/proc")).expect("located").root, Path::new("/proc"));
        assert_eq!(locator.locate(Path::new("/proc/version")).expect("located").root, Path::new("/proc"));
    }

    #[test]
    fn a_root_that_is_no_directory_is_refused() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let missing = Locator::new(RootChoice::At(dir.path().join("none")));
        assert!(matches!(missing, Err(PlaceError::Root { .. })));
    }
}
