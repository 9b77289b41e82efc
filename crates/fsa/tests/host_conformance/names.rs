//! Names: found, made, refused, listed, removed.
use super::*;

pub fn tests<H: Host>() -> Vec<Test<H>> {
    vec![
        ("a name is found in any case", a_name_is_found_in_any_case),
        ("a name in another case is taken", a_name_in_another_case_is_taken),
        ("every kind is made and opened as what it is", every_kind_is_made_and_opened_as_what_it_is),
        ("an entry opens by its exact name only", an_entry_opens_by_its_exact_name_only),
        ("names that no directory can hold are refused", names_that_no_directory_can_hold_are_refused),
        ("ill-formed names are kept exactly", ill_formed_names_are_kept_exactly),
        ("a listing has each name once", a_listing_has_each_name_once),
        ("removal takes what is empty", removal_takes_what_is_empty),
        ("an object without a name lives while it is open", an_object_without_a_name_lives_while_it_is_open),
        ("names lie in directories only", names_lie_in_directories_only),
        ("a removed name is free in every case", a_removed_name_is_free_in_every_case),
    ]
}

fn a_name_is_found_in_any_case<H: Host>(on: &Ground<'_, H>) {
    let made = on.file("Straße Ω.TXT", b"x");
    for asked in ["Straße Ω.TXT", "straße ω.txt", "STRAßE Ω.txt"] {
        let (found, spelled) = on.find(asked).unwrap();
        assert!(on.same(&found, &made), "{asked}");
        assert_eq!(spelled, "Straße Ω.TXT");
    }
    for other in ["strasse Ω.txt", "Straße Ω.TX", "Straße Ω.TXT ", ""] {
        assert_eq!(on.spelled(other), None, "{other}");
    }
}

fn a_name_in_another_case_is_taken<H: Host>(on: &Ground<'_, H>) {
    on.make("Name", Make::File);
    for make in [Make::File, Make::Directory, Make::Symlink(b"x"), Make::Fifo, Make::Socket] {
        for name in ["Name", "name", "NAME"] {
            assert_eq!(fault(on.host.create(&on.dir, &utf16(name), make)), HostFault::Exists);
        }
    }
    assert_eq!(on.names(), ["Name"]);
}

fn every_kind_is_made_and_opened_as_what_it_is<H: Host>(on: &Ground<'_, H>) {
    let kinds = [
        (Make::File, NodeKind::File),
        (Make::Directory, NodeKind::Directory),
        (Make::Symlink(b"../a target"), NodeKind::Symlink),
        (Make::Fifo, NodeKind::Fifo),
        (Make::Socket, NodeKind::Socket),
        (Make::CharDevice(1, 3), NodeKind::CharDevice { major: 1, minor: 3 }),
        (Make::BlockDevice(7, 300), NodeKind::BlockDevice { major: 7, minor: 300 }),
    ];
    for (index, (make, kind)) in kinds.into_iter().enumerate() {
        let name = format!("object {index}");
        let made = match on.host.create(&on.dir, &utf16(&name), make) {
            Err(HostError { fault: HostFault::Denied, .. })
                if matches!(make, Make::CharDevice(..) | Make::BlockDevice(..)) =>
            {
                continue; // only the superuser makes devices
            }
            other => other.unwrap().0,
        };
        let (found, _) = on.find(&name).unwrap();
        assert_eq!((on.kind(&made), on.kind(&found)), (kind, kind));
        assert!(on.same(&made, &found));
        match make {
            Make::Symlink(target) => assert_eq!(on.host.read_link(&found).unwrap(), target),
            _ => assert_eq!(fault(on.host.read_link(&found)), HostFault::NotSupported),
        }
    }
}

fn an_entry_opens_by_its_exact_name_only<H: Host>(on: &Ground<'_, H>) {
    let made = on.make("Entry", Make::File);
    assert!(on.same(&on.host.open_entry(&on.dir, &host_name("Entry")).unwrap(), &made));
    assert_eq!(fault(on.host.open_entry(&on.dir, &host_name("entry"))), HostFault::NotFound);
    assert_eq!(fault(on.host.open_entry(&on.dir, &host_name("none"))), HostFault::NotFound);
}

fn names_that_no_directory_can_hold_are_refused<H: Host>(on: &Ground<'_, H>) {
    let outside = on.host.stat(&on.host.root()).unwrap().id;
    let long = "x".repeat(800);
    for name in ["", ".", "..", "a/b", "/", "nul\0", "../x", &long] {
        assert_eq!(
            fault(on.host.create(&on.dir, &utf16(name), Make::File)),
            HostFault::NameInvalid,
            "{name:?}"
        );
        assert_eq!(on.spelled(name), None, "{name:?}");
        let renamed = on.host.rename(&on.dir, &host_name("x"), &on.dir, &utf16(name), RenameMode::Replace);
        assert!(renamed.is_err(), "{name:?}");
        if let Ok(node) = on.host.open_entry(&on.dir, &host_name(name)) {
            assert_ne!(on.host.stat(&node).unwrap().id, outside, "{name:?} reaches above");
            panic!("{name:?} opens");
        }
    }
    assert_eq!(on.names(), [""; 0]);
}

