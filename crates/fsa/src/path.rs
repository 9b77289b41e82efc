//! The path of an open: its components, and whether each can be a name at all. [MS-FSCC] 2.1.5, [MS-FSA] 2.1.5.1 phase 5
use crate::refusal::{ComponentFault, Refusal, Why};
use crate::stream::StreamName;
use nt::NtStatus;

/// The longest name of a file, in UTF-16 units. [MS-FSCC] 2.1.5.2
pub(crate) const NAME_UNITS_MAX: usize = 255;

/// The longest path, in UTF-16 units: what a 16-bit count of bytes can say.
pub(crate) const PATH_UNITS_MAX: usize = 32_767;

pub(crate) const BACKSLASH: u16 = b'\\' as u16;
const COLON: u16 = b':' as u16;
const DOT: u16 = b'.' as u16;

/// A path from the volume's root, or from an open: checked, and cut into components.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Path<'a> {
    /// The whole text. A leading backslash is optional.
    pub(crate) text: &'a [u16],
    /// Where each component lies in it; the last without its stream.
    spans: Spans,
    /// What follows the last component's name.
    pub(crate) stream: StreamName,
    /// A backslash closes the path.
    pub(crate) trailing_backslash: bool,
}

/// Where a component lies in a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Span {
    start: u16,
    end: u16,
}

const _: () = assert!(PATH_UNITS_MAX <= u16::MAX as usize);

/// Where the components lie: the first few without memory of their own, for most paths have no more.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Spans {
    first: [Span; SPANS_FIRST],
    more: Vec<Span>,
    len: usize,
}

/// As many components as nearly every path has at the most.
const SPANS_FIRST: usize = 12;

impl Spans {
    fn push(&mut self, start: usize, end: usize) {
        let units = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
        let span = Span { start: units(start), end: units(end) };
        match self.first.get_mut(self.len) {
            Some(place) => *place = span,
            None => self.more.push(span),
        }
        self.len += 1;
    }

    /// Start and end of a component.
    fn get(&self, index: usize) -> Option<(usize, usize)> {
        let span = match index.checked_sub(SPANS_FIRST) {
            None => self.first.get(index).filter(|_| index < self.len),
            Some(index) => self.more.get(index),
        };
        span.map(|span| (usize::from(span.start), usize::from(span.end)))
    }
}

impl<'a> Path<'a> {
    /// Checks a path and cuts it. Everything that is wrong with a name as such is found here, before anything is looked up.
    pub(crate) fn parse(text: &'a [u16]) -> Result<Path<'a>, Refusal> {
        if text.len() > PATH_UNITS_MAX {
            return Err(fault(0, ComponentFault::TooLong(text.len())));
        }
        let start = usize::from(text.first() == Some(&BACKSLASH));
        let trailing_backslash = text.len() > start && text.last() == Some(&BACKSLASH);
        let end = text.len() - usize::from(trailing_backslash);
        let mut path =
            Path { text, spans: Spans::default(), stream: StreamName::default(), trailing_backslash };
        if start == end {
            return Ok(path);
        }
        let inner = text.get(start..end).unwrap_or_default();
        let mut at = start;
        let mut parts = inner.split(|unit| *unit == BACKSLASH).peekable();
        while let Some(part) = parts.next() {
            let last = parts.peek().is_none();
            let name_len = part.iter().position(|unit| *unit == COLON).filter(|_| last).unwrap_or(part.len());
            let (name, suffix) = part.split_at_checked(name_len).unwrap_or((part, &[]));
            // Only the volume's root, or the open itself, may have a stream and no name: `\:stream`.
            let unnamed = name.is_empty() && !suffix.is_empty() && path.spans.len == 0;
            if !unnamed {
                check_name(name, at)?;
                path.spans.push(at, at + name.len());
            }
            if !suffix.is_empty() {
                path.stream = StreamName::parse(suffix).ok_or(fault(at, ComponentFault::Stream))?;
            }
            at += part.len() + 1;
        }
        Ok(path)
    }

    /// How many components there are.
    pub(crate) fn len(&self) -> usize {
        self.spans.len
    }

    /// A component's name.
    pub(crate) fn name(&self, index: usize) -> &'a [u16] {
        self.spans.get(index).and_then(|(start, end)| self.text.get(start..end)).unwrap_or_default()
    }

