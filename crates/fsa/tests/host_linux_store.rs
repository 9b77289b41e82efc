//! The store's own folder on Linux: hidden, found from anywhere below, never trusted without a look.
#![cfg(target_os = "linux")]
// A test says what it expects by panicking, and why it did not run by printing.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]
mod host_disk;
use fsa::host::linux::{LinuxHost, LinuxOptions, STORE_FOLDER};
use fsa::host::{BlobId, Host, HostFault, HostName, Make, RenameMode};
use host_disk::Scratch;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::PathBuf;

/// A value that no other test keeps: stores above the test's own are looked into as well.
fn value(scratch: &Scratch) -> Vec<u8> {
    let mut value = scratch.path().to_string_lossy().into_owned().into_bytes();
    value.resize(16_384, 5);
    value
}

fn utf16(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// Where the value of `scratch` lies in the store of `store`.
fn kept_at(scratch: &Scratch, store: &Scratch) -> PathBuf {
    let id = BlobId::of(&value(scratch)).to_string();
    let shelf = id.get(..2).unwrap();
    store.join(STORE_FOLDER).join("overflow").join(shelf).join(&id)
}

#[test]
fn the_folder_is_hidden_at_the_top() {
    let scratch = Scratch::new();
    let host = scratch.host();
    let root = host.root();
    host.put_blob(&root, &value(&scratch)).unwrap();
    assert!(scratch.join(STORE_FOLDER).is_dir());
    for name in [".pointsman", ".POINTSMAN", ".Pointsman"] {
        assert!(host.lookup(&root, &utf16(name)).unwrap().is_none());
        let exact = HostName(name.as_bytes().to_vec());
        assert_eq!(host.open_entry(&root, &exact).unwrap_err().fault, HostFault::NotFound);
        assert_eq!(host.remove(&root, &exact).unwrap_err().fault, HostFault::NotFound);
        for make in [Make::File, Make::Directory, Make::Symlink(b"x")] {
            assert_eq!(host.create(&root, &utf16(name), make).unwrap_err().fault, HostFault::Denied);
        }
        let renamed = host.rename(&root, &exact, &root, &utf16("other"), RenameMode::Replace);
        assert_eq!(renamed.unwrap_err().fault, HostFault::NotFound);
    }
    assert!(host.is_empty(&root).unwrap());
    assert_eq!(host.entries(&root).unwrap(), []);
    let (file, name) = host.create(&root, &utf16("file"), Make::File).unwrap();
    let taken = utf16(".PointsMan");
    assert_eq!(host.link(&file, &root, &taken).unwrap_err().fault, HostFault::Denied);
    let renamed = host.rename(&root, &name, &root, &taken, RenameMode::Replace);
    assert_eq!(renamed.unwrap_err().fault, HostFault::Denied);
    let unnamed = host.create_unnamed(Make::Directory).unwrap();
    let placed = host.place(&unnamed, &root, &HostName(STORE_FOLDER.into()));
    assert_eq!(placed.unwrap_err().fault, HostFault::Denied);
    assert!(scratch.join(STORE_FOLDER).join("overflow").is_dir());
}

#[test]
fn the_folder_is_made_on_first_need_only() {
    let scratch = Scratch::new();
    let host = scratch.host();
    let root = host.root();
    let (file, _) = host.create(&root, &utf16("file"), Make::File).unwrap();
    let unnamed = host.create_unnamed(Make::File).unwrap();
    host.place(&unnamed, &root, &HostName(b"placed".to_vec())).unwrap();
    assert_eq!(host.blob(&file, BlobId::of(&value(&scratch))).unwrap(), None);
    assert_eq!(host.blobs().unwrap(), []);
    host.remove_blob(BlobId::of(&value(&scratch))).unwrap();
    assert!(!scratch.join(STORE_FOLDER).exists());
}

#[test]
fn who_knows_its_name_may_read_a_value_and_nobody_may_list_them() {
    let scratch = Scratch::new();
    scratch.host().put_blob(&scratch.host().root(), &value(&scratch)).unwrap();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().mode() & 0o7777;
    let value = kept_at(&scratch, &scratch);
    assert_eq!(mode(value.clone()), 0o444);
    for folder in value.ancestors().skip(1).take(3) {
        assert_eq!(mode(folder.to_owned()), 0o711, "{folder:?}");
    }
    let host = scratch.host();
    drop(host.create_unnamed(Make::Fifo).unwrap());
    assert_eq!(mode(scratch.join(STORE_FOLDER).join("staging")), 0o700);
}

#[test]
fn a_value_is_found_from_wherever_the_volume_is_opened() {
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.join("a/b/c")).unwrap();
    fs::write(scratch.join("a/b/c/file"), "").unwrap();
    let id = scratch.host().put_blob(&scratch.host().root(), &value(&scratch)).unwrap();
    for root in ["", "a", "a/b", "a/b/c"] {
        let options = LinuxOptions { read_only: true, ..LinuxOptions::default() };
        let host = LinuxHost::open(&scratch.join(root), options).unwrap();
        assert_eq!(host.blob(&host.root(), id).unwrap().as_deref(), Some(&value(&scratch)[..]), "{root}");
    }
}

