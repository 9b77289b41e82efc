//! The tokens of SPNEGO: which mechanism, and the mechanism's own tokens inside. RFC 4178 and [MS-SPNG] 2.2.1
use der::asn1::{Any, BitString, ObjectIdentifier, OctetString};
use der::{Decode, Encode, Enumerated, Header, Reader, Sequence, SliceReader, Tag, TagNumber};

/// SPNEGO itself.
pub const SPNEGO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.2");
/// NTLMSSP. [MS-SPNG] 1.9
pub const NTLMSSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.2.10");

/// The most mechanisms that a client may list. (Not in the specification.)
pub const MECH_TYPES_MAX: usize = 32;

/// [MS-SPNG] 2.2.1
const HINT_NAME: &[u8] = b"not_defined_in_RFC4178@please_ignore";

/// The first token of an initiator; [3] is the MIC in RFC 4178 and the hints in [MS-SPNG] 2.2.1, which is how it is read.
#[derive(Sequence)]
struct NegTokenInit {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    mech_types: Vec<Any>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    req_flags: Option<BitString>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    mech_token: Option<OctetString>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    hints_or_mic: Option<Any>,
    #[asn1(context_specific = "4", tag_mode = "EXPLICIT", optional = "true")]
    mech_list_mic: Option<OctetString>,
}

#[derive(Sequence)]
struct NegHints {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    hint_name: Any,
}

/// Every later token, of either side. RFC 4178 4.2.2
#[derive(Sequence)]
struct NegTokenResp {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    neg_state: Option<NegState>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    supported_mech: Option<ObjectIdentifier>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    response_token: Option<OctetString>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    mech_list_mic: Option<OctetString>,
}

/// How far a negotiation is. RFC 4178 4.2.2
#[derive(Clone, Copy, PartialEq, Eq, Debug, Enumerated)]
#[repr(u8)]
pub enum NegState {
    /// accept-completed
    AcceptCompleted = 0,
    /// accept-incomplete
    AcceptIncomplete = 1,
    /// reject
    Reject = 2,
    /// request-mic
    RequestMic = 3,
}

/// What a client proposes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proposal {
    /// MechTypeList as it was encoded: what mechListMIC signs.
    pub mech_list: Vec<u8>,
    /// The mechanisms, the client's favourite first; `None` where the list has something that is no identifier.
    pub mechanisms: Vec<Option<ObjectIdentifier>>,
    /// The token of the first mechanism, when the client sent one at once.
    pub mech_token: Option<Vec<u8>>,
}

/// A later token of the client.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Continuation {
    /// The mechanism's token.
    pub response_token: Option<Vec<u8>>,
    /// The client's signature of the list.
    pub mech_list_mic: Option<Vec<u8>>,
}

/// What the server answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// How far the negotiation is.
    pub state: NegState,
    /// The mechanism that was chosen: in the first answer only.
    pub supported_mech: Option<ObjectIdentifier>,
    /// The mechanism's token.
    pub response_token: Option<Vec<u8>>,
    /// The server's signature of the list.
    pub mech_list_mic: Option<Vec<u8>>,
}

/// The server's word before any of the client's: the mechanisms there are, the best first. [MS-SPNG] 3.2.5.2
pub fn negotiate_token(mechanisms: &[ObjectIdentifier]) -> der::Result<Vec<u8>> {
    let hints = NegHints { hint_name: Any::new(Tag::GeneralString, HINT_NAME)? };
    let init = NegTokenInit {
        mech_types: mechanisms.iter().map(Any::encode_from).collect::<der::Result<_>>()?,
        req_flags: None,
        mech_token: None,
        hints_or_mic: Some(Any::encode_from(&hints)?),
        mech_list_mic: None,
    };
    let mut body = SPNEGO.to_der()?;
    body.extend(within(context(0), &init.to_der()?)?);
    within(initial(), &body)
}

/// Reads a client's first token. RFC 4178 4.2.1
pub fn proposal(token: &[u8]) -> der::Result<Proposal> {
    let mut reader = SliceReader::new(token)?;
    expect(&mut reader, initial())?;
    if ObjectIdentifier::decode(&mut reader)? != SPNEGO {
        return Err(Tag::ObjectIdentifier.value_error().into());
    }
    expect(&mut reader, context(0))?;
    let init = NegTokenInit::decode(&mut reader)?;
    reader.finish()?;
    if init.mech_types.is_empty() || init.mech_types.len() > MECH_TYPES_MAX {
        return Err(Tag::Sequence.length_error().into());
    }
    Ok(Proposal {
        mech_list: init.mech_types.to_der()?,
        mechanisms: init.mech_types.iter().map(|mech| mech.decode_as().ok()).collect(),
        mech_token: init.mech_token.map(|token| token.into_bytes().into_vec()),
    })
}

