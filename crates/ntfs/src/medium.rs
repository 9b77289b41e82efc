//! What an image is made of: bytes at offsets, and beside them a place for the undo journal.
use std::io;

/// Which of the journal's two states.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Journal {
    /// Of a change that has begun and is not known to be complete.
    Pending,
    /// Of the last session: the changes, one behind another, that were completed through one opened volume, and can still be
    /// undone together.
    Last,
}

/// An image and the undo journal beside it. A journal is stored, moved and removed whole or not at all.
pub trait Medium: Send {
    /// Bytes of the image.
    fn len(&self) -> u64;

    /// True when the image has no bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills the buffer from an offset.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// Writes at an offset.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Returns once everything that was written is on the disk.
    fn flush(&self) -> io::Result<()>;

    /// A journal, if there is one.
    fn journal(&self, state: Journal) -> io::Result<Option<Vec<u8>>>;

    /// Puts the journal of a change that is about to begin on the disk.
    fn begin(&self, journal: &[u8]) -> io::Result<()>;

    /// Turns the pending journal into the last one: in place of what that was, or behind it when it `joins` its session. Cut
    /// off while it joins, the pending one is there still.
    fn complete(&self, joins: bool) -> io::Result<()>;

    /// Cuts the last journal to its first bytes.
    fn keep_last(&self, len: u64) -> io::Result<()>;

    /// Removes a journal.
    fn forget(&self, state: Journal) -> io::Result<()>;
}
