//! Renaming a stream of a file. [MS-FSA] 2.1.5.15.12.1
use super::name::NewName;
use super::refuse;
use crate::host::{Host, HostError, HostFault, meta};
use crate::opens::Open;
use crate::oplock::Breaks;
use crate::refusal::{Refusal, Why};
use crate::stream::{StreamKind, StreamName, folded};
use crate::volume::{Volume, VolumeKind};
use nt::{NotifyAction, NotifyFilter, NtStatus, UsnReason, Utf16};
use std::sync::Arc;

impl<H: Host> Volume<H> {
    /// Gives the opened stream another name, `:name`, `:name:$DATA` or `::$DATA`; every open of it goes along. What has the
    /// name is replaced if it is empty and not open.
    pub(super) fn rename_stream(&self, open: &Open<H>, new: &NewName) -> Result<(), Refusal> {
        if self.options.kind == VolumeKind::Fat {
            return Err(refuse(NtStatus::OBJECT_NAME_INVALID, "a volume without streams"));
        }
        let data = |name: &StreamName| name.kind != Some(StreamKind::Index);
        let Some(to) = StreamName::parse(&new.name).filter(data) else {
            return Err(refuse(
                NtStatus::INVALID_PARAMETER,
                "a stream's new name is `:name` or `:name:$DATA`",
            ));
        };
        if open.is_directory() || (open.file.is_directory() && to.name.is_none()) {
            return Err(Refusal::parameter("a directory has no data to rename"));
        }
        let mut state = open.file.lock();
        let (old_key, new_key) = (open.stream().map(folded), to.name.as_ref().map(folded));
        if old_key == new_key && open.stream() == to.name.as_ref() {
            return Ok(());
        }
        self.break_oplock(open, Breaks::name())?;
        let node = open.file.node();
        if old_key != new_key {
            self.require_free(open, to.name.as_ref(), new_key.as_ref(), new.replace)?;
            if state.opens.iter().any(|other| other.stream() == new_key.as_ref() && new_key.is_some()) {
                return Err(Refusal::parameter("the stream that has the name is open"));
            }
        }
        let pinned = self.pinned_times(open)?;
        self.move_stream(open, to.name.as_ref())?;
        self.restore_times(open, pinned)?;
        state.streams_deleted.iter_mut().filter(|one| Some(&**one) == old_key.as_ref()).for_each(|one| {
            if let Some(key) = &new_key {
                *one = key.clone();
            }
        });
        let ids: Vec<_> = state
            .opens
            .iter()
            .filter(|other| other.stream() == old_key.as_ref())
            .map(|other| other.id)
            .collect();
        state
            .opens
            .iter_mut()
            .filter(|other| other.stream() == old_key.as_ref())
            .for_each(|other| other.set_stream(new_key.clone()));
        for id in ids {
            if let Ok(other) = self.opens.get(id) {
                self.opens.insert(Arc::new(other.with_stream(to.name.clone())));
            }
        }
        open.file.oplocks().rename(old_key.as_ref(), new_key.as_ref());
        open.file.locks().rename(old_key.as_ref(), new_key.as_ref());
        self.changed();
        self.settle(&node, open.options)?;
        let (filter, reason) = (NotifyFilter::STREAM_NAME, UsnReason::STREAM_CHANGE);
        self.tell_change(&mut state, &open.file, &open.link, filter, NotifyAction::MODIFIED, reason);
        Ok(())
    }

    /// Refuses a name that is taken by data, or at all unless it may be replaced.
    fn require_free(
        &self,
        open: &Open<H>,
        name: Option<&Utf16>,
        key: Option<&Utf16>,
        replace: bool,
    ) -> Result<(), Refusal> {
        let node = open.file.node();
        let size = match key.zip(name) {
            None => self.host.stat(&node)?.size,
            Some((key, _)) => match meta::stream_find(&self.host, &node, &key.0)? {
                None => return Ok(()),
                Some(there) => {
                    meta::stream_read(&self.host, &node, &there)?.map_or(0, |data| data.len() as u64)
                }
            },
        };
        if !replace {
            return Err(Refusal::new(NtStatus::OBJECT_NAME_COLLISION, Why::Collision));
        }
        match size {
            0 => Ok(()),
            _ => Err(Refusal::parameter("the stream that has the name has data")),
        }
    }

    /// The data go to the new name; the old one goes last.
    fn move_stream(&self, open: &Open<H>, to: Option<&Utf16>) -> Result<(), Refusal> {
        let node = open.file.node();
        let gone = HostError { call: "stream_rename", fault: HostFault::NotFound };
        match (open.stream(), to) {
            (Some(from), Some(to)) => {
                let stream = meta::stream_find(&self.host, &node, &from.0)?.ok_or(gone)?;
                let there = meta::stream_find(&self.host, &node, &to.0)?.filter(|there| *there != stream);
                if let Some(there) = there {
                    meta::stream_remove(&self.host, &node, &there)?;
                }
                meta::stream_rename(&self.host, &node, &stream, &to.0)?;
            }
            (Some(from), None) => {
                let stream = meta::stream_find(&self.host, &node, &from.0)?.ok_or(gone)?;
                let data = meta::stream_read(&self.host, &node, &stream)?.ok_or(gone)?;
                self.host.write(&node, 0, &data)?;
                meta::stream_remove(&self.host, &node, &stream)?;
            }
            (None, Some(to)) => {
                let size = self.host.stat(&node)?.size;
                let full = HostError { call: "stream_rename", fault: HostFault::AttributesFull };
                let len =
                    usize::try_from(size).ok().filter(|len| *len <= meta::STREAM_BYTES_MAX).ok_or(full)?;
                let data = self.load_data(open, 0, len)?;
                let stream = match meta::stream_find(&self.host, &node, &to.0)? {
                    Some(there) => there,
                    None => meta::stream_create(&self.host, &node, &to.0)?,
                };
                meta::stream_write(&self.host, &node, &stream, &data)?;
                self.host.set_len(&node, 0)?;
            }
            (None, None) => {}
        }
        Ok(())
    }
}
