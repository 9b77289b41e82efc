//! Laws of the security codec and of the access check, over random values and bytes.
#![allow(clippy::unwrap_used)] // a test may panic
use nt::AccessMask as A;
use nt::security::*;
use proptest::prelude::*;

fn a_sid() -> impl Strategy<Value = Sid> {
    let any_sid = (0u64..1 << 48, prop::collection::vec(any::<u32>(), 0..=15))
        .prop_map(|(authority, subs)| Sid::new(authority, &subs).unwrap());
    prop_oneof![any_sid, prop::sample::select(Sid::ALL).prop_map(|(sid, _)| sid)]
}

fn an_ace() -> impl Strategy<Value = Ace> {
    let entry = (any::<u32>(), a_sid(), prop::collection::vec(any::<[u8; 4]>(), 0..4))
        .prop_map(|(mask, sid, rest)| AceEntry { mask: A(mask), sid, rest: rest.concat() });
    let kind = (0u8..5, entry, 5u8..9, prop::collection::vec(any::<[u8; 4]>(), 0..4));
    (any::<u8>(), kind).prop_map(|(flags, (which, entry, ace_type, body))| {
        let kind = match which {
            0 => AceKind::Allow(entry),
            1 => AceKind::Deny(entry),
            2 => AceKind::AllowIf(entry),
            3 => AceKind::DenyIf(entry),
            _ => AceKind::Other { ace_type: AceType(ace_type), body: body.concat() },
        };
        Ace { flags: AceFlags(flags), kind }
    })
}

/// A descriptor that speaks only of few principals and rights, so that its ACEs meet.
fn a_crowded_descriptor() -> impl Strategy<Value = SecurityDescriptor> {
    let who = || prop::sample::select(&[Sid::EVERYONE, Sid::BUILTIN_USERS, Sid::OWNER_RIGHTS][..]);
    let ace = (any::<bool>(), who(), 0u32..0x0020_0000).prop_map(|(allow, sid, mask)| {
        if allow { Ace::allow(sid, A(mask)) } else { Ace::deny(sid, A(mask)) }
    });
    (prop::option::of(who()), prop::collection::vec(ace, 0..6)).prop_map(|(owner, aces)| SecurityDescriptor {
        owner,
        dacl: AclSlot::Present(Acl::new(aces)),
        ..Default::default()
    })
}

proptest! {
    #[test]
    fn a_sid_survives_its_text_and_its_bytes(sid in a_sid()) {
        let mut bytes = Vec::new();
        sid.encode(&mut bytes);
        prop_assert_eq!(Sid::decode(&bytes), Ok((sid, &[][..])));
        if !sid.sub_authorities().is_empty() {
            prop_assert_eq!(sid.to_string().parse::<Sid>(), Ok(sid));
        }
    }

    #[test]
    fn a_descriptor_survives_its_bytes(
        owner in prop::option::of(a_sid()),
        group in prop::option::of(a_sid()),
        aces in prop::collection::vec(an_ace(), 0..8),
    ) {
        let dacl = AclSlot::Present(Acl::new(aces));
        let descriptor = SecurityDescriptor { owner, group, dacl, ..Default::default() };
        prop_assert_eq!(SecurityDescriptor::decode(&descriptor.encode().unwrap()), Ok(descriptor));
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200), sane: bool) {
        if let (true, Some(head)) = (sane, bytes.first_chunk_mut::<20>()) {
            *head = [1, 0, 0x14, 0x80, 20, 0, 0, 0, 30, 0, 0, 0, 40, 0, 0, 0, 50, 0, 0, 0];
        }
        if let Ok(descriptor) = SecurityDescriptor::decode(&bytes) {
            let again = descriptor.encode().unwrap();
            prop_assert_eq!(SecurityDescriptor::decode(&again), Ok(descriptor));
        }
    }

    #[test]
    fn the_maximum_allowed_is_exactly_what_single_requests_get(descriptor in a_crowded_descriptor()) {
        let groups = vec![Sid::BUILTIN_USERS];
        let token = Token { user: Sid::EVERYONE, groups, privileges: Privileges::NONE };
        let single = (0..21)
            .map(|bit| A(1 << bit))
            .filter(|right| access_check(Some(&descriptor), &token, *right).is_ok())
            .fold(A::NONE, |all, right| all | right);
        let maximum = access_check(Some(&descriptor), &token, A::MAXIMUM_ALLOWED).unwrap_or(A::NONE);
        prop_assert_eq!(maximum, single);
    }
}
