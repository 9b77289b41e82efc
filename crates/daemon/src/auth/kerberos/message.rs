//! The messages of the exchange, as far as their acceptor reads and writes them. RFC 4120 5.5, RFC 4121 4.1
use crate::auth::spnego::{initial, within};
use der::asn1::{BitStringRef, ObjectIdentifier};
use der::{Decode, Encode, Header, Reader, SliceReader};
use picky_asn1::date::GeneralizedTime;
use picky_asn1::wrapper::{
    BitStringAsn1, ExplicitContextTag0, ExplicitContextTag1, ExplicitContextTag2, ExplicitContextTag3,
    IntegerAsn1, OctetStringAsn1, Optional,
};
use picky_krb::constants::gss_api::{AP_REP_TOKEN_ID, AP_REQ_TOKEN_ID};
use picky_krb::constants::key_usages::AP_REP_ENC;
use picky_krb::constants::types::{AP_REP_MSG_TYPE, AP_REQ_MSG_TYPE};
use picky_krb::crypto::CipherSuite;
use picky_krb::data_types as krb;
use picky_krb::messages::{ApRep, ApRepInner, ApReq};

/// Kerberos, by the number that RFC 4121 gives it.
pub const KRB5: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113554.1.2.2");
/// Kerberos, by the number that Windows 2000 gave it by mistake and that Windows lists first. [MS-SPNG] 1.9
pub const MS_KRB5: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.48018.1.2.2");

/// The protocol's version. RFC 4120 5.10
const PVNO: u8 = 5;

/// The checksum that carries the flags of GSS. RFC 4121 4.1.1
const GSS_CHECKSUM: i64 = 0x8003;
/// GSS_C_MUTUAL_FLAG. RFC 4121 4.1.1.1
const GSS_MUTUAL: u32 = 2;

/// True of either number of Kerberos.
pub fn is_kerberos(mechanism: &ObjectIdentifier) -> bool {
    *mechanism == KRB5 || *mechanism == MS_KRB5
}

/// A name in a realm.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Principal {
    pub(super) realm: String,
    pub(super) name: Vec<String>,
}

impl Principal {
    fn new(realm: &krb::Realm, name: &krb::PrincipalName) -> Principal {
        let name = &name.name_string.0.0;
        Principal {
            realm: realm.0.as_utf8().to_owned(),
            name: name.iter().map(|part| part.0.as_utf8().to_owned()).collect(),
        }
    }

    /// True when this names the same service: names of machines have no case, and realms of Windows neither.
    pub(super) fn is_like(&self, other: &Principal) -> bool {
        let alike = |(a, b): (&String, &String)| a.eq_ignore_ascii_case(b);
        self.realm.eq_ignore_ascii_case(&other.realm)
            && self.name.len() == other.name.len()
            && self.name.iter().zip(&other.name).all(alike)
    }
}

/// A client's first message.
pub(super) struct Request(ApReq);

impl Request {
    /// From a token of GSS: [APPLICATION 0], the mechanism, two bytes, AP-REQ. RFC 4121 4.1
    pub(super) fn parse(token: &[u8]) -> Option<Request> {
        let request: ApReq = picky_asn1_der::from_bytes(unwrapped(token, AP_REQ_TOKEN_ID)?).ok()?;
        let inner = &request.0;
        let is_right = is(&inner.pvno.0, PVNO) && is(&inner.msg_type.0, AP_REQ_MSG_TYPE);
        (is_right && is(&inner.ticket.0.0.tkt_vno.0, PVNO)).then_some(Request(request))
    }

    fn option(&self, number: usize) -> bool {
        flag(&self.0.0.ap_options.0, number)
    }

    /// use-session-key. RFC 4120 5.5.1
    pub(super) fn uses_session_key(&self) -> bool {
        self.option(1)
    }

    /// mutual-required. RFC 4120 5.5.1
    pub(super) fn is_mutual(&self) -> bool {
        self.option(2)
    }