fn ill_formed_names_are_kept_exactly<H: Host>(on: &Ground<'_, H>) {
    let names = [
        vec![0xD800],             // a high surrogate alone
        vec![0xDFFF, 0x61],       // a low one alone
        vec![0xD83D, 0xDE00],     // a pair: one character
        vec![0xDCE9, 0x61],       // what stands for a byte that is no UTF-8
        vec![0x61, 0xD800, 0x62], // in the middle
    ];
    for name in &names {
        on.host.create(&on.dir, name, Make::File).unwrap();
        let (_, found) = on.host.lookup(&on.dir, name).unwrap().unwrap();
        assert_eq!(&decode(&found.0), name);
    }
    let mut listed: Vec<Vec<u16>> =
        on.host.entries(&on.dir).unwrap().iter().map(|entry| decode(&entry.name.0)).collect();
    let mut expected = names.to_vec();
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
}

fn a_listing_has_each_name_once<H: Host>(on: &Ground<'_, H>) {
    assert!(on.host.is_empty(&on.dir).unwrap());
    assert_eq!(on.names(), [""; 0]);
    let mut expected: Vec<String> = (0..700).map(|number| format!("entry {number:05}")).collect();
    for name in &expected {
        on.make(name, Make::File);
    }
    on.make("sub", Make::Directory);
    expected.push("sub".to_owned());
    assert_eq!(on.names(), expected);
    assert!(!on.host.is_empty(&on.dir).unwrap());
    for entry in on.host.entries(&on.dir).unwrap() {
        let node = on.host.open_entry(&on.dir, &entry.name).unwrap();
        assert_eq!(on.host.stat(&node).unwrap().id.inode, entry.inode);
    }
}

fn removal_takes_what_is_empty<H: Host>(on: &Ground<'_, H>) {
    let sub = on.make("sub", Make::Directory);
    on.host.create(&sub, &utf16("inside"), Make::Symlink(b"..")).unwrap();
    assert_eq!(fault(on.remove("sub")), HostFault::NotEmpty);
    on.host.remove(&sub, &host_name("inside")).unwrap();
    assert!(on.host.is_empty(&sub).unwrap());
    on.remove("sub").unwrap();
    assert_eq!(fault(on.remove("sub")), HostFault::NotFound);
    on.make("file", Make::File);
    assert_eq!(fault(on.remove("FILE")), HostFault::NotFound, "names to remove are exact");
    on.remove("file").unwrap();
    assert_eq!(on.names(), [""; 0]);
}

fn an_object_without_a_name_lives_while_it_is_open<H: Host>(on: &Ground<'_, H>) {
    let node = on.file("file", b"still here");
    let id = on.host.stat(&node).unwrap().id;
    on.remove("file").unwrap();
    let after = on.host.stat(&node).unwrap();
    assert_eq!((after.id, after.links), (id, 0));
    assert_eq!(on.data(&node), b"still here");
    on.host.set_xattr(&node, "user.x", b"1", XattrMode::Any).unwrap();
    assert_eq!(on.host.xattr(&node, "user.x").unwrap().as_deref(), Some(&b"1"[..]));
    let link = on.make("link", Make::Symlink(b"gone"));
    on.remove("link").unwrap();
    assert_eq!(on.host.read_link(&link).unwrap(), b"gone");
}

fn names_lie_in_directories_only<H: Host>(on: &Ground<'_, H>) {
    for (name, make) in [("file", Make::File), ("link", Make::Symlink(b".")), ("pipe", Make::Fifo)] {
        let node = on.make(name, make);
        assert_eq!(fault(on.host.lookup(&node, &utf16("x"))), HostFault::NotDirectory, "{name}");
        assert_eq!(fault(on.host.create(&node, &utf16("x"), Make::File)), HostFault::NotDirectory, "{name}");
        assert_eq!(fault(on.host.entries(&node)), HostFault::NotDirectory, "{name}");
    }
}

fn a_removed_name_is_free_in_every_case<H: Host>(on: &Ground<'_, H>) {
    for (name, next) in [("Name", "nAME"), ("nAME", "NAME"), ("NAME", "Name")] {
        on.make(name, Make::File);
        on.remove(name).unwrap();
        assert_eq!(on.spelled(next), None);
    }
    on.make("name", Make::Directory);
    assert_eq!(on.spelled("NAME").as_deref(), Some("name"));
}
