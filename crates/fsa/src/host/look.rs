//! What a host tells of an object in one go: its facts, and the values of some extended attributes.
use super::{HostName, NodeStat};
use std::sync::Arc;

/// The most attributes that one look asks for.
pub const LOOKED_MAX: usize = 3;

/// What is wanted of an entry.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// The names of attributes whose values are wanted: at most [`LOOKED_MAX`].
    pub wanted: &'static [&'static str],
    /// What the object is for.
    pub aim: Aim,
}

/// What an entry is opened for. It is a hint: every call works on every object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Aim {
    /// To look up names in it.
    Passage,
    /// To read its facts and attributes.
    Attributes,
    /// Anything.
    Anything,
}

/// An entry that was found and opened.
#[derive(Clone, Debug)]
pub struct Looked<N> {
    /// The object.
    pub node: N,
    /// Its name, as the host has it.
    pub name: HostName,
    /// What was seen of it.
    pub seen: Seen,
}

/// What was seen of an object. What it says was true at one moment of the call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// Its facts.
    pub stat: NodeStat,
    /// The values that were wanted; `None` where one could not be read, or the object is no file or directory: then each is
    /// to be asked for by itself, and that says why.
    pub values: Option<Values>,
}

/// Values of extended attributes of one object, in the order in which they were asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Values {
    lens: [u32; LOOKED_MAX],
    bytes: Option<Arc<[u8]>>,
}

/// What stands for the length of a value that is not there, and of one that was not asked for.
const ABSENT: u32 = u32::MAX;
const UNASKED: u32 = u32::MAX - 1;

impl Values {
    /// Puts values together.
    pub fn of(values: &[Option<Vec<u8>>]) -> Values {
        let mut lens = [UNASKED; LOOKED_MAX];
        for (len, value) in lens.iter_mut().zip(values) {
            *len = value.as_ref().map_or(ABSENT, |value| u32::try_from(value.len()).unwrap_or(UNASKED));
        }
        let bytes: Vec<u8> = values.iter().take(LOOKED_MAX).flatten().flatten().copied().collect();
        Values { lens, bytes: (!bytes.is_empty()).then(|| bytes.into()) }
    }

    /// The value at this place in the order; the outer `None` says that it was not asked for.
    pub fn get(&self, at: usize) -> Option<Option<&[u8]>> {
        let len_of = |len: u32| if len >= UNASKED { 0 } else { usize::try_from(len).unwrap_or_default() };
        match *self.lens.get(at)? {
            UNASKED => None,
            ABSENT => Some(None),
            len => {
                let start: usize = self.lens.iter().take(at).map(|len| len_of(*len)).sum();
                Some(self.bytes.as_deref().unwrap_or_default().get(start..start + len_of(len)))
            }
        }
    }

    /// Bytes of all values together.
    pub fn len(&self) -> usize {
        self.bytes.as_ref().map_or(0, |bytes| bytes.len())
    }

    /// True when all values together have no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test says what it expects by panicking
mod tests {
    use super::*;

    #[test]
    fn each_value_is_found_at_its_place() {
        let values = Values::of(&[Some(b"one".to_vec()), None, Some(b"three".to_vec())]);
        assert_eq!(values.get(0), Some(Some(&b"one"[..])));
        assert_eq!(values.get(1), Some(None));
        assert_eq!(values.get(2), Some(Some(&b"three"[..])));
        assert_eq!(values.get(3), None);
    }

    #[test]
    fn what_was_not_asked_for_is_not_said_to_be_absent() {
        let values = Values::of(&[Some(Vec::new())]);
        assert_eq!((values.get(0), values.get(1)), (Some(Some(&b""[..])), None));
        assert!(values.is_empty());
    }
}