/// Reads a client's later token. RFC 4178 4.2.2
pub fn continuation(token: &[u8]) -> der::Result<Continuation> {
    let mut reader = SliceReader::new(token)?;
    expect(&mut reader, context(1))?;
    let response = NegTokenResp::decode(&mut reader)?;
    reader.finish()?;
    Ok(Continuation {
        response_token: response.response_token.map(|token| token.into_bytes().into_vec()),
        mech_list_mic: response.mech_list_mic.map(|mic| mic.into_bytes().into_vec()),
    })
}

/// Writes a server's answer. RFC 4178 4.2.2
pub fn answer(answer: &Answer) -> der::Result<Vec<u8>> {
    let octets = |bytes: &Option<Vec<u8>>| bytes.clone().map(OctetString::new).transpose();
    let response = NegTokenResp {
        neg_state: Some(answer.state),
        supported_mech: answer.supported_mech,
        response_token: octets(&answer.response_token)?,
        mech_list_mic: octets(&answer.mech_list_mic)?,
    };
    within(context(1), &response.to_der()?)
}

/// [APPLICATION 0], around every first token. RFC 2743 3.1
pub(super) fn initial() -> Tag {
    Tag::Application { constructed: true, number: TagNumber(0) }
}

fn context(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
}

/// The header of this tag, whose value reaches to the end.
fn expect<'a>(reader: &mut SliceReader<'a>, tag: Tag) -> der::Result<()> {
    let header = Header::decode(reader)?;
    header.tag().assert_eq(tag)?;
    match header.length() == reader.remaining_len() {
        true => Ok(()),
        false => Err(tag.length_error().into()),
    }
}

/// A header and its value.
pub(super) fn within(tag: Tag, value: &[u8]) -> der::Result<Vec<u8>> {
    let mut out = Header::new(tag, der::Length::try_from(value.len())?).to_der()?;
    out.extend(value);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The token that Windows Server puts into NEGOTIATE, with NTLMSSP as its only mechanism: built by hand from [MS-SPNG] 2.2.1.
    #[test]
    fn the_first_word_is_a_neg_token_init_2_with_the_hint() {
        let mut wanted =
            vec![0x60, 0x48, 0x06, 0x06, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02, 0xa0, 0x3e, 0x30, 0x3c];
        wanted.extend([0xa0, 0x0e, 0x30, 0x0c, 0x06, 0x0a]);
        wanted.extend([0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a]);
        wanted.extend([0xa3, 0x2a, 0x30, 0x28, 0xa0, 0x26, 0x1b, 0x24]);
        wanted.extend(HINT_NAME);
        assert_eq!(negotiate_token(&[NTLMSSP]).unwrap(), wanted);
    }

    /// As smbprotocol and Windows send it: NTLMSSP, and its NEGOTIATE_MESSAGE at once.
    #[test]
    fn a_proposal_gives_the_list_as_it_was_encoded() {
        let list = [&[0x30, 0x0c, 0x06, 0x0a][..], &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 0x0a]].concat();
        let mut token = vec![0x60, 0x21, 6, 6, 0x2b, 6, 1, 5, 5, 2, 0xa0, 0x17, 0x30, 0x15, 0xa0, 0x0e];
        token.extend(&list);
        token.extend([0xa2, 3, 4, 1, 0x4e]);
        let wanted =
            Proposal { mech_list: list, mechanisms: vec![Some(NTLMSSP)], mech_token: Some(vec![0x4e]) };
        assert_eq!(proposal(&token).unwrap(), wanted);
        for len in 0..token.len() {
            assert!(proposal(&token[..len]).is_err(), "{len} bytes of it are a token");
        }
        token.push(0);
        assert!(proposal(&token).is_err(), "a byte too many is a token");
    }

    #[test]
    fn an_answer_is_read_back_as_the_clients_would_be() {
        let sent = Answer {
            state: NegState::AcceptIncomplete,
            supported_mech: Some(NTLMSSP),
            response_token: Some(vec![1, 2, 3]),
            mech_list_mic: Some(vec![4; 16]),
        };
        let read = continuation(&answer(&sent).unwrap()).unwrap();
        assert_eq!(
            read,
            Continuation { response_token: sent.response_token, mech_list_mic: sent.mech_list_mic }
        );
    }

    #[test]
    fn a_list_of_too_many_mechanisms_is_refused() {
        let init = NegTokenInit {
            mech_types: vec![Any::encode_from(&NTLMSSP).unwrap(); MECH_TYPES_MAX + 1],
            req_flags: None,
            mech_token: None,
            hints_or_mic: None,
            mech_list_mic: None,
        };
        let body = [SPNEGO.to_der().unwrap(), within(context(0), &init.to_der().unwrap()).unwrap()].concat();
        assert!(proposal(&within(initial(), &body).unwrap()).is_err());
    }
}
