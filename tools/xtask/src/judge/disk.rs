//! A btrfs in a file, mounted for as long as a judge needs it: it shares blocks and compresses, which the disk of the build
//! most often does not.
use std::path::{Path, PathBuf};
use std::process::Command;

/// Bytes of the disk, nearly all of it a hole.
const BYTES: u64 = 4 << 30;

pub(super) struct Disk {
    at: PathBuf,
}

impl Disk {
    /// A fresh one in `folder`; the reason where this machine lets us mount none.
    pub(super) fn btrfs(folder: &Path) -> Result<Disk, String> {
        let (image, at) = (folder.join("btrfs.img"), folder.join("btrfs"));
        let show = |error: std::io::Error| format!("{}: {error}", image.display());
        std::fs::create_dir_all(&at).map_err(show)?;
        std::fs::File::create(&image).and_then(|file| file.set_len(BYTES)).map_err(show)?;
        run(Command::new("mkfs.btrfs").args(["-q", "-f"]).arg(&image))?;
        run(Command::new("mount").args(["-o", "loop"]).arg(&image).arg(&at))?;
        Ok(Disk { at })
    }

    /// A folder of it.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf, String> {
        let path = self.at.join(name);
        std::fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        std::path::absolute(&path).map_err(|error| format!("{}: {error}", path.display()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A server that still runs keeps it; then it goes with that.
        let _ = run(Command::new("umount").arg("-l").arg(&self.at));
    }
}

/// Unmounts what a judge that was killed left in a folder, so that it can be removed.
pub(super) fn let_go(folder: &Path) {
    if folder.join("btrfs").exists() {
        let _ = run(Command::new("umount").args(["-q", "-l"]).arg(folder.join("btrfs")));
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{program}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}
