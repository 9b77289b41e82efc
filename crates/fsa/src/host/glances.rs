//! What is seen of many entries of a directory at once, as it becomes known.
use super::NodeStat;
use super::touched::Since;
use std::collections::BTreeMap;
use std::sync::mpsc::Receiver;
use std::vec::IntoIter;

/// What a host tells of an entry without opening it: what was true of one object at one time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Glance {
    /// Its facts. It is a file or a directory.
    pub stat: NodeStat,
    /// The names of its extended attributes, and the values of those that were asked for.
    pub xattrs: Vec<(String, Option<Vec<u8>>)>,
}

/// Some entries that follow each other: which these are, counted in pieces of one length, and what was seen of each.
pub(crate) type Piece<T> = (usize, Vec<Option<T>>);

/// What is seen of entries, in their order. Who looks may still be looking, and stops when nobody waits any more. `None` says
/// nothing of an entry but that it must be opened to be known.
pub struct Glances<T> {
    pieces: Receiver<Piece<T>>,
    /// Pieces that came before their turn.
    early: BTreeMap<usize, Vec<Option<T>>>,
    piece: IntoIter<Option<T>>,
    /// The next piece, and how many entries one has.
    next: usize,
    each: usize,
    /// Entries that are not given yet.
    left: usize,
    /// When they were begun to be looked at before anybody waited.
    since: Option<Since>,
}

impl<T> Glances<T> {
    /// So many entries, in pieces of `each`.
    pub(crate) fn new(pieces: Receiver<Piece<T>>, count: usize, each: usize) -> Glances<T> {
        let piece = Vec::new().into_iter();
        Glances { pieces, early: BTreeMap::new(), piece, next: 0, each, left: count, since: None }
    }

    /// The same, for who looked before anybody waited.
    pub(crate) fn watched(self, since: Option<Since>) -> Glances<T> {
        Glances { since, ..self }
    }

    /// Whether this process may have changed the object of this number since somebody began to look. Reading is no change.
    pub fn has_changed(&self, inode: u64) -> bool {
        self.since.as_ref().is_some_and(|since| since.has_changed(inode))
    }

    /// Whether it may have removed, replaced or moved an entry of the directory since then.
    pub fn entries_have_changed(&self) -> bool {
        self.since.as_ref().is_some_and(Since::entries_have_changed)
    }

    /// The next piece, when it is there.
    fn wait(&mut self) -> Vec<Option<T>> {
        let wanted = self.next;
        self.next += 1;
        loop {
            if let Some(piece) = self.early.remove(&wanted) {
                return piece;
            }
            match self.pieces.recv() {
                Ok((number, piece)) => drop(self.early.insert(number, piece)),
                // Nobody looks any more.
                Err(_) => return Vec::new(),
            }
        }
    }
}

impl<T> Iterator for Glances<T> {
    type Item = Option<T>;

    fn next(&mut self) -> Option<Option<T>> {
        self.left = self.left.checked_sub(1)?;
        if let Some(glance) = self.piece.next() {
            return Some(glance);
        }
        let mut piece = self.wait();
        let len = self.each.min(self.left + 1);
        piece.truncate(len);
        piece.resize_with(len, || None);
        self.piece = piece.into_iter();
        self.piece.next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn pieces_are_given_in_order_and_what_never_comes_is_nothing() {
        let (sender, pieces) = channel();
        let glances = Glances::new(pieces, 8, 3);
        sender.send((2, vec![Some(6), Some(7)])).unwrap();
        sender.send((0, vec![Some(0), None, Some(2)])).unwrap();
        drop(sender);
        let all: Vec<Option<i32>> = glances.collect();
        assert_eq!(all, [Some(0), None, Some(2), None, None, None, Some(6), Some(7)]);
    }
}