    pub(super) fn service(&self) -> Option<Principal> {
        let ticket = &self.0.0.ticket.0.0;
        let service = Principal::new(&ticket.realm.0, &ticket.sname.0);
        (!service.name.is_empty()).then_some(service)
    }

    pub(super) fn ticket(&self) -> &[u8] {
        &self.0.0.ticket.0.0.enc_part.0.cipher.0.0
    }

    pub(super) fn ticket_etype(&self) -> usize {
        etype(&self.0.0.ticket.0.0.enc_part.0.etype.0)
    }

    pub(super) fn ticket_kvno(&self) -> Option<u32> {
        let kvno = self.0.0.ticket.0.0.enc_part.0.kvno.0.as_ref()?;
        number(&kvno.0).and_then(|kvno| u32::try_from(kvno).ok())
    }

    pub(super) fn authenticator(&self) -> &[u8] {
        &self.0.0.authenticator.0.cipher.0.0
    }

    pub(super) fn authenticator_etype(&self) -> usize {
        etype(&self.0.0.authenticator.0.etype.0)
    }
}

/// What the KDC says of a client. RFC 4120 5.3
pub(super) struct Ticket {
    pub(super) client: Principal,
    pub(super) etype: usize,
    pub(super) key: Vec<u8>,
    /// In seconds from 1970, as the others.
    pub(super) starts: i64,
    pub(super) ends: i64,
    pub(super) is_invalid: bool,
}

impl Ticket {
    pub(super) fn parse(plain: &[u8]) -> Option<Ticket> {
        let ticket: krb::EncTicketPart = picky_asn1_der::from_bytes(plain).ok()?;
        let ticket = ticket.0;
        let starts = ticket.starttime.0.as_ref().map_or(&ticket.auth_time.0, |time| &time.0);
        Some(Ticket {
            client: Principal::new(&ticket.crealm.0, &ticket.cname.0),
            etype: etype(&ticket.key.0.key_type.0),
            key: ticket.key.0.key_value.0.0.clone(),
            starts: seconds(&starts.0),
            ends: seconds(&ticket.endtime.0.0),
            is_invalid: flag(&ticket.flags.0, 7),
        })
    }
}

/// That the client holds the ticket's key, now. RFC 4120 5.5.1
pub(super) struct Authenticator {
    pub(super) client: Principal,
    pub(super) time: i64,
    pub(super) microseconds: u32,
    /// Its encryption type and bytes.
    pub(super) subkey: Option<(usize, Vec<u8>)>,
    /// It has the checksum that GSS wants there, or none.
    pub(super) is_of_gss: bool,
    pub(super) is_mutual: bool,
    ctime: krb::KerberosTime,
    cusec: IntegerAsn1,
}

impl Authenticator {
    pub(super) fn parse(plain: &[u8]) -> Option<Authenticator> {
        let authenticator: krb::Authenticator = picky_asn1_der::from_bytes(plain).ok()?;
        let found = authenticator.0;
        // Clients that speak Kerberos by hand leave the checksum out (impacket, smb2): Windows takes that, as if no flag were
        // set, and so do the servers of MIT and Heimdal.
        let flags = found.cksum.0.as_ref().map_or(Some(0), |checksum| gss_flags(&checksum.0));
        let subkey = found.subkey.0.as_ref().map(|key| &key.0);
        Some(Authenticator {
            client: Principal::new(&found.crealm.0, &found.cname.0),
            time: seconds(&found.ctime.0.0),
            microseconds: number(&found.cusec.0).and_then(|part| u32::try_from(part).ok())?,
            subkey: subkey.map(|key| (etype(&key.key_type.0), key.key_value.0.0.clone())),
            is_of_gss: flags.is_some(),
            is_mutual: flags.is_some_and(|flags| flags & GSS_MUTUAL != 0),
            ctime: found.ctime.0,
            cusec: found.cusec.0,
        })
    }
}

