//! Known answers of [MS-NLMP] 4.2.4 and the checks around them.
use super::client::TestClient;
use super::keys::{Side, hmac_md5, ntowf_v2, rc4_once};
use super::*;

fn utf16(text: &str) -> Utf16 {
    Utf16(text.encode_utf16().collect())
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

const SERVER_CHALLENGE: [u8; 8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];

/// [MS-NLMP] 4.2.4.3
const AUTHENTICATE: &str = "
    4e 54 4c 4d 53 53 50 00 03 00 00 00 18 00 18 00 6c 00 00 00 54 00 54 00 84 00 00 00 0c 00 0c 00
    48 00 00 00 08 00 08 00 54 00 00 00 10 00 10 00 5c 00 00 00 10 00 10 00 d8 00 00 00 35 82 88 e2
    05 01 28 0a 00 00 00 0f 44 00 6f 00 6d 00 61 00 69 00 6e 00 55 00 73 00 65 00 72 00 43 00 4f 00
    4d 00 50 00 55 00 54 00 45 00 52 00 86 c3 50 97 ac 9c ec 10 25 54 76 4a 57 cc cc 19 aa aa aa aa
    aa aa aa aa 68 cd 0a b8 51 e5 1c 96 aa bc 92 7b eb ef 6a 1c 01 01 00 00 00 00 00 00 00 00 00 00
    00 00 00 00 aa aa aa aa aa aa aa aa 00 00 00 00 02 00 0c 00 44 00 6f 00 6d 00 61 00 69 00 6e 00
    01 00 0c 00 53 00 65 00 72 00 76 00 65 00 72 00 00 00 00 00 00 00 00 00 c5 da d2 54 4f c9 79 90
    94 ce 1c e9 0b c9 d0 3e";

/// A challenge with the specification's values in it.
fn challenged() -> Challenged {
    let negotiate = [&b"NTLMSSP\0"[..], &[1, 0, 0, 0], &0xe208_8235u32.to_le_bytes(), &[0; 16]].concat();
    Challenged::new(&negotiate, &TargetNames::new("Server"), SERVER_CHALLENGE, FileTime(0)).unwrap()
}

fn claim(authenticate: &[u8]) -> Claim {
    challenged().answered(authenticate).ok().unwrap()
}

/// [MS-NLMP] 4.2.2.1.2 and 4.2.4.1.1
#[test]
fn the_hashes_are_those_of_the_specification() {
    let hash = nt_hash(&utf16("Password"));
    assert_eq!(hash.0.to_vec(), bytes("a4 f4 9c 40 65 10 bd ca b6 82 4e e7 c3 0f d8 52"));
    let v2 = ntowf_v2(&hash, &utf16("User"), &utf16("Domain"));
    assert_eq!(v2.to_vec(), bytes("0c 86 8a 40 3b fd 7a 93 a3 00 1e f2 2e f0 2e 3f"));
}

/// [MS-NLMP] 4.2.4.1.2, 4.2.4.2.2 and 4.2.4.2.3
#[test]
fn proof_and_session_keys_are_those_of_the_specification() {
    let claim = claim(&bytes(AUTHENTICATE));
    assert_eq!((claim.user.to_text(), claim.domain.to_text()), (Some("User".into()), Some("Domain".into())));
    assert_eq!(claim.workstation.to_text(), Some("COMPUTER".into()));
    let response = claim.answer.ntlm_v2().unwrap();
    let key = ntowf_v2(&nt_hash(&utf16("Password")), &claim.user, &claim.domain);
    let base = hmac_md5(&key, &[response.proof]);
    assert_eq!(base.to_vec(), bytes("8d e4 0c ca db c1 4a 82 f1 5c b0 ad 0d e9 5c a3"));
    assert_eq!(
        rc4_once(&base, [0x55; 16]).to_vec(),
        bytes("c5 da d2 54 4f c9 79 90 94 ce 1c e9 0b c9 d0 3e")
    );
    let keys = claim.prove(&nt_hash(&utf16("Password"))).ok().unwrap();
    assert_eq!(keys.exported_session_key(), [0x55; 16]);
}

/// [MS-NLMP] 4.2.4.4
#[test]
fn the_keys_of_signatures_are_those_of_the_specification() {
    let keys = claim(&bytes(AUTHENTICATE)).prove(&nt_hash(&utf16("Password"))).ok().unwrap();
    let (sign, seal) = keys.keys_of(Side::Client);
    assert_eq!(sign.to_vec(), bytes("47 88 dc 86 1b 47 82 f3 5d 43 fd 98 fe 1a 2d 39"));
    assert_eq!(seal.to_vec(), bytes("59 f6 00 97 3c c4 96 0a 25 48 0a 7c 19 6e 4c 58"));
    // The signature over "Plaintext", whose checksum the book shows before and behind RC4: there the key stream has gone
    // over the 18 bytes of the text before; over nothing, as here, only the checksum before RC4 can be compared.
    let text = utf16("Plaintext").to_le_bytes();
    let mac = hmac_md5(&sign, &[&[0; 4], &text]);
    assert_eq!(mac[..8].to_vec(), bytes("70 35 28 51 f2 56 43 09"));
    let stream = rc4_once(&seal, [0u8; 26]);
    let sealed: Vec<u8> = mac[..8].iter().zip(&stream[18..]).map(|(a, b)| a ^ b).collect();
    assert_eq!(sealed, bytes("7f b3 8e c5 c5 5d 49 76"));
    let first = keys.first_signature(Side::Client, &text).unwrap();
    let wanted: Vec<u8> = mac[..8].iter().zip(&stream).map(|(a, b)| a ^ b).collect();
    assert_eq!((&first[..4], &first[4..12], &first[12..]), (&[1, 0, 0, 0][..], &wanted[..], &[0; 4][..]));
    assert!(keys.is_first_signature(Side::Client, &text, &first));
    assert!(!keys.is_first_signature(Side::Server, &text, &first));
}

#[test]
fn another_password_user_domain_or_challenge_proves_nothing() {
    let wrong = |claim: &Claim, password| claim.prove(&nt_hash(&utf16(password))).err();
    let whole = bytes(AUTHENTICATE);
    assert_eq!(wrong(&claim(&whole), "password"), Some(Disbelief::Proof));
    for at in [72, 84, 140, 160, 200] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        let reason = wrong(&claim(&changed), "Password");
        assert!(matches!(reason, Some(Disbelief::Proof)), "byte {at}: {reason:?}");
    }
    let mut other = challenged();
    other.server_challenge[0] ^= 1;
    let other = other.answered(&whole).ok().unwrap();
    assert_eq!(wrong(&other, "Password"), Some(Disbelief::Proof));
}