#[test]
fn a_value_kept_below_is_found_by_what_lies_there() {
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.join("a/b")).unwrap();
    fs::write(scratch.join("a/b/file"), "").unwrap();
    symlink("nowhere", scratch.join("a/b/link")).unwrap();
    let below = LinuxHost::open(&scratch.join("a"), LinuxOptions::default()).unwrap();
    let id = below.put_blob(&below.root(), &value(&scratch)).unwrap();
    // What was set by way of `a` keeps its value when `a` moves, and when it is looked at from above.
    fs::rename(scratch.join("a"), scratch.join("moved")).unwrap();
    let host = scratch.host();
    let mut at = host.root();
    assert_eq!(host.blob(&at, id).unwrap(), None);
    for name in ["moved", "b", "file"] {
        at = host.lookup(&at, &utf16(name)).unwrap().unwrap().0;
        assert_eq!(host.blob(&at, id).unwrap().as_deref(), Some(&value(&scratch)[..]), "{name}");
    }
    assert_eq!(host.blobs().unwrap(), [], "the root governs its own values only");
}

#[test]
fn a_damaged_value_is_told_and_keeping_it_again_repairs_it() {
    let scratch = Scratch::new();
    let host = scratch.host();
    let root = host.root();
    let id = host.put_blob(&root, &value(&scratch)).unwrap();
    let path = kept_at(&scratch, &scratch);
    for damage in [&b""[..], &[6; 16_384], &[5; 70_000]] {
        fs::remove_file(&path).unwrap();
        fs::write(&path, damage).unwrap();
        assert_eq!(host.blob(&root, id).unwrap_err().fault, HostFault::Corrupt);
        assert_eq!(host.put_blob(&root, &value(&scratch)).unwrap(), id);
        assert_eq!(host.blob(&root, id).unwrap().as_deref(), Some(&value(&scratch)[..]));
    }
}

#[test]
fn links_in_the_store_are_not_followed() {
    let scratch = Scratch::new();
    let elsewhere = Scratch::new();
    let id = elsewhere.host().put_blob(&elsewhere.host().root(), &value(&scratch)).unwrap();
    let stores = elsewhere.join(STORE_FOLDER);
    symlink(&stores, scratch.join(STORE_FOLDER)).unwrap();
    let host = scratch.host();
    assert_eq!(host.blob(&host.root(), id).unwrap(), None);
    assert!(host.blobs().is_err());
    assert!(host.put_blob(&host.root(), b"other").is_err());
    fs::remove_file(scratch.join(STORE_FOLDER)).unwrap();
    fs::create_dir(scratch.join(STORE_FOLDER)).unwrap();
    symlink(stores.join("overflow"), scratch.join(STORE_FOLDER).join("overflow")).unwrap();
    assert_eq!(host.blob(&host.root(), id).unwrap(), None);
    assert!(host.put_blob(&host.root(), b"other").is_err());
    fs::remove_file(scratch.join(STORE_FOLDER).join("overflow")).unwrap();
    fs::create_dir_all(kept_at(&scratch, &scratch).parent().unwrap()).unwrap();
    symlink(kept_at(&scratch, &elsewhere), kept_at(&scratch, &scratch)).unwrap();
    assert_eq!(host.blob(&host.root(), id).unwrap(), None);
    assert_eq!(host.put_blob(&host.root(), &value(&scratch)).unwrap(), id, "a link in its place is replaced");
    assert!(kept_at(&scratch, &scratch).symlink_metadata().unwrap().is_file());
}

#[test]
fn an_unnamed_object_that_is_dropped_leaves_nothing() {
    let scratch = Scratch::new();
    let host = scratch.host();
    for make in [Make::File, Make::Directory, Make::Symlink(b"x"), Make::Fifo, Make::Socket] {
        drop(host.create_unnamed(make).unwrap());
    }
    assert_eq!(fs::read_dir(scratch.join(STORE_FOLDER).join("staging")).unwrap().count(), 0);
    let node = host.create_unnamed(Make::Directory).unwrap();
    let refused = host.place(&node, &node, &HostName(b"inside itself".to_vec()));
    assert!(refused.is_err());
    host.place(&node, &host.root(), &HostName(b"placed".to_vec())).unwrap();
    assert_eq!(fs::read_dir(scratch.join(STORE_FOLDER).join("staging")).unwrap().count(), 0);
}
