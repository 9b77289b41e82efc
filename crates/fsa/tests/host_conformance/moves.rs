//! Names that move, are added, or are given.
use super::*;

pub fn tests<H: Host>() -> Vec<Test<H>> {
    vec![
        ("a rename may change case only", a_rename_may_change_case_only),
        ("a rename to the same name changes nothing", a_rename_to_the_same_name_changes_nothing),
        ("a rename stops at a name in another case", a_rename_stops_at_a_name_in_another_case),
        ("a rename can replace in one step", a_rename_can_replace_in_one_step),
        ("a rename over the same object leaves one name", a_rename_over_the_same_object_leaves_one_name),
        ("a rename between directories moves what is beneath", a_rename_between_directories),
        ("a rename of nothing is not found", a_rename_of_nothing_is_not_found),
        ("a link is one more name for the same object", a_link_is_one_more_name_for_the_same_object),
        ("a placed object appears in one step", a_placed_object_appears_in_one_step),
        ("every kind can be placed over a file", every_kind_can_be_placed_over_a_file),
        ("a named object can be placed again", a_named_object_can_be_placed_again),
    ]
}

fn a_rename_may_change_case_only<H: Host>(on: &Ground<'_, H>) {
    let node = on.file("name", b"data");
    for mode in [RenameMode::NoReplace, RenameMode::Replace] {
        assert_eq!(on.rename("name", "NAME", mode).unwrap(), host_name("NAME"));
        assert_eq!(on.names(), ["NAME"]);
        assert!(on.same(&node, &on.find("name").unwrap().0));
        on.rename("NAME", "name", mode).unwrap();
        assert_eq!(on.names(), ["name"]);
    }
    on.make("Dir", Make::Directory);
    on.rename("Dir", "dIR", RenameMode::NoReplace).unwrap();
    assert_eq!(on.spelled("DIR").as_deref(), Some("dIR"));
}

fn a_rename_to_the_same_name_changes_nothing<H: Host>(on: &Ground<'_, H>) {
    let node = on.file("name", b"data");
    on.rename("name", "name", RenameMode::NoReplace).unwrap();
    on.rename("name", "name", RenameMode::Replace).unwrap();
    assert_eq!(on.names(), ["name"]);
    assert_eq!(on.data(&node), b"data");
}

fn a_rename_stops_at_a_name_in_another_case<H: Host>(on: &Ground<'_, H>) {
    on.file("source", b"1");
    let there = on.file("Target", b"2");
    for target in ["Target", "target", "TARGET"] {
        assert_eq!(fault(on.rename("source", target, RenameMode::NoReplace)), HostFault::Exists);
    }
    assert_eq!(on.names(), ["Target", "source"]);
    assert_eq!(on.data(&there), b"2");
}

fn a_rename_can_replace_in_one_step<H: Host>(on: &Ground<'_, H>) {
    for target in ["Target", "tARGET"] {
        let source = on.file("source", b"new");
        let old = on.file("Target", b"old");
        assert_eq!(on.rename("source", target, RenameMode::Replace).unwrap(), host_name(target));
        assert_eq!(on.names(), [target]);
        let (found, _) = on.find("TARGET").unwrap();
        assert!(on.same(&found, &source));
        assert_eq!(on.data(&old), b"old");
        assert_eq!(on.host.stat(&old).unwrap().links, 0);
        on.remove(target).unwrap();
    }
}

fn a_rename_over_the_same_object_leaves_one_name<H: Host>(on: &Ground<'_, H>) {
    let node = on.file("one", b"data");
    on.host.link(&node, &on.dir, &utf16("Two")).unwrap();
    on.rename("one", "two", RenameMode::Replace).unwrap();
    assert_eq!(on.names(), ["two"]);
    assert_eq!(on.host.stat(&node).unwrap().links, 1);
}

