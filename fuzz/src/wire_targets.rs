//! The messages of SMB2: any bytes of either direction, any payload of a control, any frame.
use wire::compression::CompressionHeader;
use wire::ioctl::{
    CopyChunkRequest, CopyChunkResponse, DfsReferralRequest, DfsReferralRequestEx, DfsReferralResponse,
    NetworkInterface, PipePeek, PipeWait, ReadHashRequest, ResiliencyRequest, ResumeKey, SnapshotArray,
    ValidateNegotiateRequest, ValidateNegotiateResponse,
};
use wire::query_info::QueryQuota;
use wire::rdma_transform::RdmaTransformHeader;
use wire::{
    Header, Request, Response, ShareRedirect, SymlinkError, TransformHeader, Writer, compound, create, smb1,
};

/// A chain of requests. Each that is read is written and read the same again, and so is what its create contexts hold.
pub fn wire_request(input: &[u8]) {
    for (header, message) in compound::split(input).map_while(Result::ok) {
        assert!(message.len() <= input.len());
        let Ok(body) = Request::decode(&header, message) else { continue };
        if let Request::Create(create) = &body {
            create.contexts.iter().for_each(request_context);
        }
        let mut w = Writer::new();
        header.encode(&mut w);
        body.encode(&mut w);
        // What was read may still not be written: a WRITE whose channel information would push its data too far.
        let Ok(mut again) = w.finish() else { continue };
        again.extend_from_slice(body.payload());
        assert_eq!(Header::decode(&again), Ok(header));
        assert_eq!(Request::decode(&header, &again), Ok(body));
    }
}

fn request_context(raw: &create::Context<'_>) {
    let Ok(context) = create::RequestContext::decode(raw) else { return };
    let Some(again) = context.encode() else { return };
    assert_eq!(again.name, raw.name);
    assert_eq!(create::RequestContext::decode(&again), Ok(context));
}

/// A chain of responses, likewise.
pub fn wire_response(input: &[u8]) {
    for (header, message) in compound::split(input).map_while(Result::ok) {
        let Ok(body) = Response::decode(&header, message) else { continue };
        if let Response::Create(create) = &body {
            create.contexts.iter().for_each(response_context);
        }
        if let Response::Error(error) = &body {
            let data = error.data(wire::ErrorId::DEFAULT).unwrap_or_default();
            let _ = SymlinkError::decode(data);
        }
        let mut w = Writer::new();
        header.encode(&mut w);
        body.encode(&mut w);
        let mut again = written(w);
        again.extend_from_slice(body.payload());
        assert_eq!(Response::decode(&header, &again), Ok(body));
    }
}

fn response_context(raw: &create::Context<'_>) {
    let Ok(context) = create::ResponseContext::decode(raw) else { return };
    let Some(again) = context.encode() else { return };
    assert_eq!(create::ResponseContext::decode(&again), Ok(context));
}

/// What was read from a message can be written into one.
fn written(w: Writer) -> Vec<u8> {
    let written = w.finish();
    assert!(written.is_ok(), "{written:?}");
    written.unwrap_or_default()
}

/// What stands inside other things; the first byte says what.
pub fn wire_payload(input: &[u8]) {
    /// Reads, writes and reads again.
    macro_rules! law {
        ($ty:ty, $bytes:expr) => {
            if let Ok(value) = <$ty>::decode($bytes) {
                let mut w = Writer::new();
                value.encode(&mut w);
                let again = written(w);
                assert_eq!(<$ty>::decode(&again), Ok(value));
            }
        };
    }
    let Some((which, bytes)) = input.split_first() else { return };
    match which {
        0 => law!(CopyChunkRequest, bytes),
        1 => law!(CopyChunkResponse, bytes),
        2 => law!(DfsReferralRequest, bytes),
        3 => law!(DfsReferralRequestEx, bytes),
        4 => {
            if let Ok(list) = NetworkInterface::decode_list(bytes) {
                let mut w = Writer::new();
                NetworkInterface::encode_list(&list, &mut w);
                let again = written(w);
                assert_eq!(NetworkInterface::decode_list(&again), Ok(list));
            }
        }
        5 => law!(PipePeek<'_>, bytes),
        6 => law!(PipeWait, bytes),
        7 => law!(ReadHashRequest, bytes),
        8 => law!(ResiliencyRequest, bytes),
        9 => law!(ResumeKey, bytes),
        10 => law!(SnapshotArray, bytes),
        11 => law!(ValidateNegotiateRequest, bytes),
        12 => law!(ValidateNegotiateResponse, bytes),
        13 => law!(QueryQuota<'_>, bytes),
        14 => law!(RdmaTransformHeader<'_>, bytes),
        15 => law!(ShareRedirect, bytes),
        16 => law!(SymlinkError<'_>, bytes),
        17 => law!(CompressionHeader<'_>, bytes),
        20 => law!(DfsReferralResponse, bytes),
        18 => law!(smb1::NegotiateRequest<'_>, bytes),
        _ => {
            if let Ok((header, rest)) = TransformHeader::decode(bytes) {
                let again = [&header.to_bytes()[..], rest].concat();
                assert_eq!(TransformHeader::decode(&again), Ok((header, rest)));
            }
        }
    }
}

/// A directory as a foreign server lists it: the names together are no longer than what came.
pub fn remote_entries(input: &[u8]) {
    let Ok(entries) = remote::decode_entries(input) else { return };
    let names: usize = entries.iter().map(|entry| entry.name.units().len() * 2).sum();
    assert!(names <= input.len(), "{names} bytes of names in {}", input.len());
}
