//! What objects carry: attributes, data, times; and the values kept beside the tree.
use super::*;

pub fn tests<H: Host>() -> Vec<Test<H>> {
    vec![
        ("an attribute is kept byte for byte", an_attribute_is_kept_byte_for_byte),
        ("an attribute's mode says whether it may exist", an_attributes_mode_says_whether_it_may_exist),
        ("attributes belong to the object", attributes_belong_to_the_object),
        ("special files have no attributes of users", special_files_have_no_attributes_of_users),
        ("an attribute too large leaves the old one", an_attribute_too_large_leaves_the_old_one),
        ("data is read and written where asked", data_is_read_and_written_where_asked),
        ("only files have data", only_files_have_data),
        ("times are set one by one", times_are_set_one_by_one),
        ("a sync succeeds for every kind", a_sync_succeeds_for_every_kind),
        ("a value beside the tree is kept by its content", a_value_beside_the_tree_is_kept_by_its_content),
    ]
}

fn an_attribute_is_kept_byte_for_byte<H: Host>(on: &Ground<'_, H>) {
    let dir = on.make("dir", Make::Directory);
    let every_byte: Vec<u8> = (0..=255).collect();
    for node in [on.make("file", Make::File), dir] {
        assert_eq!(on.host.xattr(&node, "user.a").unwrap(), None);
        for value in [&every_byte[..], &[7; 2000], b"", b"\0"] {
            on.host.set_xattr(&node, "user.a", value, XattrMode::Any).unwrap();
            assert_eq!(on.host.xattr(&node, "user.a").unwrap().as_deref(), Some(value));
        }
        on.host.set_xattr(&node, "user.b", b"b", XattrMode::Any).unwrap();
        let mut names = on.host.xattr_names(&node).unwrap();
        names.retain(|name| name.starts_with("user."));
        names.sort();
        assert_eq!(names, ["user.a", "user.b"]);
        assert!(on.host.remove_xattr(&node, "user.a").unwrap());
        assert!(!on.host.remove_xattr(&node, "user.a").unwrap());
        assert_eq!(on.host.xattr(&node, "user.a").unwrap(), None);
    }
}

fn an_attributes_mode_says_whether_it_may_exist<H: Host>(on: &Ground<'_, H>) {
    let node = on.make("file", Make::File);
    let set = |value: &[u8], mode| on.host.set_xattr(&node, "user.a", value, mode);
    assert_eq!(fault(set(b"1", XattrMode::Replace)), HostFault::NotFound);
    set(b"2", XattrMode::Create).unwrap();
    assert_eq!(fault(set(b"3", XattrMode::Create)), HostFault::Exists);
    assert_eq!(on.host.xattr(&node, "user.a").unwrap().as_deref(), Some(&b"2"[..]));
    set(b"4", XattrMode::Replace).unwrap();
    assert_eq!(on.host.xattr(&node, "user.a").unwrap().as_deref(), Some(&b"4"[..]));
}

fn attributes_belong_to_the_object<H: Host>(on: &Ground<'_, H>) {
    let node = on.make("one", Make::File);
    on.host.link(&node, &on.dir, &utf16("two")).unwrap();
    let (other, _) = on.find("two").unwrap();
    on.host.set_xattr(&other, "user.a", b"1", XattrMode::Any).unwrap();
    assert_eq!(on.host.xattr(&node, "user.a").unwrap().as_deref(), Some(&b"1"[..]));
    on.rename("one", "three", RenameMode::NoReplace).unwrap();
    assert_eq!(on.host.xattr(&on.find("three").unwrap().0, "user.a").unwrap().as_deref(), Some(&b"1"[..]));
}

fn special_files_have_no_attributes_of_users<H: Host>(on: &Ground<'_, H>) {
    let target = on.make("target", Make::File);
    on.host.set_xattr(&target, "user.a", b"of the target", XattrMode::Any).unwrap();
    for (name, make) in [("link", Make::Symlink(b"target")), ("pipe", Make::Fifo), ("socket", Make::Socket)] {
        on.make(name, make);
        let (node, _) = on.find(name).unwrap();
        let value = on.host.xattr(&node, "user.a");
        assert!(
            matches!(value, Ok(None) | Err(HostError { fault: HostFault::NotSupported, .. })),
            "{value:?}"
        );
        let set = on.host.set_xattr(&node, "user.a", b"1", XattrMode::Any);
        assert_eq!(fault(set), HostFault::NotSupported, "{name}");
    }
    assert_eq!(on.host.xattr(&target, "user.a").unwrap().as_deref(), Some(&b"of the target"[..]));
}

