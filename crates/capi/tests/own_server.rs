//! The library on shares of our own server: the programs of a directory of this machine, with a share for a drive. And the
//! example of README, on each kind of place.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test that cannot go on fails
mod programs;
#[path = "../../daemon/tests/serving/mod.rs"]
mod serving;

use programs::{Compiler, Program, image};
use serving::{PASSWORD, Running, USER, Wish};
use std::path::Path;
use std::process::Command;

const GCC: Compiler = Compiler { command: "gcc", language: &["-std=c11"] };

/// The program, whose `C:` and `S:` are the share, and `D:` a directory of it.
fn command(program: &Program, running: &Running, folder: &Path) -> Command {
    let url = format!("smb://{USER}@127.0.0.1:{}/share", running.address.port());
    std::fs::create_dir_all(folder.join("second")).unwrap();
    let mut command = Command::new(program.path());
    program.with_libraries(&mut command);
    command
        .env("POINTSMAN_DRIVES", format!("C:={url};S:={url};D:={url}/second"))
        .env("POINTSMAN_PASSWORD", PASSWORD)
        .env("POINTSMAN_SYMLINK_EVALUATION", "R2R:1");
    command
}

#[test]
fn programs_do_on_a_share_what_they_do_on_a_directory() {
    if GCC.is_missing() {
        return;
    }
    for name in ["share", "overlapped", "completion_port", "native", "times"] {
        let folder = tempfile::tempdir().unwrap();
        let running = serving::start(folder.path(), 0, &Wish::default());
        let program = Program::compile(&GCC, name);
        program.assert_ok(&mut command(&program, &running, folder.path()));
    }
}

#[test]
fn the_reference_page_s_call_prints_on_a_share_what_it_prints_on_a_directory() {
    if GCC.is_missing() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let running = serving::start(folder.path(), 0, &Wish::default());
    let program = Program::compile(&GCC, "page");
    let output = command(&program, &running, folder.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), programs::PAGE);
}

#[test]
fn a_share_that_no_drive_is_is_reached_by_its_name() {
    if GCC.is_missing() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let running = serving::start(folder.path(), 0, &Wish::default());
    let program = Program::compile(&GCC, "unc");
    let asked = |user: Option<&str>, password: &str| {
        let mut command = Command::new(program.path());
        program.with_libraries(&mut command);
        command.env("POINTSMAN_PORT", running.address.port().to_string()).env("POINTSMAN_PASSWORD", password);
        command.env_remove("KRB5CCNAME").env_remove("POINTSMAN_USER");
        if let Some(user) = user {
            command.env("POINTSMAN_USER", user);
        }
        command
    };
    program.assert_ok(&mut asked(Some(USER), PASSWORD));
    // ERROR_BAD_NETPATH where nobody is named, ERROR_LOGON_FAILURE for a wrong password.
    for (user, password, number) in [(None, PASSWORD, "error 53"), (Some(USER), "wrong", "error 1326")] {
        let output = asked(user, password).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success() && told.contains(number), "{told}");
    }
}

/// What the example needs.
fn furnish(folder: &Path) {
    for name in ["at", "full", "full/inside"] {
        std::fs::create_dir(folder.join(name)).unwrap();
    }
    std::fs::write(folder.join("file"), b"").unwrap();
}

#[test]
fn the_readme_s_example_prints_the_same_in_an_ntfs_image() {
    let folder = tempfile::tempdir().unwrap();
    if GCC.is_missing() {
        return;
    }
    let Some(image) = image(folder.path()) else { return };
    let open = || ntfs::Image::open(&image, &ntfs::OpenOptions::default()).unwrap();
    for (path, is_directory) in [("at", true), ("full", true), ("full/inside", true), ("file", false)] {
        let new = ntfs::NewFile { is_directory, ..ntfs::NewFile::default() };
        open().create_path(path, &new, nt::FileTime::default()).unwrap();
    }
    let program = Program::compile(&GCC, programs::EXAMPLE);
    let mut command = Command::new(program.path());
    let drives = format!("X:={}!/", image.display());
    let output = program.with_libraries(&mut command).env("POINTSMAN_DRIVES", drives).arg("X:").output();
    let output = output.unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), programs::PAGE, "{output:?}");
    assert!(output.status.success());
    let volume = open();
    let point = volume.get(volume.find("at").unwrap()).unwrap();
    assert_eq!(point.tag(), reparse::Tag::MOUNT_POINT);
}

/// What changes nothing but points, and makes nothing but empty files and directories. A relative name below an open
/// directory was looked for in the root once, and `native` then waited for a request that had not begun.
#[test]
fn programs_do_in_an_ntfs_image_what_they_do_on_a_directory() {
    if GCC.is_missing() {
        return;
    }
    for name in ["native", "privileges", "times", "events"] {
        let folder = tempfile::tempdir().unwrap();
        let Some(image) = image(folder.path()) else { return };
        let program = Program::compile(&GCC, name);
        let mut command = Command::new(program.path());
        program.with_libraries(&mut command).env("POINTSMAN_DRIVES", format!("C:={}", image.display()));
        program.assert_ok(&mut command);
    }
}

#[test]
fn a_directory_of_an_image_is_a_drive_beside_the_whole() {
    if GCC.is_missing() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(image) = image(folder.path()) else { return };
    let program = Program::compile(&GCC, "image_drives");
    let mut command = Command::new(program.path());
    let drives = format!("C:={0};D:={0}!/sub", image.display());
    program.with_libraries(&mut command).env("POINTSMAN_DRIVES", drives);
    program.assert_ok(&mut command);
}

/// `page` makes the file and the directories that it sets points on.
#[test]
fn the_reference_page_s_call_prints_in_an_ntfs_image_what_it_prints_on_a_directory() {
    if GCC.is_missing() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(image) = image(folder.path()) else { return };
    let program = Program::compile(&GCC, "page");
    let mut command = Command::new(program.path());
    let drives = format!("C:={}", image.display());
    let output = program.with_libraries(&mut command).env("POINTSMAN_DRIVES", drives).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), programs::PAGE);
}

#[test]
fn the_readme_s_example_prints_the_same_on_a_directory_and_on_a_share() {
    if GCC.is_missing() {
        return;
    }
    let program = Program::compile(&GCC, programs::EXAMPLE);
    let (directory, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let running = serving::start(shared.path(), 0, &Wish::default());
    let share = format!("smb://{USER}@127.0.0.1:{}/share", running.address.port());
    for (folder, place) in
        [(directory.path(), directory.path().display().to_string()), (shared.path(), share)]
    {
        furnish(folder);
        let mut command = Command::new(program.path());
        program.with_libraries(&mut command);
        let output = command
            .env("POINTSMAN_DRIVES", format!("X:={place}"))
            .env("POINTSMAN_PASSWORD", PASSWORD)
            .arg("X:")
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), programs::PAGE, "{place}");
        assert!(output.status.success());
    }
}
