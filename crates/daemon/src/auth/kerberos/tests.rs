//! The acceptor against a client made here, and against what nobody sane sends.
use super::*;
use picky_asn1::bit_string::BitString;
use picky_asn1::date::GeneralizedTime;
use picky_asn1::restricted_string::Ia5String;
use picky_asn1::wrapper::*;
use picky_krb::constants::gss_api::AP_REQ_TOKEN_ID;
use picky_krb::data_types as krb;
use picky_krb::messages::{ApReq, ApReqInner};

const AES256: usize = 18;
const SERVICE_KEY: [u8; 32] = [1; 32];
const SESSION_KEY: [u8; 32] = [2; 32];
const SUBKEY: [u8; 32] = [3; 32];

/// 2026-11-26 16:30:01, as [`clock`] and as seconds.
const NOW: i64 = 1_795_710_601;

pub(crate) fn now() -> FileTime {
    FileTime(u64::try_from(NOW + TO_1601_S).unwrap() * 10_000_000)
}

fn keytab(service: &[&str], realm: &str, version: u8) -> Vec<u8> {
    let counted = |text: &[u8]| [&u16::try_from(text.len()).unwrap().to_be_bytes()[..], text].concat();
    let mut entry = u16::try_from(service.len()).unwrap().to_be_bytes().to_vec();
    entry.extend(counted(realm.as_bytes()));
    service.iter().for_each(|part| entry.extend(counted(part.as_bytes())));
    entry.extend([0, 0, 0, 1, 0, 0, 0, 0, version, 0, 18]);
    entry.extend(counted(&SERVICE_KEY));
    [&[5, 2][..], &i32::try_from(entry.len()).unwrap().to_be_bytes(), &entry].concat()
}

