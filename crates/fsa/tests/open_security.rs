//! Security descriptors at the open: what they keep from whom.
//! Source: [MS-FSA] 2.1.5.1.1 and 2.1.5.1.2.1, [MS-DTYP] 2.5.3.2.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test says what it expects by panicking
mod store;

use fsa::host::{Host, meta};
use fsa::{DirectoryQuery, SecurityContext};
use nt::security::{Ace, Acl, AclSlot, Privileges, SecurityDescriptor, Sid, Token};
use nt::{AccessMask, CreateDisposition, CreateOptions, FileInformationClass as Class, NtStatus};
use store::*;

fn user() -> Sid {
    Sid::new(5, &[21, 1, 2, 3, 1001]).unwrap()
}

fn as_user(store: Store, privileges: Privileges) -> Store {
    let token = Token { user: user(), groups: vec![Sid::EVERYONE], privileges };
    Store { cx: SecurityContext::user(token), ..store }
}

/// Lets everyone have just `rights` on what lies at `path` (the root, when empty).
fn restrict(store: &Store, path: &str, rights: AccessMask) {
    let host = store.volume.host();
    let mut node = host.root();
    for name in path.split('\\').filter(|name| !name.is_empty()) {
        node = host.lookup(&node, &utf16(name)).unwrap().unwrap().0;
    }
    let acl = Acl::new(vec![Ace::allow(Sid::EVERYONE, rights)]);
    let descriptor = SecurityDescriptor {
        owner: Some(Sid::LOCAL_SYSTEM),
        group: Some(Sid::LOCAL_SYSTEM),
        dacl: AclSlot::Present(acl),
        ..SecurityDescriptor::default()
    };
    meta::set_security(host, &node, &descriptor.encode().unwrap()).unwrap();
}

#[test]
fn a_descriptor_grants_what_it_says_and_refuses_the_rest() {
    let store = Store::new();
    store.file("f");
    restrict(&store, "f", AccessMask::FILE_READ_DATA);
    restrict(&store, "", AccessMask::FILE_EXECUTE);
    let store = as_user(store, Privileges::NONE);
    assert_eq!(store.try_open("f", CHANGE, ITSELF), Err(NtStatus::ACCESS_DENIED));
    store.open("f", AccessMask::FILE_READ_DATA, ITSELF);
    let all = store.open("f", AccessMask::MAXIMUM_ALLOWED, ITSELF);
    assert_eq!(store.volume.open_of(all).unwrap().granted, AccessMask::FILE_READ_DATA);
    assert_eq!(store.set(all, &relative("t")), NtStatus::ACCESS_DENIED);
}

#[test]
fn a_directorys_rights_give_two_on_what_lies_in_it() {
    let store = Store::new();
    store.file("f");
    restrict(&store, "f", AccessMask::FILE_READ_DATA);
    restrict(&store, "", AccessMask::FILE_DELETE_CHILD | AccessMask::FILE_LIST_DIRECTORY);
    let store = as_user(store, Privileges::NONE);
    let looks = store.open("f", AccessMask::FILE_READ_ATTRIBUTES, ITSELF);
    store.close(looks);
    let id = store.open("f", AccessMask::DELETE, CreateOptions::DELETE_ON_CLOSE);
    store.close(id);
    assert_eq!(store.opening("f", ITSELF), NtStatus::OBJECT_NAME_NOT_FOUND);
}

#[test]
fn making_needs_the_directorys_leave() {
    let store = Store::new();
    store.dir("d");
    restrict(&store, "d", AccessMask::FILE_WRITE_DATA);
    let store = as_user(store, Privileges::NONE);
    let create = CreateDisposition::CREATE;
    let read = AccessMask::FILE_READ_DATA;
    assert!(store.open_as(r"d\f", read, PLAIN, create).is_ok());
    let status = store.open_as(r"d\sub", read, CreateOptions::DIRECTORY_FILE, create).unwrap_err();
    assert_eq!(status, NtStatus::ACCESS_DENIED);
}

