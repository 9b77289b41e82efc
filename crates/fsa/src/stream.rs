//! A stream of a file, as a path names it. [MS-FSCC] 2.1.5.3, [MS-FSA] 2.1.5.1 phases 5 to 7
use nt::{Utf16, upcase};

/// The longest name of a stream, in UTF-16 units. [MS-FSCC] 2.1.5.3
const STREAM_UNITS_MAX: usize = 255;

/// What a path says of the stream.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct StreamName {
    /// The name, unless it is empty.
    pub(crate) name: Option<Utf16>,
    /// The type, if the path says it.
    pub(crate) kind: Option<StreamKind>,
}

/// The types of stream that can be opened. [MS-FSCC] 2.1.5.3, [MS-FSA] <46>
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum StreamKind {
    /// `$DATA`
    Data,
    /// `$INDEX_ALLOCATION`
    Index,
}

impl StreamName {
    /// Reads `:name`, `:name:type` or `::type`. Any other type, `$REPARSE_POINT` among them, is one that cannot be opened.
    pub(crate) fn parse(suffix: &[u16]) -> Option<StreamName> {
        let colon = u16::from(b':');
        let mut parts = suffix.split(|unit| *unit == colon);
        let before = parts.next()?;
        let name = parts.next()?;
        let kind = parts.next();
        if !before.is_empty() || parts.next().is_some() || !is_stream_name(name) {
            return None;
        }
        let kind = match kind {
            None if name.is_empty() => return None,
            None => None,
            Some(kind) if is_same(kind, "$DATA") => Some(StreamKind::Data),
            Some(kind) if is_same(kind, "$INDEX_ALLOCATION") => Some(StreamKind::Index),
            Some(_) => return None,
        };
        Some(StreamName { name: (!name.is_empty()).then(|| Utf16::from(name)), kind })
    }

    /// True when the path says nothing of a stream.
    pub(crate) fn is_absent(&self) -> bool {
        self.name.is_none() && self.kind.is_none()
    }

    /// True for the directory's own index, `:$I30:$INDEX_ALLOCATION` or `::$INDEX_ALLOCATION`. [MS-FSA] 2.1.5.1 phase 7
    pub(crate) fn is_directory_index(&self) -> bool {
        let named = self.name.as_ref().is_none_or(|name| is_same(&name.0, "$I30"));
        self.kind == Some(StreamKind::Index) && named
    }
}

/// A stream's name in the form in which names are compared.
pub(crate) fn folded(name: &Utf16) -> Utf16 {
    Utf16(name.0.iter().map(|unit| upcase(*unit)).collect())
}

/// Any character but NUL and the three that paths use. [MS-FSCC] 2.1.5.3
fn is_stream_name(name: &[u16]) -> bool {
    let illegal = |unit: &u16| matches!(*unit, 0 | 0x2F | 0x5C | 0x3A);
    name.len() <= STREAM_UNITS_MAX && !name.iter().any(illegal)
}

fn is_same(units: &[u16], text: &str) -> bool {
    units.iter().map(|unit| upcase(*unit)).eq(text.encode_utf16().map(upcase))
}