fn an_attribute_too_large_leaves_the_old_one<H: Host>(on: &Ground<'_, H>) {
    let node = on.make("file", Make::File);
    on.host.set_xattr(&node, "user.a", b"old", XattrMode::Any).unwrap();
    let set = on.host.set_xattr(&node, "user.a", &vec![1; 65_537], XattrMode::Any);
    assert_eq!(fault(set), HostFault::AttributesFull);
    assert_eq!(on.host.xattr(&node, "user.a").unwrap().as_deref(), Some(&b"old"[..]));
}

fn data_is_read_and_written_where_asked<H: Host>(on: &Ground<'_, H>) {
    let node = on.make("file", Make::File);
    on.host.write(&node, 3, b"data").unwrap();
    assert_eq!(on.data(&node), b"\0\0\0data");
    let mut part = [9; 4];
    assert_eq!(on.host.read(&node, 5, &mut part).unwrap(), 2);
    assert_eq!(part, [b't', b'a', 9, 9]);
    assert_eq!(on.host.read(&node, 7, &mut part).unwrap(), 0);
    on.host.set_len(&node, 4).unwrap();
    assert_eq!(on.data(&on.find("FILE").unwrap().0), b"\0\0\0d");
    on.host.set_len(&node, 6).unwrap();
    assert_eq!(on.host.stat(&node).unwrap().size, 6);
    let found = on.find("file").unwrap().0;
    on.host.write(&found, 0, b"through another").unwrap();
    assert_eq!(on.data(&node), b"through another");
}

fn only_files_have_data<H: Host>(on: &Ground<'_, H>) {
    let dir = on.make("dir", Make::Directory);
    let pipe = on.make("pipe", Make::Fifo);
    let link = on.make("link", Make::Symlink(b"dir"));
    for (node, expected) in
        [(dir, HostFault::IsDirectory), (pipe, HostFault::NotSupported), (link, HostFault::NotSupported)]
    {
        assert_eq!(fault(on.host.read(&node, 0, &mut [0])), expected);
        assert_eq!(fault(on.host.write(&node, 0, &[0])), expected);
        assert_eq!(fault(on.host.set_len(&node, 0)), expected);
    }
}

fn times_are_set_one_by_one<H: Host>(on: &Ground<'_, H>) {
    let accessed = FileTime::from_unix(1_000_000_000, 123_456_700);
    let modified = FileTime::from_unix(1_500_000_000, 765_432_100);
    for (name, make) in [("file", Make::File), ("dir", Make::Directory), ("link", Make::Symlink(b"file"))] {
        let node = on.make(name, make);
        let before = on.host.stat(&node).unwrap();
        on.host.set_times(&node, SetTimes { accessed: Some(accessed), modified: None }).unwrap();
        let stat = on.host.stat(&node).unwrap();
        assert_eq!((stat.accessed, stat.modified), (accessed, before.modified), "{name}");
        on.host.set_times(&node, SetTimes { accessed: None, modified: Some(modified) }).unwrap();
        let stat = on.host.stat(&node).unwrap();
        assert_eq!((stat.accessed, stat.modified), (accessed, modified), "{name}");
        assert!(stat.changed >= before.changed);
        assert_eq!(stat.born, before.born);
    }
}

fn a_sync_succeeds_for_every_kind<H: Host>(on: &Ground<'_, H>) {
    for (name, make) in
        [("file", Make::File), ("dir", Make::Directory), ("link", Make::Symlink(b"x")), ("pipe", Make::Fifo)]
    {
        on.host.sync(&on.make(name, make)).unwrap();
    }
    on.host.sync(&on.dir).unwrap();
    on.host.sync_all().unwrap();
    let space = on.host.space().unwrap();
    assert!(space.block_bytes > 0 && space.blocks >= space.blocks_free);
}

fn a_value_beside_the_tree_is_kept_by_its_content<H: Host>(on: &Ground<'_, H>) {
    let sub = on.make("sub", Make::Directory);
    let file = on.host.create(&sub, &utf16("file"), Make::File).unwrap().0;
    let values = [vec![1; 16_384], vec![2; 65_536], Vec::new()];
    for value in &values {
        let id = on.host.put_blob(&file, value).unwrap();
        assert_eq!(id, BlobId::of(value));
        assert_eq!(on.host.put_blob(&sub, value).unwrap(), id);
        for near in [&file, &sub, &on.host.root()] {
            assert_eq!(on.host.blob(near, id).unwrap().as_ref(), Some(value));
        }
    }
    let mut ids = on.host.blobs().unwrap();
    let mut expected: Vec<BlobId> = values.iter().map(|value| BlobId::of(value)).collect();
    ids.sort();
    expected.sort();
    assert_eq!(ids, expected);
    for id in ids {
        on.host.remove_blob(id).unwrap();
        on.host.remove_blob(id).unwrap();
        assert_eq!(on.host.blob(&file, id).unwrap(), None);
    }
    assert_eq!(on.host.blobs().unwrap(), []);
}