/// The flags in the checksum: a length, 16 bytes of channel bindings, which SMB has none of, and the flags. RFC 4121 4.1.1
fn gss_flags(checksum: &krb::Checksum) -> Option<u32> {
    let body = &checksum.checksum.0.0;
    if number(&checksum.cksumtype.0) != Some(GSS_CHECKSUM) || body.get(..4) != Some(&16u32.to_le_bytes()) {
        return None;
    }
    Some(u32::from_le_bytes(body.get(20..24)?.try_into().ok()?))
}

/// The answer that proves the server: the client's time under the ticket's key. RFC 4120 5.5.2
pub(super) fn ap_rep(etype: usize, key: &[u8], to: &Authenticator, sequence: u32) -> Option<Vec<u8>> {
    let plain = krb::EncApRepPart::from(krb::EncApRepPartInner {
        ctime: ExplicitContextTag0::from(to.ctime.clone()),
        cusec: ExplicitContextTag1::from(to.cusec.clone()),
        subkey: Optional::from(None),
        seq_number: Optional::from(Some(ExplicitContextTag3::from(integer(&sequence.to_be_bytes())))),
    });
    let suite = CipherSuite::try_from(etype).ok()?;
    let plain = picky_asn1_der::to_vec(&plain).ok()?;
    let sealed = suite.cipher().encrypt(key, AP_REP_ENC, &plain).ok()?;
    let reply = ApRep::from(ApRepInner {
        pvno: ExplicitContextTag0::from(integer(&[PVNO])),
        msg_type: ExplicitContextTag1::from(integer(&[AP_REP_MSG_TYPE])),
        enc_part: ExplicitContextTag2::from(krb::EncryptedData {
            etype: ExplicitContextTag0::from(integer(&[u8::try_from(etype).ok()?])),
            kvno: Optional::from(None),
            cipher: ExplicitContextTag2::from(OctetStringAsn1(sealed)),
        }),
    });
    wrapped(AP_REP_TOKEN_ID, &picky_asn1_der::to_vec(&reply).ok()?)
}

/// A message in the frame of GSS. RFC 4121 4.1, RFC 2743 3.1
pub(super) fn wrapped(token_id: [u8; 2], message: &[u8]) -> Option<Vec<u8>> {
    let body = [&KRB5.to_der().ok()?[..], &token_id, message].concat();
    within(initial(), &body).ok()
}

fn unwrapped(token: &[u8], token_id: [u8; 2]) -> Option<&[u8]> {
    let mut reader = SliceReader::new(token).ok()?;
    let header = Header::decode(&mut reader).ok()?;
    if header.tag() != initial() || header.length() != reader.remaining_len() {
        return None;
    }
    let mechanism = ObjectIdentifier::decode(&mut reader).ok()?;
    let rest = reader.read_slice(reader.remaining_len()).ok()?;
    rest.strip_prefix(&token_id).filter(|_| is_kerberos(&mechanism))
}

/// The first 16 bytes of a signature: 04 04, SentByAcceptor or nothing, FF five times, the number. RFC 4121 4.2.6.1
pub(super) fn mic_header(by_acceptor: bool, sequence: u64) -> [u8; 16] {
    let [a, b, c, d, e, f, g, h] = sequence.to_be_bytes();
    [4, 4, u8::from(by_acceptor), 0xff, 0xff, 0xff, 0xff, 0xff, a, b, c, d, e, f, g, h]
}

/// A client's signature apart: its header, whose flags say that it is one of a client under the key we know, and its checksum.
pub(super) fn mic_parts(mic: &[u8]) -> Option<([u8; 16], &[u8])> {
    let (header, checksum) = mic.split_first_chunk::<16>()?;
    let (_, sequence) = header.split_last_chunk::<8>()?;
    (*header == mic_header(false, u64::from_be_bytes(*sequence))).then_some((*header, checksum))
}

fn integer(be: &[u8]) -> IntegerAsn1 {
    IntegerAsn1::from_bytes_be_unsigned(be.to_vec())
}

fn number(integer: &IntegerAsn1) -> Option<i64> {
    let bytes = integer.as_signed_bytes_be();
    let first = *bytes.first()?;
    let fill = if first & 0x80 == 0 { 0 } else { -1 };
    (bytes.len() <= 8).then(|| bytes.iter().fold(fill, |sum: i64, byte| sum << 8 | i64::from(*byte)))
}

