//! The codec of reparse points: any bytes, any JSON, any name.
use nt::Utf16;
use reparse::{
    DriveMap, RawReparse, ReparsePoint, SetEx, Tag, Target, decode_delete, fields, lx_ea::LxMetadata, verdict,
};

/// What Windows takes: SET, SET_EX and DELETE. What SET takes, the lenient reader takes, and sees the same in it.
pub fn reparse_set(input: &[u8]) {
    let strict = RawReparse::decode_set(input);
    assert_eq!(verdict(input).is_ok(), strict.is_ok());
    match strict {
        Ok(raw) => {
            assert_eq!(raw.encode(), input);
            let lenient = lawful(RawReparse::decode(input));
            assert_eq!(lenient.map(|(lenient, _)| lenient), Some(raw));
        }
        Err(error) => {
            assert!(error.status().is_error());
            let _ = error.to_string();
        }
    }
    if let Ok(set) = SetEx::decode(input) {
        assert_eq!(SetEx::decode(&set.encode()), Ok(set));
    }
    if let Ok(request) = decode_delete(input) {
        assert!(request.guid.is_some() != request.tag.is_microsoft());
    }
}

/// What is found on disks: nothing is lost on the way to the meaning and back, nor through JSON.
pub fn reparse_decode(input: &[u8]) {
    let Ok((raw, oddities)) = RawReparse::decode(input) else { return };
    assert_eq!(raw.as_bytes(), input);
    let (point, more) = ReparsePoint::from_raw(&raw);
    for oddity in oddities.into_iter().chain(more) {
        let _ = oddity.to_string();
    }
    assert_eq!(point.to_raw(), raw);
    let _ = fields(&raw);
    if let ReparsePoint::Symlink(link) = &point {
        let _ = link.target_syntax();
    }
    assert_eq!(through_json(&point).map(ReparsePoint::into_raw), Some(raw));
}

/// JSON from anywhere: refused, or a point that is written and read back the same.
pub fn reparse_json(input: &[u8]) {
    let Ok(point) = serde_json::from_slice::<ReparsePoint>(input) else { return };
    let bytes = point.to_raw().into_bytes();
    let again = lawful(RawReparse::decode(&bytes)).map(|(raw, _)| ReparsePoint::from_raw(&raw).0);
    assert_eq!(again.as_ref(), Some(&point));
    assert_eq!(through_json(&point), Some(point));
}

/// Names of every kind: a target prints as it was read, and no mapped path leaves its directory.
pub fn reparse_target(input: &[u8]) {
    let Some(name) = Utf16::from_le_bytes(input) else {
        let text = String::from_utf8_lossy(input);
        let _ = text.parse::<Tag>();
        let _ = text.parse::<reparse::Volume>();
        let _ = reparse::Symlink::absolute(&text);
        let _ = LxMetadata::decode([("$LXDEV", input), (&*text, input)]);
        return;
    };
    let mut map = DriveMap::new();
    map.insert(reparse::Volume::Drive('C'), "/mnt/c");
    for target in [Target::parse_absolute(&name), Target::parse_relative(&name)].into_iter().flatten() {
        assert!(target.to_nt_path().eq_ignore_case(&name), "{target} is not {name:?}");
        if let Ok(host) = map.to_host(&target) {
            assert!(host.starts_with(b"/mnt/c"));
            assert!(!host.split(|byte| *byte == b'/').any(|component| component == b".."));
        }
    }
}

fn through_json(point: &ReparsePoint) -> Option<ReparsePoint> {
    lawful(serde_json::from_str(&lawful(serde_json::to_string(point))?))
}

/// What must not fail.
fn lawful<T, E: std::fmt::Debug>(result: Result<T, E>) -> Option<T> {
    assert!(result.is_ok(), "a law is broken: {:?}", result.err());
    result.ok()
}