/// What a client says; a test changes what it wants to.
#[derive(Clone)]
pub(crate) struct Said {
    pub(crate) client: &'static str,
    pub(crate) authenticated_client: &'static str,
    realm: &'static str,
    service: [&'static str; 2],
    starts: (u8, u8),
    ends: (u8, u8),
    clock: (u8, u8),
    flags: u8,
    options: u8,
    service_key: [u8; 32],
    checksum: Vec<u8>,
    subkey: Option<[u8; 32]>,
}

impl Default for Said {
    fn default() -> Said {
        let mut checksum = 16u32.to_le_bytes().to_vec();
        checksum.extend([0; 16]);
        checksum.extend(0x3eu32.to_le_bytes());
        Said {
            client: "alice",
            authenticated_client: "alice",
            realm: "EXAMPLE.ORG",
            service: ["cifs", "files.example.org"],
            starts: (16, 0),
            ends: (23, 0),
            clock: (16, 30),
            flags: 0,
            options: 0x20,
            service_key: SERVICE_KEY,
            checksum,
            subkey: Some(SUBKEY),
        }
    }
}

fn text(text: &str) -> krb::KerberosStringAsn1 {
    Ia5String::from_string(text.to_owned()).unwrap().into()
}

fn name(parts: &[&str]) -> krb::PrincipalName {
    krb::PrincipalName {
        name_type: IntegerAsn1(vec![1]).into(),
        name_string: Asn1SequenceOf(parts.iter().map(|part| text(part)).collect::<Vec<_>>()).into(),
    }
}

fn time((hour, minute): (u8, u8)) -> krb::KerberosTime {
    GeneralizedTime::new(2026, 11, 26, hour, minute, 1).unwrap().into()
}

fn key(value: &[u8]) -> krb::EncryptionKey {
    krb::EncryptionKey {
        key_type: IntegerAsn1(vec![18]).into(),
        key_value: OctetStringAsn1(value.to_vec()).into(),
    }
}

fn flags(byte: u8) -> BitStringAsn1 {
    BitString::with_bytes(vec![byte, 0, 0, 0]).into()
}

fn sealed(key: &[u8], usage: i32, plain: &[u8]) -> krb::EncryptedData {
    let cipher = CipherSuite::try_from(AES256).unwrap().cipher().encrypt(key, usage, plain).unwrap();
    krb::EncryptedData {
        etype: IntegerAsn1(vec![18]).into(),
        kvno: Optional::from(Some(IntegerAsn1(vec![2]).into())),
        cipher: OctetStringAsn1(cipher).into(),
    }
}

impl Said {
    pub(crate) fn token(&self) -> Vec<u8> {
        let ticket = krb::EncTicketPart::from(krb::EncTicketPartInner {
            flags: flags(self.flags).into(),
            key: key(&SESSION_KEY).into(),
            crealm: text("EXAMPLE.ORG").into(),
            cname: name(&[self.client]).into(),
            transited: krb::TransitedEncoding {
                tr_type: IntegerAsn1(vec![1]).into(),
                contents: OctetStringAsn1(Vec::new()).into(),
            }
            .into(),
            auth_time: time(self.starts).into(),
            starttime: Optional::from(None),
            endtime: time(self.ends).into(),
            renew_till: Optional::from(None),
            caddr: Optional::from(None),
            authorization_data: Optional::from(None),
        });
        let authenticator = krb::Authenticator::from(krb::AuthenticatorInner {
            authenticator_vno: IntegerAsn1(vec![5]).into(),
            crealm: text("EXAMPLE.ORG").into(),
            cname: name(&[self.authenticated_client]).into(),
            cksum: Optional::from((!self.checksum.is_empty()).then(|| {
                krb::Checksum {
                    cksumtype: IntegerAsn1(vec![0, 0x80, 3]).into(),
                    checksum: OctetStringAsn1(self.checksum.clone()).into(),
                }
                .into()
            })),
            cusec: IntegerAsn1(vec![7]).into(),
            ctime: time(self.clock).into(),
            subkey: Optional::from(self.subkey.map(|subkey| key(&subkey).into())),
            seq_number: Optional::from(None),
            authorization_data: Optional::from(None),
        });
        let ticket = picky_asn1_der::to_vec(&ticket).unwrap();
        let authenticator = picky_asn1_der::to_vec(&authenticator).unwrap();
        let request = ApReq::from(ApReqInner {
            pvno: IntegerAsn1(vec![5]).into(),
            msg_type: IntegerAsn1(vec![14]).into(),
            ap_options: flags(self.options).into(),
            ticket: krb::Ticket::from(krb::TicketInner {
                tkt_vno: IntegerAsn1(vec![5]).into(),
                realm: text(self.realm).into(),
                sname: name(&self.service).into(),
                enc_part: sealed(&self.service_key, TICKET_REP, &ticket).into(),
            })
            .into(),
            authenticator: sealed(&SESSION_KEY, AP_REQ_AUTHENTICATOR, &authenticator).into(),
        });
        message::wrapped(AP_REQ_TOKEN_ID, &picky_asn1_der::to_vec(&request).unwrap()).unwrap()
    }
}

/// A client's signature, as the one who sent [`Said::default`] makes it.
pub(crate) fn client_signature(message: &[u8]) -> Vec<u8> {
    let context = Context { suite: CipherSuite::try_from(AES256).unwrap(), key: SUBKEY.to_vec() };
    context.mic(INITIATOR_SIGN, message::mic_header(false, 0), message).unwrap()
}

/// The keys that open what [`Said`] sends.
pub(crate) fn default_keytab() -> Keytab {
    Keytab::parse(&keytab(&["cifs", "FILES.example.org"], "EXAMPLE.ORG", 2)).unwrap()
}

fn acceptor() -> Acceptor {
    let acceptor = Acceptor::default();
    acceptor.set_keytab(default_keytab());
    acceptor
}

fn outcome(said: &Said) -> Result<Accepted, Disbelief> {
    acceptor().accept(&said.token(), now(), 77)
}

#[test]
fn a_ticket_and_its_key_are_believed_and_answered() {
    let accepted = outcome(&Said::default()).ok().unwrap();
    assert_eq!((&accepted.name[..], &accepted.realm[..]), (&["alice".to_owned()][..], "EXAMPLE.ORG"));
    assert_eq!(accepted.context.session_key(), SUBKEY);
    assert_eq!(accepted.ends.0 / 10_000_000, now().0 / 10_000_000 + 6 * 3600 + 30 * 60);
    // The answer opens with the ticket's key, and gives back the client's time.
    let (_, reply) = accepted.token.split_at(accepted.token.iter().position(|byte| *byte == 0x6f).unwrap());
    let reply: picky_krb::messages::ApRep = picky_asn1_der::from_bytes(reply).unwrap();
    let cipher = CipherSuite::try_from(AES256).unwrap().cipher();
    let plain = cipher.decrypt(&SESSION_KEY, 12, &reply.0.enc_part.0.cipher.0.0).unwrap();
    let part: krb::EncApRepPart = picky_asn1_der::from_bytes(&plain).unwrap();
    assert_eq!((&part.0.ctime.0, &part.0.cusec.0.0[..]), (&time((16, 30)), &[7][..]));
}

#[test]
fn without_a_subkey_the_tickets_key_counts_and_without_the_wish_there_is_no_answer() {
    let mut said = Said { subkey: None, options: 0, ..Said::default() };
    said.checksum.splice(20.., 0x30u32.to_le_bytes());
    let accepted = outcome(&said).ok().unwrap();
    assert_eq!((accepted.context.session_key(), accepted.token.len()), (&SESSION_KEY[..], 0));
}

/// As impacket and the crate `smb2` ask: what the options of the request say counts alone.
#[test]
fn an_authenticator_without_a_checksum_is_taken_as_one_without_flags() {
    let mut said = Said { checksum: Vec::new(), subkey: None, options: 0, ..Said::default() };
    assert!(outcome(&said).ok().unwrap().token.is_empty());
    said.options = 0x20;
    assert!(!outcome(&said).ok().unwrap().token.is_empty());
}

#[test]
fn every_doubt_has_its_name() {
    let default = Said::default;
    let short = Said { checksum: vec![16, 0, 0, 0], ..default() };
    let said = [
        (Said { options: 0x40, ..default() }, Disbelief::UserToUser),
        (Said { realm: "ELSEWHERE.ORG", ..default() }, Disbelief::NoKey),
        (Said { service: ["http", "files.example.org"], ..default() }, Disbelief::NoKey),
        (Said { service_key: [9; 32], ..default() }, Disbelief::Ticket),
        (Said { flags: 1, ..default() }, Disbelief::NotYetValid),
        (Said { starts: (16, 40), ..default() }, Disbelief::NotYetValid),
        (Said { ends: (16, 20), ..default() }, Disbelief::Ended),
        (Said { authenticated_client: "bob", ..default() }, Disbelief::Authenticator),
        (short, Disbelief::Authenticator),
        (Said { clock: (16, 24), ..default() }, Disbelief::Skew),
        (Said { clock: (16, 36), ..default() }, Disbelief::Skew),
    ];
    for (said, wanted) in said {
        assert_eq!(outcome(&said).err(), Some(wanted));
    }
    // Within five minutes clocks may differ, whichever way.
    for said in [
        Said { starts: (16, 34), ..default() },
        Said { ends: (16, 26), ..default() },
        Said { clock: (16, 25), ..default() },
    ] {
        assert_eq!(outcome(&said).err(), None);
    }
}

#[test]
fn the_same_request_counts_once() {
    let (acceptor, token) = (acceptor(), Said::default().token());
    assert!(acceptor.accept(&token, now(), 0).is_ok());
    assert_eq!(acceptor.accept(&token, now(), 0).err(), Some(Disbelief::Replay));
    assert!(acceptor.accept(&Said::default().token(), now(), 0).is_ok(), "another of the same second is not");
}

#[test]
fn a_damaged_request_is_refused_whatever_the_damage() {
    let (acceptor, token) = (acceptor(), Said::default().token());
    for at in 0..token.len() {
        for bit in [1, 0x10, 0x80] {
            let mut damaged = token.clone();
            damaged[at] ^= bit;
            // A flag of the options, a version of the key and the type of a name are not under any seal.
            if let Ok(accepted) = acceptor.accept(&damaged, now(), 0) {
                assert_eq!(accepted.name, ["alice"], "byte {at}");
            }
        }
        assert!(acceptor.accept(&token[..at], now(), 0).is_err());
    }
}

#[test]
fn a_signature_is_one_of_the_client_over_this_message() {
    let accepted = outcome(&Said::default()).ok().unwrap();
    let context = accepted.context;
    let header = message::mic_header(false, 5);
    let mic = context.mic(INITIATOR_SIGN, header, b"list").unwrap();
    assert!(context.is_signature(b"list", &mic));
    assert!(!context.is_signature(b"lost", &mic));
    assert!(!context.is_signature(b"list", &mic[..mic.len() - 1]));
    assert!(!context.is_signature(b"list", &context.sign(5, b"list").unwrap()), "our own came back");
    assert!(!context.is_signature(b"list", &[]));
}

#[test]
fn a_keytab_is_read_with_its_holes_and_long_versions() {
    let one = keytab(&["cifs", "a"], "R", 3);
    let mut file = one.clone();
    file.extend([0xff, 0xff, 0xff, 0xfc, 1, 2, 3, 4]); // a hole of four bytes
    let mut long = one[2..].to_vec();
    long.extend(300u32.to_be_bytes());
    let len = i32::try_from(long.len() - 4).unwrap();
    long.splice(..4, len.to_be_bytes());
    file.extend(&long);
    let keys = Keytab::parse(&file).unwrap();
    let service = Principal { realm: "r".into(), name: vec!["CIFS".into(), "a".into()] };
    let versions = |version| keys.keys_of(&service, 18, version).map(|key| key.version).collect::<Vec<_>>();
    assert_eq!(
        (versions(None), versions(Some(300)), versions(Some(9))),
        (vec![3, 300], vec![300, 3], vec![3, 300])
    );
    assert_eq!(keys.keys_of(&service, 17, None).count(), 0);
    for len in 2..file.len() {
        // A file cut between entries is a shorter keytab; cut inside of one it is none.
        let cut = Keytab::parse(&file[..len]);
        assert_eq!(cut.is_ok(), [one.len(), one.len() + 8].contains(&len), "{len}");
    }
    assert_eq!(Keytab::parse(&[5, 1]).err(), Some(KeytabError::Version));
    assert_eq!(Keytab::parse(&[5, 2]).err(), Some(KeytabError::Empty));
    assert_eq!(Keytab::parse(&[5, 2, 0x80, 0, 0, 0]).err(), Some(KeytabError::Entry { at: 2 }));
}
