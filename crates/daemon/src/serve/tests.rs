use super::build::Built;
use super::*;
use crate::config::ShareSettings;
use smb::server::ShareId;
use std::sync::Arc;

fn credentials() -> Credentials {
    Credentials { user: "ada".into(), password: "pw".into() }
}

#[test]
fn a_password_is_made_by_chance_of_letters_that_no_shell_minds() {
    let made: Vec<String> = (0..50).map(|_| Credentials::new("ada").unwrap().password).collect();
    assert!(made.iter().all(|password| password.len() == 20));
    assert!(made.iter().flat_map(|password| password.chars()).all(|c| c.is_ascii_alphanumeric()));
    let distinct: std::collections::HashSet<_> = made.iter().collect();
    assert_eq!(distinct.len(), 50);
    assert!(!format!("{:?}", Credentials::new("ada").unwrap()).contains("password"));
}

#[test]
fn one_line_for_each_client_names_host_port_share_user_and_password() {
    let line = |address: &str| -> Vec<String> {
        let lines = hints("box", address.parse().unwrap(), "data", &credentials());
        lines.into_iter().map(|hint| hint.line).collect()
    };
    let anywhere = line("[::]:4450");
    assert_eq!(
        anywhere,
        [
            "sudo mount -t cifs //box/data /mnt -o port=4450,username=ada,password=pw,vers=3.1.1,seal",
            "mkdir -p ~/data && mount_smbfs //ada:pw@box:4450/data ~/data",
            "net use * \\\\box\\data pw /user:ada /TCPPORT:4450",
            "smbclient //box/data -p 4450 -U ada%pw --client-protection=encrypt",
        ]
    );
    assert!(line("192.0.2.1:445")[2].ends_with("\\\\192.0.2.1\\data pw /user:ada"));
    assert!(line("[fd00::1]:4450")[1].contains("@[fd00::1]:4450/"));
    assert!(line("[fd00::1]:4450")[2].contains("\\\\fd00--1.ipv6-literal.net\\"));
}

#[test]
fn a_directory_gives_its_name_to_the_share() {
    let directory = tempfile::tempdir().unwrap();
    let named = |name: &str| {
        let path = directory.path().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Plan::from_directory(&path, &DirectoryOptions::default()).unwrap().0.config.shares[0].name.clone()
    };
    assert_eq!(
        (named("data"), named("a b*c"), named("IPC$")),
        ("data".into(), "a_b_c".into(), "share".into())
    );
    let refused = |path: &str| {
        let path = directory.path().join(path);
        Plan::from_directory(&path, &DirectoryOptions::default()).err().unwrap().to_string()
    };
    std::fs::write(directory.path().join("file"), "").unwrap();
    assert!(refused("file").ends_with("it is no directory"));
    assert!(refused("none").contains("No such file"));
}

fn plan(shares: &[ShareSettings]) -> Plan {
    let config = Config { shares: shares.to_vec(), ..Config::default() };
    Plan { source: Source::Directory, config, accounts: Accounts::default(), server_guid: None }
}

/// What clients hold names a share by its place: a reload must not give a place to another share.
#[test]
fn a_reload_leaves_every_share_at_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let share = |name: &str| ShareSettings::new(name, directory.path().to_owned());
    let first = Built::new(&plan(&[share("a"), share("b")]), "box", None).unwrap();
    let commented = ShareSettings { comment: "changed".into(), ..share("b") };
    let second = Built::new(&plan(&[commented, share("c")]), "box", Some(&first)).unwrap();
    let places = |built: &Built| -> Vec<(String, bool)> {
        let shares = built.served.config.shares.iter();
        shares.map(|share| (share.name.clone(), share.is_retired)).collect()
    };
    let place = |name: &str, is_retired| (name.to_owned(), is_retired);
    let ipc = place("IPC$", false);
    assert_eq!(places(&first), [ipc.clone(), place("a", false), place("b", false)]);
    assert_eq!(places(&second), [ipc.clone(), place("a", true), place("b", false), place("c", false)]);
    assert_eq!(second.served.config.shares[2].remark, "changed");
    let same = |at: usize| {
        Arc::ptr_eq(first.served.volumes[at].as_ref().unwrap(), second.served.volumes[at].as_ref().unwrap())
    };
    assert!(same(1) && same(2), "the volumes behind the opens are the same");
    // What a volume cannot change under its opens is another volume, at another place.
    let read_only = ShareSettings { read_only: true, ..share("b") };
    let third = Built::new(&plan(&[read_only, share("a")]), "box", Some(&second)).unwrap();
    let wanted = [ipc, place("a", false), place("b", true), place("c", true), place("b", false)];
    assert_eq!(places(&third), wanted);
    assert_eq!(ShareId(4).0, third.served.volumes.len() - 1);
    assert_eq!(first.served.config.connection.server_guid, third.served.config.connection.server_guid);
}

#[test]
fn a_directory_that_has_gone_is_named_and_nothing_is_built() {
    let directory = tempfile::tempdir().unwrap();
    let gone = ShareSettings::new("gone", directory.path().join("gone"));
    let error = Built::new(&plan(&[gone]), "box", None).err().unwrap().to_string();
    assert!(error.contains("/gone"), "{error}");
}
