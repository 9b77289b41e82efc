//! SIDs, security descriptors and the access check.
//!
//! The byte vectors were made by Samba 4.17's Python modules (`security.descriptor.from_sddl`, `ndr_pack`); the rules
//! are [MS-DTYP] 2.5.3.2's, each told in a test's name.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test may panic
use nt::security::*;
use nt::{AccessMask as A, NtStatus};
use std::collections::HashMap;
use std::fs;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn sid(text: &str) -> Sid {
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}

/// `O:BAG:SYD:(A;;FA;;;WD)`
const EVERYONE_ALL: &str = "01000480140000002400000000000000300000000102000000000005200000002002000001010000000000051200000004001c000100000000001400ff010000010100000000000100000000";
/// `O:S-1-5-21-1-2-3-1000G:BUD:PAI(D;OICI;FW;;;BG)(A;OICIIO;GA;;;CO)(A;ID;0x1200a9;;;S-1-5-21-1-2-3-513)S:(AU;SAFA;FA;;;WD)`
const RICH: &str = "010014941400000030000000400000005c000000010500000000000515000000010000000200000003000000e80300000102000000000005200000002102000004001c000100000002c01400ff0100000101000000000001000000000400580003000000010318001601120001020000000000052000000022020000000b14000000001001010000000000030000000000102400a900120001050000000000051500000001000000020000000300000001020000";
/// `O:SYG:SYD:`, an empty list
const EMPTY_DACL: &str = "010004801400000020000000000000002c0000000101000000000005120000000101000000000005120000000400080000000000";
/// Owner SYSTEM, DACL present and null
const NULL_DACL: &str = "0100048014000000000000000000000000000000010100000000000512000000";

#[test]
fn a_sid_has_the_bytes_that_samba_writes() {
    for (text, bytes) in [
        ("S-1-5-32-544", "01020000000000052000000020020000"),
        ("S-1-0x0123456789ab-7", "01010123456789ab07000000"),
        (
            "S-1-5-21-4294967295-0-1-1-1-1-1-1-1-1-1-1-1-1",
            "010f00000000000515000000ffffffff00000000010000000100000001000000010000000100000001000000010000000100000001000000010000000100000001000000",
        ),
    ] {
        let mut out = Vec::new();
        sid(text).encode(&mut out);
        assert_eq!(out, hex(bytes));
        assert_eq!(Sid::decode(&out), Ok((sid(text), &[][..])));
        assert_eq!(sid(text).to_string(), text);
        assert_eq!(sid(text).encoded_len(), out.len());
    }
}

#[test]
fn well_known_sids_are_those_of_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/spec/well_known_sids.tsv");
    let text = fs::read_to_string(path).unwrap();
    let table: HashMap<&str, &str> = text.lines().filter_map(|line| line.split_once('\t')).collect();
    for (sid, name) in Sid::ALL {
        assert_eq!(sid.to_string(), table[name], "{name}");
        assert_eq!(sid.name(), Some(*name));
    }
}

