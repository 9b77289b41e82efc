//! Asking for an attribute of an entry by its name in an open directory. There is no system call for that before Linux
//! 6.13, but a path of one name is resolved in the working directory, and a thread can have a working directory of its own.
//! Where it cannot (a container's filter on system calls), the way goes through `/proc`, for twice the time.
use super::OpenDirectory;
use crate::host::XATTR_BYTES_MAX;
use crate::host::linux::node::proc_path;
use rustix::fd::AsFd;
use rustix::fs::lgetxattr;
use rustix::io::Errno;

/// Most values are shorter. The kernel clears as many bytes as we offer, so a first look offers few.
const FIRST_LOOK_BYTES: usize = 512;

/// How one thread reaches entries.
pub(super) struct Reach {
    /// True when this thread's working directory is its own.
    own_directory: bool,
    /// The number of the directory that it is now.
    here: Option<u64>,
    path: Vec<u8>,
    value: Vec<u8>,
}

impl Reach {
    /// Gives the calling thread a working directory of its own, where it may have one. It keeps that as long as it lives, so
    /// it must be a thread of the walk's.
    pub(super) fn for_this_thread() -> Reach {
        use rustix::thread::UnshareFlags;
        // Deprecated in rustix because of another flag, which leaves threads with different descriptors; this one
        // separates working directories, and nothing else of ours depends on those.
        #[expect(deprecated, reason = "the safe way to unshare the working directory")]
        let own_directory = rustix::thread::unshare(UnshareFlags::FS).is_ok();
        Reach { own_directory, here: None, path: Vec::new(), value: vec![0; FIRST_LOOK_BYTES] }
    }

    /// The attribute `attribute` of the entry `name` of `dir`, which is not followed if it is a link.
    pub(super) fn xattr(
        &mut self,
        dir: &OpenDirectory,
        name: &[u8],
        attribute: &str,
    ) -> Result<Option<&[u8]>, Errno> {
        self.path.clear();
        if !self.enter(dir) {
            self.path.extend_from_slice(&proc_path(dir.fd.as_fd()));
            self.path.push(b'/');
        }
        self.path.extend_from_slice(name);
        let mut found = lgetxattr(&self.path[..], attribute, &mut self.value[..]);
        if found == Err(Errno::RANGE) {
            self.value.resize(XATTR_BYTES_MAX, 0);
            found = lgetxattr(&self.path[..], attribute, &mut self.value[..]);
            if let Ok(len) = found {
                self.value.truncate(len.max(FIRST_LOOK_BYTES));
            }
        }
        match found {
            Ok(len) => Ok(self.value.get(..len)),
            Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// Makes `dir` the working directory; false where this thread has none of its own.
    fn enter(&mut self, dir: &OpenDirectory) -> bool {
        if !self.own_directory {
            return false;
        }
        if self.here != Some(dir.number) {
            self.here = rustix::process::fchdir(&dir.fd).is_ok().then_some(dir.number);
        }
        self.here.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{Mode, OFlags, XattrFlags};

    fn open(path: &std::path::Path, number: u64) -> OpenDirectory {
        let fd = rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap();
        OpenDirectory { fd, number, path: Box::default(), is_root: false }
    }

    #[test]
    fn both_ways_reach_the_same_attributes() {
        let scratch = std::env::temp_dir().join(format!("reach-{}", std::process::id()));
        for dir in ["one", "two"] {
            std::fs::create_dir_all(scratch.join(dir)).unwrap();
            let file = std::fs::File::create(scratch.join(dir).join("file")).unwrap();
            let value = if dir == "one" { vec![1; 10] } else { vec![2; 2000] };
            if rustix::fs::fsetxattr(&file, "user.x", &value, XattrFlags::empty()).is_err() {
                return; // the file system of the temporary directory has no attributes
            }
        }
        std::os::unix::fs::symlink("file", scratch.join("one/link")).unwrap();
        let (one, two) = (open(&scratch.join("one"), 1), open(&scratch.join("two"), 2));
        let walk = |own_directory: bool| {
            let mut reach = Reach::for_this_thread();
            reach.own_directory &= own_directory;
            for _ in 0..2 {
                assert_eq!(reach.xattr(&one, b"file", "user.x"), Ok(Some(&[1; 10][..])));
                assert_eq!(reach.xattr(&two, b"file", "user.x"), Ok(Some(&[2; 2000][..])));
                assert_eq!(reach.xattr(&one, b"file", "user.y"), Ok(None));
                assert_eq!(reach.xattr(&one, b"link", "user.x"), Ok(None), "a link is not followed");
                assert_eq!(reach.xattr(&one, b"none", "user.x"), Err(Errno::NOENT));
            }
        };
        std::thread::scope(|threads| {
            threads.spawn(|| walk(false)).join().unwrap();
            threads.spawn(|| walk(true)).join().unwrap();
        });
        let here = std::env::current_dir().unwrap();
        assert!(!here.starts_with(&scratch), "the working directory of other threads stays");
        std::fs::remove_dir_all(&scratch).unwrap();
    }
}