fn is(integer: &IntegerAsn1, wanted: u8) -> bool {
    number(integer) == Some(i64::from(wanted))
}

/// An encryption type; those below zero and beyond a byte are nobody's.
fn etype(integer: &IntegerAsn1) -> usize {
    number(integer).and_then(|etype| u8::try_from(etype).ok()).map_or(0, usize::from)
}

/// A bit of KerberosFlags: bit 0 is the highest of the first byte. RFC 4120 5.2.8
fn flag(bits: &BitStringAsn1, number: usize) -> bool {
    // One without even the byte that counts its unused bits is none (X.690 8.6.2.2), but passes the library that read it, which panics when
    // it is looked into: so it is looked at as it is written.
    let written = picky_asn1_der::to_vec(bits).unwrap_or_default();
    let Ok(bits) = BitStringRef::from_der(&written) else { return false };
    let byte = bits.raw_bytes().get(number / 8).copied().unwrap_or(0);
    byte & (0x80 >> (number % 8)) != 0
}

/// Seconds from 1970: days by the Gregorian calendar, counted from March so that a leap day comes last.
fn seconds(time: &GeneralizedTime) -> i64 {
    let (month, day) = (i64::from(time.month()), i64::from(time.day()));
    let year = i64::from(time.year()) - i64::from(month <= 2);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468;
    let of_day = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    days * 86_400 + of_day
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_those_of_unix() {
        let at = |y, mo, d, h, mi, s| seconds(&GeneralizedTime::new(y, mo, d, h, mi, s).unwrap());
        // From `date -u -d ... +%s` of GNU coreutils.
        assert_eq!(at(1970, 1, 1, 0, 0, 0), 0);
        assert_eq!(at(2000, 2, 29, 23, 59, 59), 951_868_799);
        assert_eq!(at(2026, 11, 26, 16, 30, 1), 1_795_710_601);
        assert_eq!(at(2100, 3, 1, 0, 0, 0), 4_107_542_400);
        assert_eq!(at(1999, 12, 31, 12, 0, 0), 946_641_600);
    }

    /// The first was found by fuzzing: it made the library panic.
    #[test]
    fn flags_are_bits_of_a_string_that_is_one() {
        let is_set = |written: &[u8], number| flag(&picky_asn1_der::from_bytes(written).unwrap(), number);
        assert!(!is_set(&[3, 0], 1), "not even the count of unused bits");
        assert!(!is_set(&[3, 1, 0], 1), "no bits");
        assert!(is_set(&[3, 5, 0, 0x40, 0, 0, 0], 1) && !is_set(&[3, 5, 0, 0x40, 0, 0, 0], 0));
        assert!(is_set(&[3, 5, 0, 0, 0, 0, 1], 31) && !is_set(&[3, 5, 0, 0xff, 0xff, 0xff, 0xff], 32));
    }

    #[test]
    fn a_frame_is_of_kerberos_and_ends_where_it_says() {
        let token = wrapped(AP_REQ_TOKEN_ID, b"message").unwrap();
        assert_eq!(unwrapped(&token, AP_REQ_TOKEN_ID), Some(&b"message"[..]));
        assert_eq!(unwrapped(&token, AP_REP_TOKEN_ID), None);
        assert_eq!(unwrapped(&token[..token.len() - 1], AP_REQ_TOKEN_ID), None);
        assert_eq!(unwrapped(&[&token[..], &[0]].concat(), AP_REQ_TOKEN_ID), None);
    }

    #[test]
    fn numbers_of_asn1_keep_their_sign() {
        let of = |bytes: &[u8]| number(&IntegerAsn1::from_bytes_be_signed(bytes.to_vec()));
        assert_eq!(
            (of(&[0x12]), of(&[0x00, 0x80, 0x03]), of(&[0xff, 0x7b])),
            (Some(18), Some(0x8003), Some(-133))
        );
    }
}