#[test]
fn privileges_and_ace_numbers_are_those_of_the_tables() {
    let table = |name: &str| -> HashMap<String, u64> {
        let path = format!("{}/../../docs/spec/{name}", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(path).unwrap();
        let rows = text.lines().filter(|line| !line.starts_with('#'));
        rows.map(|row| {
            let mut columns = row.split('\t');
            let (name, value) = (columns.next().unwrap(), columns.next().unwrap());
            let digits = value.strip_prefix("0x").map(|digits| u64::from_str_radix(digits, 16).unwrap());
            (name.to_owned(), digits.unwrap_or_else(|| value.parse().unwrap()))
        })
        .collect()
    };
    let privileges = table("privileges.tsv");
    assert_eq!(privileges.len(), Privileges::ALL.len());
    for (bit, name) in Privileges::ALL {
        assert_eq!(u64::from(bit.0.trailing_zeros()), privileges[*name], "{name}");
        assert_eq!(bit.0.count_ones(), 1);
    }
    let aces = table("aces.tsv");
    for (value, name) in AceType::ALL {
        assert_eq!(u64::from(value.0), aces[*name], "{name}");
    }
    for (value, name) in AceFlags::ALL {
        assert_eq!(u64::from(value.0), aces[*name], "{name}");
    }
    assert_eq!(aces.len(), AceType::ALL.len() + AceFlags::ALL.len());
}

#[test]
fn a_text_that_is_not_a_sid_is_refused() {
    for text in [
        "",
        "S-1",
        "S-1-5",
        "S-2-5-18",
        "s-1-5-18",
        "S-1-5-",
        "S-1-5-018",
        "S-1-05-18",
        "S-1-5-+1",
        "S-1-5-4294967296",
        "S-1-4294967296-1",
        "S-1-0x5-18",
        "S-1-0x00000000000g-18",
        "S-1-5-18 ",
        "S-1-5-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1",
    ] {
        assert_eq!(text.parse::<Sid>(), Err(SidParseError), "{text:?}");
    }
}

#[test]
fn a_descriptor_is_read_as_samba_wrote_it() {
    let rich = SecurityDescriptor::decode(&hex(RICH)).unwrap();
    assert_eq!(rich.owner, Some(sid("S-1-5-21-1-2-3-1000")));
    assert_eq!(rich.group, Some(Sid::BUILTIN_USERS));
    let control = SecurityDescriptorControl::DACL_PROTECTED | SecurityDescriptorControl::DACL_AUTO_INHERITED;
    assert_eq!(rich.control, control);
    let dacl = rich.dacl.present().unwrap();
    let inherit = AceFlags::OBJECT_INHERIT | AceFlags::CONTAINER_INHERIT;
    assert_eq!(
        dacl.aces,
        [
            Ace::deny(Sid::BUILTIN_GUESTS, A::FILE_GENERIC_WRITE).with_flags(inherit),
            Ace::allow(Sid::CREATOR_OWNER, A::GENERIC_ALL).with_flags(inherit | AceFlags::INHERIT_ONLY),
            Ace::allow(sid("S-1-5-21-1-2-3-513"), A(0x0012_00A9)).with_flags(AceFlags::INHERITED),
        ]
    );
    assert_eq!(rich.sacl.present().map(Vec::len), Some(28));
}

#[test]
fn a_descriptor_that_samba_wrote_is_written_back_byte_for_byte() {
    for bytes in [EVERYONE_ALL, RICH, EMPTY_DACL, NULL_DACL] {
        let decoded = SecurityDescriptor::decode(&hex(bytes)).unwrap();
        assert_eq!(decoded.encode().unwrap(), hex(bytes));
    }
}

#[test]
fn a_descriptor_cut_short_anywhere_is_refused() {
    for bytes in [EVERYONE_ALL, RICH, EMPTY_DACL, NULL_DACL].map(hex) {
        for len in 0..bytes.len() {
            assert!(SecurityDescriptor::decode(&bytes[..len]).is_err(), "{len} of {}", bytes.len());
        }
    }
}

#[test]
fn a_descriptor_that_lies_about_its_parts_is_refused() {
    let refused = |at: usize, value: u8, want: SecurityDecodeError| {
        let mut bytes = hex(EVERYONE_ALL);
        bytes[at] = value;
        assert_eq!(SecurityDescriptor::decode(&bytes), Err(want));
    };
    refused(0, 2, SecurityDecodeError::Revision { what: "a security descriptor", value: 2 });
    refused(3, 0, SecurityDecodeError::NotSelfRelative);
    refused(7, 0x80, SecurityDecodeError::Short { what: "the owner", need: 0x8000_0014, have: 76 });
    refused(20, 3, SecurityDecodeError::Revision { what: "a SID", value: 3 });
    refused(21, 16, SecurityDecodeError::SubAuthorityCount(16));
    refused(48, 7, SecurityDecodeError::Revision { what: "an ACL", value: 7 });
    refused(50, 7, SecurityDecodeError::Size { what: "an ACL", value: 7 });
    refused(52, 2, SecurityDecodeError::Short { what: "an ACE", need: 4, have: 0 });
    refused(58, 21, SecurityDecodeError::Size { what: "an ACE", value: 21 });
    refused(58, 24, SecurityDecodeError::Short { what: "an ACE", need: 24, have: 20 });
    refused(58, 4, SecurityDecodeError::Short { what: "an ACE's mask", need: 4, have: 0 });
}

#[test]
fn a_list_longer_than_its_size_field_can_say_is_not_written() {
    let aces = vec![Ace::allow(Sid::EVERYONE, A::DELETE); 4000];
    let long = SecurityDescriptor { dacl: AclSlot::Present(Acl::new(aces)), ..Default::default() };
    assert_eq!(long.encode(), Err(SecurityEncodeError::AclLength(8 + 4000 * 20)));
    let odd = AceKind::Other { ace_type: AceType::ACCESS_ALLOWED_OBJECT, body: vec![0; 5] };
    let odd = Acl::new(vec![Ace { flags: AceFlags::NONE, kind: odd }]);
    assert_eq!(odd.encode(&mut Vec::new()), Err(SecurityEncodeError::AceLength(9)));
}

const ALICE: &str = "S-1-5-21-1-2-3-1001";
const STAFF: &str = "S-1-5-21-1-2-3-2001";
const BOB: &str = "S-1-5-21-1-2-3-1002";

fn alice_with(privileges: Privileges) -> Token {
    Token { user: sid(ALICE), groups: vec![Sid::EVERYONE, sid(STAFF)], privileges }
}

fn alice() -> Token {
    alice_with(Privileges::NONE)
}

fn owned_by(owner: &str, aces: &[Ace]) -> SecurityDescriptor {
    let dacl = AclSlot::Present(Acl::new(aces.to_vec()));
    SecurityDescriptor { owner: Some(sid(owner)), dacl, ..Default::default() }
}

const DENIED: Result<A, NtStatus> = Err(NtStatus::ACCESS_DENIED);

#[test]
fn without_a_descriptor_or_a_dacl_nothing_restricts_access() {
    let absent = SecurityDescriptor { owner: Some(sid(BOB)), ..Default::default() };
    let null = SecurityDescriptor { dacl: AclSlot::Null, ..absent.clone() };
    for descriptor in [None, Some(&absent), Some(&null)] {
        assert_eq!(access_check(descriptor, &alice(), A::GENERIC_ALL), Ok(A::FILE_ALL_ACCESS));
        assert_eq!(access_check(descriptor, &alice(), A::MAXIMUM_ALLOWED), Ok(A::FILE_ALL_ACCESS));
        assert_eq!(access_check(descriptor, &alice(), A::ACCESS_SYSTEM_SECURITY), DENIED);
    }
}

#[test]
fn an_empty_dacl_grants_nothing_but_what_the_owner_implicitly_has() {
    assert_eq!(access_check(Some(&owned_by(BOB, &[])), &alice(), A::FILE_READ_DATA), DENIED);
    assert_eq!(access_check(Some(&owned_by(BOB, &[])), &alice(), A::MAXIMUM_ALLOWED), DENIED);
    let mine = owned_by(ALICE, &[]);
    let implicit = A::READ_CONTROL | A::WRITE_DAC;
    assert_eq!(access_check(Some(&mine), &alice(), implicit), Ok(implicit));
    assert_eq!(access_check(Some(&mine), &alice(), A::MAXIMUM_ALLOWED), Ok(implicit));
    assert_eq!(access_check(Some(&mine), &alice(), implicit | A::DELETE), DENIED);
    let ours = owned_by(STAFF, &[]);
    assert_eq!(access_check(Some(&ours), &alice(), A::WRITE_DAC), Ok(A::WRITE_DAC));
}

#[test]
fn a_deny_ace_does_not_take_the_owner_s_implicit_rights() {
    let mine = owned_by(ALICE, &[Ace::deny(sid(ALICE), A::FILE_ALL_ACCESS)]);
    assert_eq!(access_check(Some(&mine), &alice(), A::WRITE_DAC), Ok(A::WRITE_DAC));
}

#[test]
fn an_ace_for_owner_rights_replaces_the_owner_s_implicit_rights() {
    let mine = owned_by(ALICE, &[Ace::allow(Sid::OWNER_RIGHTS, A::FILE_READ_DATA)]);
    assert_eq!(access_check(Some(&mine), &alice(), A::WRITE_DAC), DENIED);
    assert_eq!(access_check(Some(&mine), &alice(), A::FILE_READ_DATA), Ok(A::FILE_READ_DATA));
    let theirs = owned_by(BOB, &[Ace::allow(Sid::OWNER_RIGHTS, A::FILE_READ_DATA)]);
    assert_eq!(access_check(Some(&theirs), &alice(), A::FILE_READ_DATA), DENIED);
}

#[test]
fn rights_add_up_over_the_user_and_the_groups() {
    let descriptor = owned_by(
        BOB,
        &[Ace::allow(sid(ALICE), A::FILE_READ_DATA), Ace::allow(sid(STAFF), A::FILE_WRITE_DATA)],
    );
    let both = A::FILE_READ_DATA | A::FILE_WRITE_DATA;
    assert_eq!(access_check(Some(&descriptor), &alice(), both), Ok(both));
    assert_eq!(access_check(Some(&descriptor), &alice(), both | A::DELETE), DENIED);
}

#[test]
fn the_first_ace_that_speaks_of_a_right_decides() {
    let allow = Ace::allow(sid(ALICE), A::FILE_READ_DATA);
    let deny = Ace::deny(sid(STAFF), A::FILE_READ_DATA);
    let deny_first = owned_by(BOB, &[deny.clone(), allow.clone()]);
    assert_eq!(access_check(Some(&deny_first), &alice(), A::FILE_READ_DATA), DENIED);
    assert_eq!(access_check(Some(&deny_first), &alice(), A::MAXIMUM_ALLOWED), DENIED);
    let allow_first = owned_by(BOB, &[allow, deny]);
    assert_eq!(access_check(Some(&allow_first), &alice(), A::FILE_READ_DATA), Ok(A::FILE_READ_DATA));
    assert_eq!(access_check(Some(&allow_first), &alice(), A::MAXIMUM_ALLOWED), Ok(A::FILE_READ_DATA));
}

#[test]
fn an_ace_for_somebody_else_counts_for_nothing() {
    let descriptor =
        owned_by(BOB, &[Ace::deny(sid(BOB), A::FILE_ALL_ACCESS), Ace::allow(Sid::EVERYONE, A::DELETE)]);
    assert_eq!(access_check(Some(&descriptor), &alice(), A::DELETE), Ok(A::DELETE));
}

#[test]
fn an_inherit_only_ace_does_not_control_the_object_itself() {
    let only = |ace: Ace| ace.with_flags(AceFlags::INHERIT_ONLY | AceFlags::OBJECT_INHERIT);
    let descriptor = owned_by(
        BOB,
        &[
            only(Ace::deny(Sid::EVERYONE, A::FILE_ALL_ACCESS)),
            only(Ace::allow(Sid::EVERYONE, A::FILE_ALL_ACCESS)),
            Ace::allow(Sid::EVERYONE, A::FILE_READ_DATA),
        ],
    );
    assert_eq!(access_check(Some(&descriptor), &alice(), A::MAXIMUM_ALLOWED), Ok(A::FILE_READ_DATA));
}

#[test]
fn generic_rights_are_mapped_in_the_request_and_in_the_ace() {
    let descriptor = owned_by(BOB, &[Ace::allow(Sid::EVERYONE, A::GENERIC_READ)]);
    assert_eq!(access_check(Some(&descriptor), &alice(), A::GENERIC_READ), Ok(A::FILE_GENERIC_READ));
    assert_eq!(access_check(Some(&descriptor), &alice(), A::FILE_READ_EA), Ok(A::FILE_READ_EA));
    assert_eq!(access_check(Some(&descriptor), &alice(), A::GENERIC_WRITE), DENIED);
}

#[test]
fn the_maximum_with_a_right_beside_it_fails_when_that_right_is_not_granted() {
    let descriptor = owned_by(BOB, &[Ace::allow(Sid::EVERYONE, A::FILE_READ_DATA)]);
    let asked = A::MAXIMUM_ALLOWED | A::FILE_WRITE_DATA;
    assert_eq!(access_check(Some(&descriptor), &alice(), asked), DENIED);
    let asked = A::MAXIMUM_ALLOWED | A::FILE_READ_DATA;
    assert_eq!(access_check(Some(&descriptor), &alice(), asked), Ok(A::FILE_READ_DATA));
}

#[test]
fn the_take_ownership_privilege_grants_write_owner_against_a_deny_ace() {
    let descriptor = owned_by(BOB, &[Ace::deny(Sid::EVERYONE, A::FILE_ALL_ACCESS)]);
    let token = alice_with(Privileges::TAKE_OWNERSHIP);
    assert_eq!(access_check(Some(&descriptor), &token, A::WRITE_OWNER), Ok(A::WRITE_OWNER));
    assert_eq!(access_check(Some(&descriptor), &alice(), A::WRITE_OWNER), DENIED);
}

#[test]
fn the_sacl_needs_the_security_privilege_and_no_ace_can_grant_it() {
    let right = A::ACCESS_SYSTEM_SECURITY;
    let descriptor = owned_by(BOB, &[Ace::allow(Sid::EVERYONE, right)]);
    assert_eq!(access_check(Some(&descriptor), &alice(), right), DENIED);
    assert_eq!(access_check(Some(&descriptor), &alice_with(Privileges::SECURITY), right), Ok(right));
}

/// [MS-DTYP] 2.4.4.17.3: an unknown condition does not grant, and does deny.
#[test]
fn an_ace_with_a_condition_we_cannot_read_denies_but_never_grants() {
    let entry =
        AceEntry { mask: A::FILE_READ_DATA, sid: Sid::EVERYONE, rest: b"artx\x00\x00\x00\x00".to_vec() };
    let ace = |kind| Ace { flags: AceFlags::NONE, kind };
    let granted = Ace::allow(Sid::EVERYONE, A::FILE_READ_DATA);
    let allow_if = owned_by(BOB, &[ace(AceKind::AllowIf(entry.clone()))]);
    assert_eq!(access_check(Some(&allow_if), &alice(), A::FILE_READ_DATA), DENIED);
    let deny_if = owned_by(BOB, &[ace(AceKind::DenyIf(entry)), granted]);
    assert_eq!(access_check(Some(&deny_if), &alice(), A::FILE_READ_DATA), DENIED);
}

/// [MS-FSA] 2.1.5.1, phase 4.
#[test]
fn backup_and_restore_rights_come_from_their_privileges_alone() {
    let backup = alice_with(Privileges::BACKUP);
    let restore = alice_with(Privileges::RESTORE);
    let everything = A::FILE_ALL_ACCESS | A::ACCESS_SYSTEM_SECURITY;
    assert_eq!(backup_access(&alice(), everything), A::NONE);
    assert_eq!(restore_access(&backup, everything), A::NONE);
    assert_eq!(backup_access(&restore, everything), A::NONE);
    assert_eq!(backup_access(&backup, A::FILE_READ_DATA | A::DELETE), A::FILE_READ_DATA);
    assert_eq!(restore_access(&restore, A::FILE_READ_DATA | A::DELETE), A::DELETE);
    let whole = A::ACCESS_SYSTEM_SECURITY | A::FILE_GENERIC_READ | A::FILE_TRAVERSE;
    assert_eq!(backup_access(&backup, A::MAXIMUM_ALLOWED), whole);
}