    /// Where a component begins in the text.
    pub(crate) fn start(&self, index: usize) -> usize {
        self.spans.get(index).map_or(self.text.len(), |(start, _)| start)
    }

    /// What follows a component, its backslash or colon first.
    pub(crate) fn tail(&self, index: usize) -> &'a [u16] {
        self.spans.get(index).and_then(|(_, end)| self.text.get(end..)).unwrap_or_default()
    }
}

/// True for `.`: a name that syntax allows and no directory has. See docs/SPEC-NOTES.md 4.
pub(crate) fn is_dot(name: &[u16]) -> bool {
    name == [DOT]
}

/// True for `..`.
pub(crate) fn is_dot_dot(name: &[u16]) -> bool {
    name == [DOT, DOT]
}

/// Refuses what cannot be the name of a file. [MS-FSCC] 2.1.5.2
pub(crate) fn check_name(name: &[u16], at: usize) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err(fault(at, ComponentFault::Empty));
    }
    if name.len() > NAME_UNITS_MAX {
        return Err(fault(at, ComponentFault::TooLong(name.len())));
    }
    if let Some(unit) = name.iter().find(|unit| is_illegal(**unit)) {
        return Err(fault(at, ComponentFault::Character(*unit)));
    }
    if is_dot_dot(name) {
        return Err(fault(at, ComponentFault::Dots));
    }
    Ok(())
}

/// Control characters, and those that paths, streams and patterns take for themselves. [MS-FSCC] 2.1.5.2
fn is_illegal(unit: u16) -> bool {
    unit < 0x20 || u8::try_from(unit).is_ok_and(|byte| b"\"\\/:|<>*?".contains(&byte))
}

fn fault(at: usize, fault: ComponentFault) -> Refusal {
    Refusal::new(NtStatus::OBJECT_NAME_INVALID, Why::Component { at, fault })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Path<'static>, NtStatus> {
        Path::parse(text.encode_utf16().collect::<Vec<u16>>().leak()).map_err(|refusal| refusal.status)
    }

    #[test]
    fn a_path_is_cut_at_backslashes_with_or_without_a_leading_one() {
        for text in [r"\dir\file", r"dir\file"] {
            let path = parse(text).unwrap();
            assert_eq!(path.len(), 2);
            assert_eq!(path.name(1), "file".encode_utf16().collect::<Vec<_>>());
            assert_eq!(path.tail(0), r"\file".encode_utf16().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_path_may_have_many_components() {
        let text = (0..100).map(|number| format!(r"\n{number}")).collect::<String>();
        let path = parse(&text).unwrap();
        assert_eq!(path.len(), 100);
        for number in [0, SPANS_FIRST - 1, SPANS_FIRST, 99] {
            assert_eq!(path.name(number), format!("n{number}").encode_utf16().collect::<Vec<_>>());
        }
        assert_eq!((path.name(100), path.start(100)), (&[][..], path.text.len()));
    }

    #[test]
    fn what_can_be_no_name_is_refused_before_anything_is_looked_up() {
        let long = "x".repeat(256);
        for text in [r"a\\b", "a/b", "a*", "a\u{1}", r"a\..\b", r"..", r"a:b\c", "a:", r"a\b:", &long, r"\\a"]
        {
            assert_eq!(parse(text), Err(NtStatus::OBJECT_NAME_INVALID), "{text}");
        }
        assert!(parse(&"x".repeat(255)).is_ok());
    }

    #[test]
    fn the_root_has_no_component() {
        for text in ["", "\\"] {
            assert_eq!(parse(text).unwrap().len(), 0);
        }
    }

    #[test]
    fn a_stream_belongs_to_the_last_component_and_counts_as_its_tail() {
        let path = parse(r"\a\b:s:$DATA").unwrap();
        assert_eq!(path.len(), 2);
        assert_eq!(path.tail(1).len(), ":s:$DATA".len());
        assert_eq!(path.stream.name, Some("s".into()));
    }
}