/// NTLM and LM responses, 24 bytes, are no proof. [MS-NLMP] 3.3.1
#[test]
fn a_response_of_ntlm_v1_is_refused() {
    let mut message = bytes(AUTHENTICATE);
    message[20..24].copy_from_slice(&[24, 0, 24, 0]);
    message[132 + 16] = 7; // no NTLMv2_CLIENT_CHALLENGE begins there
    let refused = claim(&message).prove(&nt_hash(&utf16("Password"))).err();
    assert_eq!(refused, Some(Disbelief::NotNtlmV2));
}

#[test]
fn the_challenge_is_that_of_the_specification_but_for_the_further_attributes() {
    let message = challenged().message().to_vec();
    // [MS-NLMP] 4.2.4.3, with our upper-case name, our flags and our version
    assert_eq!(&message[..12], b"NTLMSSP\0\x02\0\0\0");
    assert_eq!(&message[12..20], [12, 0, 12, 0, 56, 0, 0, 0]);
    assert_eq!(&message[24..32], SERVER_CHALLENGE);
    assert_eq!(message[56..68].to_vec(), utf16("SERVER").to_le_bytes());
    assert_eq!(&message[44..48], [68, 0, 0, 0]);
    let flags = Flags(u32::from_le_bytes(message[20..24].try_into().unwrap()));
    assert!(flags.has(Flags::KEY_EXCH) && flags.has(Flags::TARGET_INFO) && flags.has(Flags::KEY_128));
    assert_eq!(message.len(), 68 + usize::from(message[40]));
}

/// A client of today, over the challenge of these tests.
fn with_mic(challenged: &Challenged, promise: bool, mic: bool) -> Vec<u8> {
    let client = TestClient { user: "User", password: "Password", promise, mic };
    client.authenticate(&challenged.negotiate, challenged.message()).0
}

/// [MS-NLMP] 3.2.5.1.2
#[test]
fn a_mic_that_is_promised_must_be_right() {
    let hash = nt_hash(&utf16("Password"));
    let prove = |message: &[u8]| claim(message).prove(&hash).err();
    let good = with_mic(&challenged(), true, true);
    assert_eq!(prove(&good), None);
    assert_eq!(prove(&with_mic(&challenged(), true, false)), Some(Disbelief::Mic));
    assert_eq!(prove(&with_mic(&challenged(), false, false)), None, "a client of before Vista");
    let mut other_negotiate = challenged();
    other_negotiate.negotiate[30] ^= 1; // somebody in between took a flag away
    let other_negotiate = other_negotiate.answered(&good).ok().unwrap();
    assert_eq!(other_negotiate.prove(&hash).err(), Some(Disbelief::Mic));
}

#[test]
fn any_cut_or_changed_message_is_an_error_and_never_a_panic() {
    let whole = bytes(AUTHENTICATE);
    let hash = nt_hash(&utf16("Password"));
    for len in 0..whole.len() {
        if let Ok(claim) = challenged().answered(&whole[..len]) {
            assert!(claim.prove(&hash).is_err(), "{len} bytes prove something");
        }
    }
    for at in 0..72 {
        for value in [0, 1, 0x7f, 0xff] {
            let mut changed = whole.clone();
            changed[at] = value;
            if let Ok(claim) = challenged().answered(&changed) {
                let _ = (claim.prove(&hash), claim.is_anonymous(), claim.anonymous_keys());
            }
        }
    }
    let long = [&b"NTLMSSP\0\x03\0\0\0"[..], &[0; MESSAGE_BYTES_MAX]].concat();
    assert!(challenged().answered(&long).is_err());
}
