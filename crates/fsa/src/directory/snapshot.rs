//! The names that a listing gives, as they were when it began. [MS-FSA] 2.1.5.6.3
use super::order;
use crate::host::name::decode;
use crate::host::{HostNames, NamedEntry};
use nt::{Utf16, upcase};
use std::sync::Arc;

/// Where a name stands in a listing: names that differ in nothing but case stand in the order of the host's bytes.
pub(super) type Place = (Vec<u16>, Vec<u8>);

/// Names in their order: `.` and `..`, where they are wanted, before all others.
#[derive(Default)]
pub(super) struct Snapshot {
    dots: Vec<Dot>,
    pub(super) names: Arc<HostNames>,
}

/// What is no entry of the host's directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dot {
    /// `.`
    Itself,
    /// `..`
    Parent,
}

/// One name of a snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Listed<'a> {
    Dot(Dot),
    /// An entry.
    Name(NamedEntry<'a>),
}

impl Snapshot {
    /// Names that come in any order.
    pub(super) fn new(dots: Vec<Dot>, names: &HostNames) -> Snapshot {
        Snapshot { dots, names: Arc::new(order::by_upper_case(names)) }
    }

    /// Names that are in order already, and nothing else.
    pub(super) fn of_ordered(names: Arc<HostNames>) -> Snapshot {
        Snapshot { dots: Vec::new(), names }
    }

    /// The same behind dots.
    pub(super) fn with_dots(self, dots: Vec<Dot>) -> Snapshot {
        Snapshot { dots, ..self }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.dots.len() + self.names.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<Listed<'_>> {
        match self.dots.get(at) {
            Some(dot) => Some(Listed::Dot(*dot)),
            None => self.names.get(at - self.dots.len()).map(Listed::Name),
        }
    }

    /// Where among [`Snapshot::names`] a place is that is one of them.
    pub(super) fn at_name(&self, at: usize) -> Option<usize> {
        at.checked_sub(self.dots.len())
    }

    /// How many stand up to here, and here.
    pub(super) fn count_to(&self, place: &Place) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.get(middle).is_some_and(|listed| listed.place() <= *place) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }

    /// Bytes that they take.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Snapshot>() + self.names.bytes()
    }
}

impl Dot {
    pub(super) fn name(self) -> Utf16 {
        Utf16::from(match self {
            Dot::Itself => ".",
            Dot::Parent => "..",
        })
    }
}

impl Listed<'_> {
    /// Where it stands: `.` and `..` before all names, none of which is empty.
    pub(super) fn place(&self) -> Place {
        match self {
            Listed::Dot(Dot::Itself) => (Vec::new(), vec![0]),
            Listed::Dot(Dot::Parent) => (Vec::new(), vec![1]),
            Listed::Name(entry) => {
                (decode(entry.name).into_iter().map(upcase).collect(), entry.name.to_vec())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_again_whatever_stands_there_now() {
        let of = |names: &[&str]| {
            let mut all = HostNames::default();
            names.iter().for_each(|name| all.push(name.as_bytes(), 0));
            Snapshot::new(vec![Dot::Itself, Dot::Parent], &all)
        };
        let before = of(&["b", "D", "a", "c"]);
        let after = of(&["b", "d", "a0", "c"]);
        let counts: Vec<usize> = (0..6).map(|at| after.count_to(&before.get(at).unwrap().place())).collect();
        assert_eq!(counts, [1, 2, 2, 4, 5, 5]);
        assert_eq!((before.len(), before.get(6)), (6, None));
    }
}