fn a_rename_between_directories<H: Host>(on: &Ground<'_, H>) {
    let from = on.make("from", Make::Directory);
    let to = on.make("to", Make::Directory);
    let moved = on.host.create(&from, &utf16("sub"), Make::Directory).unwrap().0;
    on.host.create(&moved, &utf16("leaf"), Make::File).unwrap();
    on.host.create(&to, &utf16("SUB"), Make::File).unwrap();
    let sub = host_name("sub");
    let taken = on.host.rename(&from, &sub, &to, &utf16("sub"), RenameMode::NoReplace);
    assert_eq!(fault(taken), HostFault::Exists);
    on.host.rename(&from, &sub, &to, &utf16("sub2"), RenameMode::NoReplace).unwrap();
    assert!(on.host.is_empty(&from).unwrap());
    let (found, _) = on.host.lookup(&to, &utf16("SUB2")).unwrap().unwrap();
    assert!(on.same(&found, &moved));
    assert!(on.host.lookup(&moved, &utf16("LEAF")).unwrap().is_some());
}

fn a_rename_of_nothing_is_not_found<H: Host>(on: &Ground<'_, H>) {
    for mode in [RenameMode::NoReplace, RenameMode::Replace] {
        assert_eq!(fault(on.rename("none", "other", mode)), HostFault::NotFound);
        assert_eq!(fault(on.rename("none", "none", mode)), HostFault::NotFound);
    }
}

fn a_link_is_one_more_name_for_the_same_object<H: Host>(on: &Ground<'_, H>) {
    for (name, make) in [("file", Make::File), ("link", Make::Symlink(b"/etc")), ("pipe", Make::Fifo)] {
        let node = on.make(name, make);
        let other = format!("{name} again");
        assert_eq!(on.host.link(&node, &on.dir, &utf16(&other)).unwrap(), host_name(&other));
        let (found, _) = on.find(&other).unwrap();
        assert!(on.same(&found, &node), "{name}");
        assert_eq!(on.host.stat(&node).unwrap().links, 2);
        assert_eq!(on.kind(&found), on.kind(&node));
        for taken in [name.to_uppercase(), other.to_uppercase()] {
            assert_eq!(fault(on.host.link(&node, &on.dir, &utf16(&taken))), HostFault::Exists);
        }
        on.remove(name).unwrap();
        assert_eq!(on.host.stat(&node).unwrap().links, 1);
    }
    let dir = on.make("dir", Make::Directory);
    assert_eq!(fault(on.host.link(&dir, &on.dir, &utf16("dir again"))), HostFault::IsDirectory);
}

fn a_placed_object_appears_in_one_step<H: Host>(on: &Ground<'_, H>) {
    let node = on.host.create_unnamed(Make::File).unwrap();
    on.host.write(&node, 0, b"ready").unwrap();
    on.host.set_xattr(&node, "user.x", b"1", XattrMode::Any).unwrap();
    assert_eq!(on.names(), [""; 0]);
    on.host.place(&node, &on.dir, &host_name("placed")).unwrap();
    let (found, _) = on.find("placed").unwrap();
    assert!(on.same(&found, &node));
    assert_eq!(on.data(&found), b"ready");
    assert_eq!(on.host.stat(&found).unwrap().links, 1);
}

fn every_kind_can_be_placed_over_a_file<H: Host>(on: &Ground<'_, H>) {
    for make in [Make::File, Make::Symlink(b"x"), Make::Fifo, Make::Socket] {
        let old = on.file("place", b"old");
        let node = on.host.create_unnamed(make).unwrap();
        on.host.place(&node, &on.dir, &host_name("place")).unwrap();
        let (found, _) = on.find("place").unwrap();
        assert!(on.same(&found, &node), "{make:?}");
        assert_eq!(on.data(&old), b"old", "an open object survives what takes its place");
        assert_eq!(on.names(), ["place"]);
        on.remove("place").unwrap();
    }
}

fn a_named_object_can_be_placed_again<H: Host>(on: &Ground<'_, H>) {
    let node = on.file("first", b"one object");
    let old = on.file("second", b"old");
    on.host.place(&node, &on.dir, &host_name("second")).unwrap();
    assert_eq!(on.names(), ["first", "second"]);
    assert!(on.same(&on.find("second").unwrap().0, &node));
    assert_eq!(on.host.stat(&node).unwrap().links, 2);
    assert_eq!(on.host.stat(&old).unwrap().links, 0);
}
