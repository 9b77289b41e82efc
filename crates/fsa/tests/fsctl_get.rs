//! FSCTL_GET_REPARSE_POINT: how much room it wants, and what it gives into less.
//! Sources: Wine's dlls/ntdll/tests/file.c test_reparse_points; [MS-FSA] 2.1.5.10.14; [MS-FSCC] 2.3.28.
mod store;

use nt::{FsctlCode, NtStatus};
use store::*;

#[test]
fn no_room_at_all_is_told_before_the_file_is_looked_at() {
    let store = Store::new();
    store.file("f");
    let id = store.open("f", nt::AccessMask::READ_CONTROL, ITSELF);
    assert_eq!(store.get_in(id, 0), Err(NtStatus::INVALID_USER_BUFFER));
    assert_eq!(store.get_in(id, 1), Err(NtStatus::NOT_A_REPARSE_POINT));
}

#[test]
fn less_than_twenty_eight_bytes_are_too_few_for_every_kind_of_tag() {
    for point in [relative("target"), third_party(0xBEEF, OWNER, b"some data")] {
        let store = Store::new();
        store.file("f");
        store.put("f", &point);
        let id = store.open("f", nt::AccessMask::READ_CONTROL, ITSELF);
        assert_eq!(store.get_in(id, 27), Err(NtStatus::BUFFER_TOO_SMALL));
        for len in [28, point.len() - 1] {
            let reply = store.get_in(id, len).unwrap();
            assert_eq!(reply.status, NtStatus::BUFFER_OVERFLOW);
            assert_eq!(reply.output, point[..len]);
        }
        for len in [point.len(), point.len() + 1] {
            let reply = store.get_in(id, len).unwrap();
            assert_eq!((reply.status, reply.output), (NtStatus::SUCCESS, point.clone()));
        }
    }
}

#[test]
fn a_small_point_needs_no_more_room_than_it_takes() {
    let store = Store::new();
    store.file("f");
    store.put("f", &opaque(0x8000_0024, b""));
    let id = store.open("f", CHANGE, ITSELF);
    assert_eq!(store.get_in(id, 8).unwrap().output, opaque(0x8000_0024, b""));
    assert_eq!(store.get_in(id, 7), Err(NtStatus::BUFFER_TOO_SMALL));
}

#[test]
fn reserved_reads_zero_whatever_was_set() {
    let store = Store::new();
    store.file("f");
    let mut point = opaque(0x8000_0014, b"12345678");
    point[6] = 0xAA;
    store.put("f", &point);
    point[6] = 0;
    assert_eq!(store.point_of("f"), Ok(point));
}

#[test]
fn an_input_is_an_invalid_parameter() {
    let store = Store::new();
    store.file("f");
    store.put("f", &relative("t"));
    let id = store.open("f", CHANGE, ITSELF);
    assert_eq!(store.control(id, FsctlCode::GET_REPARSE_POINT, &[0], 99), NtStatus::INVALID_PARAMETER);
}

#[test]
fn an_unknown_control_is_an_invalid_request() {
    let store = Store::new();
    store.file("f");
    let id = store.open("f", CHANGE, ITSELF);
    assert_eq!(store.control(id, FsctlCode(0x0009_0FFC), &[0], 99), NtStatus::INVALID_DEVICE_REQUEST);
}
