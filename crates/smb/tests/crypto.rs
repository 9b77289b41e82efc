//! Known answers: keys, hashes, signatures and encrypted messages that Microsoft and others published.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test that is wrong shall panic
use aes_gcm::aead::{AeadInOut, KeyInit};
use proptest::prelude::*;
use smb::crypto::{
    Derivation, MessageNonce, PreauthHash, SealFault, SealingKey, Sender, SessionKeys, SigningKey,
};
use wire::negotiate::{Cipher, Dialect, SigningAlgorithm};
use wire::{Command, Header, TRANSFORM_LEN, TransformHeader};

fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

fn hash(text: &str) -> PreauthHash {
    PreauthHash::from_bytes(hex(text).try_into().unwrap())
}

/// The bytes of a captured message, which the tests of `wire` keep with its source.
fn captured(name: &str) -> Vec<u8> {
    let path = format!("{}/../wire/tests/vectors/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    hex(text.split_once("bytes:\n").unwrap().1)
}

// Microsoft Open Specifications blog, "SMB 2 and SMB 3 security in Windows 10: the anatomy of signing and cryptographic
// keys" (2017-05-26), appendix. It names the keys as the client does: its EncryptionKey is our decryption key.

#[test]
fn the_keys_of_microsoft_s_example_for_3_0() {
    let keys = SessionKeys::derive(&hex("7CD451825D0450D235424E44BA6E78CC"), Derivation::Constant, None);
    assert_eq!(keys.signing[..], hex("0B7E9C5CAC36C0F6EA9AB275298CEDCE"));
    assert_eq!(keys.decryption, hex("FAD27796665B313EBB578F388632B4F7"));
    assert_eq!(keys.encryption, hex("B0F0427F7CEB416D1D9DCC0CD4F99447"));
    assert_eq!(keys.application[..], hex("BB23A4575AA26C721AF525AF15A87B4F"));
    let channel = SessionKeys::derive(&hex("4E01A2B313BCF660CC250BEF021AEDE6"), Derivation::Constant, None);
    assert_eq!(channel.signing[..], hex("BA1A17DBBFEC349BCA105563D598952F"));
}

/// The hash of the five messages that led to the session of the example for 3.1.1.
const SESSION_HASH: &str = "0DD13628CC3ED218EF9DF9772D436D0887AB9814BFAE63A80AA845F36909DB79
    28622DDDAD522D9751640A459762C5A9D6BB084CBB3CE6BDADEF5D5BCE3C6C01";

#[test]
fn the_preauthentication_hashes_of_microsoft_s_example() {
    let steps = [
        (
            "captured_negotiate_request",
            "DD94EFC5321BB618A2E208BA8920D2F422992526947A409B5037DE1E0FE8C7362B8C47122594CDE0
            CE26AA9DFC8BCDBDE0621957672623351A7540F1E54A0426",
        ),
        (
            "captured_negotiate_response",
            "324BFA92A4F3A190E466EBEA08D9C110DC88BFED758D9846ECC6F541CC1D02AE3C94A79F36011E99
            7E13F841B91B50957AD07B19C8E2539C0B23FDAE09D2C513",
        ),
        (
            "captured_session_setup_request_1",
            "AC0B0F2B9986257700365E416D142A6EDC96DF03594A19E52A15F6BD0D041CD5D432F8ED42C55E33
            197A50C9EC00F1462B50C592211B1471A04B56088FDFD5F9",
        ),
        (
            "captured_session_setup_response_1",
            "2729E3440DFDDD839E37193F6E8F20C20CEFB3469E453A70CD980EEC06B8835740A7376008563336
            4C8989895ECE81BF102DEEB14D4B7D48AFA76901A7A38387",
        ),
        ("captured_session_setup_request_2", SESSION_HASH),
    ];
    let mut value = PreauthHash::ZERO;
    for (message, want) in steps {
        value = value.after(&captured(message));
        assert_eq!(value, hash(want), "{message}");
    }
}

#[test]
fn the_keys_of_microsoft_s_example_for_3_1_1() {
    let hash = hash(SESSION_HASH);
    let key = hex("270E1BA896585EEB7AF3472D3B4C75A7");
    let keys = SessionKeys::derive(&key, Derivation::Preauth(&hash), Some(Cipher::AES_128_GCM));
    assert_eq!(keys.signing[..], hex("73FE7A9A77BEF0BDE49C650D8CCB5F76"));
    assert_eq!(keys.decryption, hex("629BCBC54422A0F572B97F45989B6073"));
    assert_eq!(keys.encryption, hex("E2AF0DCEFAC68DA71A0DFBD0D1350D74"));
    assert_eq!(keys.application[..], hex("6D7AD7954E9EC61E907B4D473DC178FF"));
}

#[test]
fn the_signature_that_windows_put_on_its_session_setup_response() {
    let key = hex("73FE7A9A77BEF0BDE49C650D8CCB5F76").try_into().unwrap();
    let mut message = captured("captured_session_setup_response_2");
    let header = Header::decode(&message).unwrap();
    let key = SigningKey::new(&key, Dialect::SMB_3_1_1, None);
    assert!(key.verifies(&header, Sender::Server, &message));
    *message.last_mut().unwrap() ^= 1;
    assert!(!key.verifies(&header, Sender::Server, &message));
}

/// The answer is that of Python's hmac module over the same bytes, whose Signature is zero.
#[test]
fn the_signature_of_2_1_is_the_first_half_of_python_s_hmac_sha256() {
    let message = captured("captured_write_request");
    let key = hex("7CD451825D0450D235424E44BA6E78CC").try_into().unwrap();
    let key = SigningKey::new(&key, Dialect::SMB_2_1, None);
    let nonce = MessageNonce::of(&Header::decode(&message).unwrap(), Sender::Client);
    let want = hex("200ee03a78ad83b663de48c53a2b5e4a");
    assert_eq!(key.signature(nonce, &message, &[])[..], want);
    assert_eq!(key.signature(nonce, &message[..100], &[&message[100..]])[..], want);
}

// Microsoft Open Specifications blog, "Encryption in SMB 3.0: a protocol perspective" (2012-10-05), as pike's tests of test
// vectors give it (emc-isilon/pike, pike/test/test_crypto).

#[test]
fn the_encrypted_request_of_microsoft_s_example_for_3_0() {
    let keys = SessionKeys::derive(&hex("B4546771B515F766A86735532DD6C4F0"), Derivation::Constant, None);
    assert_eq!(keys.decryption, hex("261B72350558F2E9DCF613070383EDBF"));
    let sent = hex("FD534D4281A286535415445DAE393921E44FA42E66E69A111892584FB5ED524A
        744DA3EE87000000000001001100001400E4080025C8FEE16605A437832D1CD5
        2DA9F4645333482A175FE5384563F45FCDAFAEF38BC62BA4D5C62897996625A4
        4C29BE5658DE2E6117585779E7B59FFD971278D08580D7FA899E410E910EABF5
        AA1DB43050B33B49182637759AC15D84BFCDF5B6B238993C0F4CF4D6012023F6
        C627297075D84B7803912D0A9639634453595EF3E33FFE4E7AC2AB");
    let key = SealingKey::new(&keys.decryption, Cipher::AES_128_CCM).unwrap();
    let (header, _) = TransformHeader::decode(&sent).unwrap();
    let mut message = sent.clone();
    key.open(&header, &mut message).unwrap();
    let plain = captured("captured_write_request");
    assert_eq!(message, plain);
    // The other way, with the nonce of the example, whose reserved bytes are not zero: 3.0 authenticates them as they are.
    let mut again = plain;
    let head = key.seal(header.session_id, header.nonce, &mut again).unwrap();
    assert_eq!([&head[..], &again].concat(), sent);
}

#[test]
fn the_encrypted_response_of_microsoft_s_example_for_3_0() {
    let keys = SessionKeys::derive(&hex("B4546771B515F766A86735532DD6C4F0"), Derivation::Constant, None);
    assert_eq!(keys.encryption, hex("8FE2B57EC34D2DB5B1A9727F526BBDB5"));
    let sent = hex("FD534D42A6015530A18F6D9AFFE22AFAE8E66484860000000000000011000014
        00E4080050000000000001001100001400E40800DBF46435C5F14169293CE079
        E344479BF670227E49873F458672C3098DAC467DD5809F369D67409166515787
        1483E01F7BECD02064EAC3E235F913668BBC2F097980D4B378F1993EFF6E60D1
        77309E5B");
    let (header, _) = TransformHeader::decode(&sent).unwrap();
    let mut message = sent;
    let key = SealingKey::new(&keys.encryption, Cipher::AES_128_CCM).unwrap();
    key.open(&header, &mut message).unwrap();
    assert_eq!(message, captured("captured_write_response"));
}

/// Microsoft Open Specifications blog, "SMB 3.1.1 encryption in Windows 10" (2015-09-09), from the same tests of pike.
#[test]
fn the_encrypted_request_of_microsoft_s_example_for_3_1_1() {
    let hash = hash(
        "B23F3CBFD69487D9832B79B1594A367CDD950909B774C3A4C412B4FCEA9EDDDBA7DB256BA2EA30E9
        77F11F9B113247578E0E915C6D2A513B8F2FCA5707DC8770",
    );
    let key = hex("419FDDF34C1E001909D362AE7FB6AF79");
    let keys = SessionKeys::derive(&key, Derivation::Preauth(&hash), Some(Cipher::AES_128_GCM));
    assert_eq!(keys.decryption, hex("A2F5E80E5D59103034F32E52F698E5EC"));
    let mut message = hex("FE534D4240000100000000000900010008000000000000000500000000000000FFFE000001000000
        25000000001000000000000000000000000000000000000031007000170000000000000000000000
        0600000004000000010000000400000000000000000000007000000000000000536D623320656E63
        72797074696F6E2074657374696E67");
    let sealing = SealingKey::new(&keys.decryption, Cipher::AES_128_GCM).unwrap();
    let mut nonce = [0; 16];
    nonce[..12].copy_from_slice(&hex("C7D6822D269CAF48904C664C"));
    sealing.seal(0x1000_0000_0025, nonce, &mut message).unwrap();
    let want = hex("6ECDD2A7AFC7B47763057A041B8FD4DAFFE990B70C9E09D36C084E02D14EF247F8BDE38ACF6256F8
        B1D3B56F77FBDEB312FEA5E92CBCC1ED8FB2EBBFAA75E49A4A394BB44576545567C24D4C014D47C9
        FBDFDAFD2C4F9B72F8D256452620A299F48E29E53D6B61D1C13A19E91AF013F00D17E3ABC2FC3D36
        C8C1B6B93973253852DBD442E46EE8");
    assert_eq!(message, want);
}

/// jborean93/smbprotocol 55d8294, tests/test_connection.py, test_encrypt_ccm and test_encrypt_gcm.
#[test]
fn the_four_ciphers_give_smbprotocol_s_answers() {
    for (cipher, key_len, nonce_len, signature, data) in [
        (Cipher::AES_128_CCM, 16, 11, "c8730c9ba7e59f1cfd3751a195f2b3ac", "2191e30e"),
        (Cipher::AES_256_CCM, 32, 11, "3efb4797518aab05c548a7fc2074f593", "2f5841d7"),
        (Cipher::AES_128_GCM, 16, 12, "39d83234d753d08ec0fcbe33015f19bd", "da265733"),
        (Cipher::AES_256_GCM, 32, 12, "45e5b723052ecad01eefad6f0487e32d", "bc39bd81"),
    ] {
        let key = SealingKey::new(&vec![0xFF; key_len], cipher).unwrap();
        assert_eq!(key.nonce_len(), nonce_len);
        let mut nonce = [0; 16];
        nonce[..nonce_len].fill(0xFF);
        let mut message = [1, 2, 3, 4];
        let head = key.seal(1, nonce, &mut message).unwrap();
        let (header, _) = TransformHeader::decode(&head).unwrap();
        assert_eq!(header.signature[..], hex(signature), "{cipher:?}");
        assert_eq!(message[..], hex(data), "{cipher:?}");
        assert_eq!((header.original_message_len, header.flags, header.session_id), (4, 1, 1));
        assert_eq!(head.len(), TRANSFORM_LEN);
    }
}

#[test]
fn a_key_of_the_wrong_length_or_cipher_seals_nothing() {
    assert!(SealingKey::new(&[0; 32], Cipher::AES_128_GCM).is_none());
    assert!(SealingKey::new(&[0; 16], Cipher::AES_256_CCM).is_none());
    assert!(SealingKey::new(&[0; 16], Cipher(0)).is_none());
}

#[test]
fn a_256_bit_cipher_gets_keys_of_32_bytes_from_the_whole_of_a_long_session_key() {
    let hash = hash(SESSION_HASH);
    let derive = |key: &[u8]| SessionKeys::derive(key, Derivation::Preauth(&hash), Some(Cipher::AES_256_GCM));
    let (short, long) = (derive(&[7; 16]), derive(&[7; 32]));
    assert_eq!((long.encryption.len(), long.decryption.len()), (32, 32));
    assert_ne!(long.encryption, short.encryption);
    assert_eq!(long.signing, short.signing, "the session key is the first 16 bytes");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// AES-GMAC against another implementation: aes-gcm over nothing, the message being authenticated beside it. The parts
    /// into which a message is cut change nothing.
    #[test]
    fn a_gmac_over_parts_is_the_gmac_of_the_whole(
        key: [u8; 16],
        message_id: u64,
        message in prop::collection::vec(any::<u8>(), 64..400),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
    ) {
        let header = Header::new(Command::READ, message_id);
        let nonce = MessageNonce::of(&header, Sender::Server);
        let mut zeroed = message.clone();
        zeroed[48..64].fill(0);
        let mut wanted = [0u8; 12];
        wanted[..8].copy_from_slice(&message_id.to_le_bytes());
        wanted[8] = 1;
        let cipher = aes_gcm::Aes128Gcm::new(&key.into());
        let tag = cipher.encrypt_inout_detached(&wanted.into(), &zeroed, (&mut [][..]).into()).unwrap();
        let signing = SigningKey::new(&key, Dialect::SMB_3_1_1, Some(SigningAlgorithm::AES_GMAC));
        prop_assert_eq!(&signing.signature(nonce, &message, &[])[..], tag.as_slice());
        let mut at: Vec<usize> = cuts.iter().map(|cut| 64 + cut.index(message.len() - 63)).collect();
        at.extend([64, message.len()]);
        at.sort_unstable();
        let parts: Vec<&[u8]> = at.windows(2).map(|pair| &message[pair[0]..pair[1]]).collect();
        prop_assert_eq!(&signing.signature(nonce, &message[..64], &parts)[..], tag.as_slice());
    }

    #[test]
    fn what_is_sealed_is_opened_and_nothing_else_is(
        message in prop::collection::vec(any::<u8>(), 1..300),
        which in 0usize..4,
        flip in any::<prop::sample::Index>(),
    ) {
        let cipher = [Cipher::AES_128_CCM, Cipher::AES_128_GCM, Cipher::AES_256_CCM, Cipher::AES_256_GCM][which];
        let key = SealingKey::new(&[9; 32][..if which < 2 { 16 } else { 32 }], cipher).unwrap();
        let mut nonce = [0; 16];
        nonce[..11].fill(3);
        let mut sealed = message.clone();
        let head = key.seal(5, nonce, &mut sealed).unwrap();
        let whole = [&head[..], &sealed].concat();
        let open = |bytes: &[u8]| {
            let (header, _) = TransformHeader::decode(bytes).ok()?;
            let mut plain = bytes.to_vec();
            key.open(&header, &mut plain).ok().map(|()| plain)
        };
        prop_assert_eq!(open(&whole), Some(message));
        let mut forged = whole.clone();
        let at = flip.index(forged.len());
        forged[at] ^= 0x10;
        // The nonce's bytes beyond the cipher's are authenticated with the header, but Reserved (40, 41) is not read.
        prop_assume!(!(40..42).contains(&at));
        prop_assert_eq!(open(&forged), None);
        let (header, _) = TransformHeader::decode(&whole).unwrap();
        let other = SealingKey::new(&[8; 32][..if which < 2 { 16 } else { 32 }], cipher).unwrap();
        prop_assert_eq!(other.open(&header, &mut whole.clone()), Err(SealFault::Forged));
    }
}
