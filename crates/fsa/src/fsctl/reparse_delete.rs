//! FSCTL_DELETE_REPARSE_POINT. [MS-FSA] 2.1.5.10.3, [MS-FSCC] 2.3.5 and 2.3.6
use super::ControlReply;
use super::apply::Stored;
use super::reparse_set::{require_change, require_no_output};
use crate::host::Host;
use crate::opens::Open;
use crate::refusal::{Refusal, Why};
use crate::volume::Volume;
use nt::NtStatus;

impl<H: Host> Volume<H> {
    /// Removes the reparse point; the object, its data and its EAs stay. No privilege is needed, for no tag.
    pub(super) fn delete_reparse_point(
        &self,
        open: &Open<H>,
        input: &[u8],
        output_len_max: usize,
    ) -> Result<ControlReply, Refusal> {
        self.require_reparse_support()?;
        if !input.is_empty() {
            require_no_output(output_len_max)?;
        }
        let request = reparse::decode_delete(input)?;
        require_change(open)?;
        self.require_writable()?;
        let mut state = open.file.lock();
        let object = self.object(open.file.node())?;
        let none = Refusal::new(NtStatus::NOT_A_REPARSE_POINT, Why::NoReparsePoint);
        let stored = object.meta.point.as_ref().map(Stored::of).ok_or(none)?;
        stored.require(request.tag, request.guid)?;
        self.apply_delete(&mut state, open, &object)?;
        Ok(ControlReply::nothing())
    }
}
