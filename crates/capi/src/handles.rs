//! The handle table. A number is given once and never again, so a handle that was closed is always found out.
use crate::file::OpenFile;
use crate::find::Find;
use crate::port::Port;
use crate::privileges::Token;
use crate::signal::Signal;
use nt::NtStatus;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

/// Handles are multiples of this, as on Windows: programs use the low bits for notes of their own.
const STEP: usize = 4;
/// One lock for many handles; which, the number says.
const SHARDS: usize = 16;

/// A handle as programs hold it. 0 and INVALID_HANDLE_VALUE are never given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Handle(pub(crate) usize);

/// INVALID_HANDLE_VALUE
pub(crate) const INVALID: Handle = Handle(usize::MAX);

/// What a handle leads to.
#[derive(Clone)]
pub(crate) enum Object {
    File(Arc<OpenFile>),
    Event(Arc<Signal>),
    Port(Arc<Port>),
    Token(Arc<Token>),
    Find(Arc<Find>),
}

struct Table {
    next: AtomicUsize,
    shards: [RwLock<HashMap<usize, Object>>; SHARDS],
}

static TABLE: LazyLock<Table> =
    LazyLock::new(|| Table { next: AtomicUsize::new(1), shards: Default::default() });

impl Table {
    fn shard(&self, handle: Handle) -> &RwLock<HashMap<usize, Object>> {
        let [first, ..] = &self.shards;
        self.shards.get(handle.0 / STEP % SHARDS).unwrap_or(first)
    }
}

/// A new handle of an object.
pub(crate) fn insert(object: Object) -> Handle {
    let handle = Handle(TABLE.next.fetch_add(1, Ordering::Relaxed) * STEP);
    TABLE.shard(handle).write().unwrap_or_else(PoisonError::into_inner).insert(handle.0, object);
    handle
}

/// The object of a handle; the two low bits are the program's own.
fn get(handle: Handle) -> Result<Object, NtStatus> {
    let bare = Handle(handle.0 & !(STEP - 1));
    let shard = TABLE.shard(bare).read().unwrap_or_else(PoisonError::into_inner);
    shard.get(&bare.0).cloned().ok_or(NtStatus::INVALID_HANDLE)
}

/// The open file of a handle.
pub(crate) fn file(handle: Handle) -> Result<Arc<OpenFile>, NtStatus> {
    match get(handle)? {
        Object::File(file) => Ok(file),
        _ => Err(NtStatus::OBJECT_TYPE_MISMATCH),
    }
}

/// The event of a handle.
pub(crate) fn event(handle: Handle) -> Result<Arc<Signal>, NtStatus> {
    match get(handle)? {
        Object::Event(event) => Ok(event),
        _ => Err(NtStatus::OBJECT_TYPE_MISMATCH),
    }
}

/// What a handle can be waited for.
pub(crate) fn waitable(handle: Handle) -> Result<Arc<Signal>, NtStatus> {
    match get(handle)? {
        Object::Event(event) => Ok(event),
        Object::File(file) => Ok(Arc::clone(&file.pending.signal)),
        _ => Err(NtStatus::OBJECT_TYPE_MISMATCH),
    }
}

/// The completion port of a handle.
pub(crate) fn port(handle: Handle) -> Result<Arc<Port>, NtStatus> {
    match get(handle)? {
        Object::Port(port) => Ok(port),
        _ => Err(NtStatus::OBJECT_TYPE_MISMATCH),
    }
}

/// The token of a handle.
pub(crate) fn token(handle: Handle) -> Result<Arc<Token>, NtStatus> {
    match get(handle)? {
        Object::Token(token) => Ok(token),
        _ => Err(NtStatus::OBJECT_TYPE_MISMATCH),
    }
}

/// The search of a handle.
pub(crate) fn find(handle: Handle) -> Result<Arc<Find>, NtStatus> {
    match get(handle)? {
        Object::Find(find) => Ok(find),
        _ => Err(NtStatus::OBJECT_TYPE_MISMATCH),
    }
}

/// Closes a handle. Requests on a file that have not ended yet go on to their end, and hold it open until then; so
/// does an event that one of them will set.
pub(crate) fn close(handle: Handle) -> Result<(), NtStatus> {
    if let Object::Port(port) = remove(handle, |object| !matches!(object, Object::Find(_)))? {
        port.close();
    }
    Ok(())
}

/// Closes a search: those are not closed as other handles are.
pub(crate) fn close_find(handle: Handle) -> Result<(), NtStatus> {
    remove(handle, |object| matches!(object, Object::Find(_))).map(drop)
}

fn remove(handle: Handle, may: impl FnOnce(&Object) -> bool) -> Result<Object, NtStatus> {
    let bare = Handle(handle.0 & !(STEP - 1));
    let mut shard = TABLE.shard(bare).write().unwrap_or_else(PoisonError::into_inner);
    if !shard.get(&bare.0).is_some_and(may) {
        return Err(NtStatus::INVALID_HANDLE);
    }
    shard.remove(&bare.0).ok_or(NtStatus::INVALID_HANDLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_event() -> Handle {
        insert(Object::Event(Arc::new(Signal::new(true, false))))
    }

    #[test]
    fn a_closed_handle_is_invalid_and_its_number_is_not_given_again() {
        let old = new_event();
        close(old).unwrap();
        assert_eq!(close(old), Err(NtStatus::INVALID_HANDLE));
        assert_eq!(event(old).err(), Some(NtStatus::INVALID_HANDLE));
        assert!((0..100).all(|_| new_event() != old));
    }

    #[test]
    fn numbers_that_were_never_given_are_invalid() {
        for number in [0, 1, 4 * 1_000_000, usize::MAX] {
            assert_eq!(close(Handle(number)), Err(NtStatus::INVALID_HANDLE));
        }
    }

    #[test]
    fn the_two_low_bits_are_the_program_s() {
        let handle = new_event();
        assert!(event(Handle(handle.0 | 1)).is_ok());
        assert_eq!(handle.0 % 4, 0);
    }

    #[test]
    fn a_handle_of_another_kind_of_object_is_refused() {
        assert_eq!(file(new_event()).err(), Some(NtStatus::OBJECT_TYPE_MISMATCH));
    }
}