#[test]
fn overwriting_needs_rights_that_it_does_not_grant() {
    let store = Store::new();
    store.file("f");
    let overwrite = CreateDisposition::OVERWRITE;
    let write = AccessMask::FILE_WRITE_DATA;
    restrict(&store, "f", AccessMask::FILE_READ_DATA | write);
    let store = as_user(store, Privileges::NONE);
    assert_eq!(store.open_as("f", write, PLAIN, overwrite).unwrap_err(), NtStatus::ACCESS_DENIED);
    restrict(&store, "f", AccessMask::FILE_ALL_ACCESS);
    let opened = store.open_as("f", AccessMask::FILE_READ_DATA, PLAIN, overwrite).unwrap();
    assert_eq!(store.volume.open_of(opened.id).unwrap().granted, AccessMask::FILE_READ_DATA);
}

#[test]
fn backup_and_restore_intent_open_what_the_descriptor_keeps() {
    let store = Store::new();
    store.file("f");
    restrict(&store, "f", AccessMask::FILE_EXECUTE);
    let store = as_user(store, Privileges::BACKUP | Privileges::RESTORE);
    let backup = ITSELF | CreateOptions::OPEN_FOR_BACKUP_INTENT;
    assert_eq!(store.try_open("f", CHANGE, ITSELF), Err(NtStatus::ACCESS_DENIED));
    let id = store.open("f", CHANGE | AccessMask::FILE_READ_DATA, backup);
    assert_eq!(store.set(id, &opaque(0x8000_DEAD, b"x")), NtStatus::SUCCESS);
    // A privilege to restore is none to make symbolic links.
    store.file("g");
    let id = store.open("g", CHANGE, backup);
    assert_eq!(store.set(id, &relative("t")), NtStatus::PRIVILEGE_NOT_HELD);
}

/// smbtorture smb2.acls.ACCESSBASED: of the four lists one gives all of FILE_GENERIC_READ. The directory's right to list
/// gives FILE_READ_ATTRIBUTES to who opens the file, and does not show it.
#[test]
fn a_listing_for_a_reader_has_what_they_may_read() {
    let store = Store::new();
    let (control, data) = (AccessMask::READ_CONTROL | AccessMask::SYNCHRONIZE, AccessMask::FILE_READ_DATA);
    let (attributes, eas) = (AccessMask::FILE_READ_ATTRIBUTES, AccessMask::FILE_READ_EA);
    store.dir("d");
    let rights = [
        ("all", control | data | attributes | eas),
        ("no eas", control | data | attributes),
        ("no attributes", control | data | eas),
        ("no data", control | attributes | eas),
    ];
    for (name, rights) in rights {
        store.file(&format!(r"d\{name}"));
        restrict(&store, &format!(r"d\{name}"), rights);
    }
    store.file(r"d\without a list");
    let store = as_user(store, Privileges::NONE);
    let sees = |reader: Option<&SecurityContext>, pattern: &str| {
        let id = store.open("d", AccessMask::FILE_LIST_DIRECTORY, ITSELF);
        let (class, pattern) = (Class::NAMES_INFORMATION, utf16(pattern));
        let query = DirectoryQuery { class, len_max: 4096, restart: false, single: false, pattern: &pattern };
        let mut names = Vec::new();
        loop {
            match store.volume.query_directory_for(reader, id, &DirectoryQuery { single: true, ..query }) {
                Ok(found) => names.push(nt::Utf16::from_le_bytes(&found.bytes[12..]).unwrap().to_string()),
                Err(refusal) => {
                    store.close(id);
                    return (names, refusal.status);
                }
            }
        }
    };
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let some = named(&[".", "..", "all", "without a list"]);
    assert_eq!(sees(Some(&store.cx), "*"), (some, NtStatus::NO_MORE_FILES));
    assert_eq!(sees(None, "*").0.len(), 7);
    assert_eq!(sees(Some(&SecurityContext::superuser()), "*").0.len(), 7);
    assert_eq!(sees(Some(&store.cx), "no *"), (Vec::new(), NtStatus::NO_SUCH_FILE));
    assert_eq!(sees(Some(&store.cx), "no data"), (Vec::new(), NtStatus::NO_SUCH_FILE));
}
