//! Whatever bytes a caller sends, and whatever bytes lie in the attributes, nothing panics.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::cast_possible_truncation)] // a test that cannot go on fails
mod store;

use fsa::host::meta::{DOSATTRIB, NTACL, SMB_REPARSE};
use fsa::host::{Host, XattrMode};
use fsa::{DirectoryQuery, EaQuery, Requester, SecurityInformation};
use nt::{AccessMask, FileInformationClass as Class, FsInformationClass, NtStatus};
use proptest::prelude::*;
use store::{ITSELF, PLAIN, Store, utf16};

/// Every right but the one that needs a privilege.
const ALL: AccessMask = AccessMask(0x001F_01FF);

fn bytes(len: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(prop_oneof![Just(0u8), Just(1), Just(4), Just(8), any::<u8>()], 0..len)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_can_be_set_as_any_class(
        class in 1u32..82,
        input in bytes(80),
        remote: bool,
        directory: bool,
    ) {
        let store = Store::new();
        store.file("file");
        store.dir("dir");
        let id = store.open(if directory { "dir" } else { "file" }, ALL, ITSELF);
        let requester = if remote { Requester::Remote } else { Requester::Local };
        let _ = store.volume.set_information(&store.cx, requester, id, Class(class), &input);
        let _ = store.volume.set_ea(id, &input);
        let _ = store.volume.query_ea(id, &EaQuery { len_max: 100, names: Some(&input), ..EaQuery::default() });
        let _ = store.volume.set_security(&store.cx, id, SecurityInformation(7), &input);
        store.volume.close(id).unwrap();
    }

    #[test]
    fn any_class_can_be_queried_into_a_buffer_of_any_length(class in 0u32..90, len_max in 0usize..200, stream: bool) {
        let store = Store::new();
        store.dir("dir");
        store.file(r"dir\file");
        let path = if stream { r"dir\file:s" } else { r"dir\file" };
        let file = store.open_as(path, ALL, PLAIN, nt::CreateDisposition::OPEN_IF).unwrap().id;
        let dir = store.open("dir", ALL, PLAIN);
        for id in [file, dir] {
            if let Ok(found) = store.volume.query_information(id, Class(class), len_max) {
                prop_assert!(found.bytes.len() <= len_max);
            }
            if let Ok(found) = store.volume.query_volume(id, FsInformationClass(class), len_max) {
                prop_assert!(found.bytes.len() <= len_max);
            }
            let ask = DirectoryQuery { class: Class(class), len_max, restart: false, single: false, pattern: &[] };
            if let Ok(found) = store.volume.query_directory(id, &ask) {
                prop_assert!(found.bytes.len() <= len_max);
            }
        }
    }

    #[test]
    fn any_bytes_can_lie_in_the_attributes(value in bytes(300), stream in bytes(20)) {
        let store = Store::new();
        store.file("file");
        let host = store.volume.host().clone();
        let node = host.lookup(&host.root(), &utf16("file")).unwrap().unwrap().0;
        for name in [DOSATTRIB, SMB_REPARSE, NTACL] {
            host.set_xattr(&node, name, &value, XattrMode::Any).unwrap();
        }
        host.set_xattr(&node, "user.DosStream.x:$DATA", &stream, XattrMode::Any).unwrap();
        // The bytes may make the file read-only, and no right to write data is given on such a file.
        let id = store.open("file", ALL.without(AccessMask::FILE_WRITE_DATA | AccessMask::FILE_APPEND_DATA), ITSELF);
        for class in 0..90 {
            let _ = store.volume.query_information(id, Class(class), 4096);
        }
        let _ = store.get(id);
        let _ = store.volume.query_security(id, SecurityInformation(7), 4096);
        fsa::check(&host, true, |_| ()).unwrap();
        // Whatever was there, the object can be deleted.
        let deleted = store.volume.set_information(&store.cx, Requester::Local, id, Class::DISPOSITION_INFORMATION_EX, &[0x11, 0, 0, 0]);
        prop_assert!(deleted.is_ok());
        store.close(id);
        prop_assert_eq!(store.opening("file", ITSELF), NtStatus::OBJECT_NAME_NOT_FOUND);
    }
}
