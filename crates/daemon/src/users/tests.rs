use super::*;
use crate::auth::Exchange;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

fn file() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("below").join("users.toml");
    (directory, path)
}

fn add(path: &Path, name: &str) -> Result<(), UsersError> {
    Users::change(path, |users| users.add(name, "secret", name == "root"))
}

#[test]
fn users_are_added_listed_and_taken_away_and_no_id_is_used_twice() {
    let (_directory, path) = file();
    add(&path, "alice").unwrap();
    add(&path, "root").unwrap();
    Users::change(&path, |users| users.remove("ALICE")).unwrap();
    add(&path, "alice").unwrap();
    let list = Users::load(&path).unwrap().list();
    let names: Vec<_> = list.iter().map(|user| (user.name.as_str(), user.is_administrator)).collect();
    assert_eq!(names, [("root", true), ("alice", false)]);
    let rids: Vec<_> = list.iter().map(|user| *user.sid.sub_authorities().last().unwrap()).collect();
    assert_eq!(rids, [1001, 1002]);
}

/// The hash of "Password" is the one in [MS-NLMP] 4.2.2.1.2.
#[test]
fn the_file_holds_hashes_and_no_passwords_and_only_its_owner_reads_it() {
    let (_directory, path) = file();
    Users::change(&path, |users| users.add("alice", "Password", false)).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("a4f49c406510bdcab6824ee7c30fd852") && !text.contains("Password"));
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    let beside: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(beside.len(), 2, "the file and its lock, and nothing that was in between");
}

#[test]
fn a_file_that_others_may_read_is_refused_with_what_to_do() {
    let (_directory, path) = file();
    add(&path, "alice").unwrap();
    for mode in [0o640, 0o604, 0o620, 0o644] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = Users::load(&path).unwrap_err().to_string();
        assert!(error.contains("chmod 600") && error.contains(&format!("{mode:04o}")), "{error}");
        assert!(add(&path, "bob").is_err(), "nor is it changed");
    }
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let (_directory, path) = file();
    add(&path, "alice").unwrap();
    let before = fs::read(&path).unwrap();
    let change = |result: Result<(), UsersError>| match result {
        Err(UsersError::Change(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(change(add(&path, "Alice")), ChangeError::Exists);
    for name in ["", " x", "a\\b", "a@b", "a:b", "a\n", &"x".repeat(105)] {
        assert_eq!(change(add(&path, name)), ChangeError::Name, "{name:?}");
    }
    assert_eq!(change(Users::change(&path, |users| users.remove("bob"))), ChangeError::NoSuchUser);
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn an_error_in_the_file_gives_its_line_and_never_shows_it() {
    let (_directory, path) = file();
    add(&path, "alice").unwrap();
    let text = fs::read_to_string(&path).unwrap().replace("nt_hash =", "nthash =");
    fs::write(&path, &text).unwrap();
    let error = Users::load(&path).unwrap_err().to_string();
    let line = text.lines().position(|line| line.starts_with("nthash")).unwrap() + 1;
    assert!(error.contains(&format!("users.toml:{line}:1: unknown field")), "{error}");
    let hash = hex(&password_hash("secret"));
    assert!(text.contains(&hash) && !error.contains(&hash));
    fs::write(&path, text.replace("nthash =", "nt_hash =").replace(&hash, "zz")).unwrap();
    assert!(matches!(Users::load(&path), Err(UsersError::Hash { name, .. }) if name == "alice"));
}

#[test]
fn who_changes_the_file_at_once_waits_and_nothing_is_lost() {
    let (_directory, path) = file();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let path = &path;
            scope.spawn(move || {
                for count in 0..8 {
                    add(path, &format!("user-{thread}-{count}")).unwrap();
                }
            });
        }
    });
    let users = Users::load(&path).unwrap();
    assert_eq!((users.list().len(), users.next_rid), (32, 1032));
}

/// The file's hash is what a client proves: the whole way from `user add` to a logon.
#[test]
fn a_user_of_the_file_can_log_on_until_the_password_changes() {
    use crate::auth::local::LocalAuthenticator;
    use crate::auth::ntlm::{TargetNames, client::TestClient};
    use crate::auth::throttle::Limits;
    use crate::auth::{Authenticator, Step};
    let (_directory, path) = file();
    add(&path, "alice").unwrap();
    let names = TargetNames::new("server");
    let authenticator =
        LocalAuthenticator::new(names, Users::load(&path).unwrap().accounts(), Limits::default()).unwrap();
    let logon = |password| {
        let mut exchange: Box<dyn Exchange> = authenticator.begin([127, 0, 0, 1].into());
        let Step::Continue { token } = exchange.step(&TestClient::negotiate()) else { panic!() };
        let client = TestClient::new("alice", password);
        matches!(exchange.step(&client.authenticate(&TestClient::negotiate(), &token).0), Step::Done { .. })
    };
    assert_eq!((logon("secret"), logon("other")), (true, false));
    Users::change(&path, |users| users.set_password("alice", "other")).unwrap();
    authenticator.set_accounts(Users::load(&path).unwrap().accounts());
    assert_eq!((logon("secret"), logon("other")), (false, true));
}
