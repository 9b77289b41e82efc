//! Opening the volume's reparse index, `\$Extend\$Reparse:$R:$INDEX_ALLOCATION`. [MS-FSA] 2.1.5.6.2
//!
//! No such directory lies on the host: the open is one of the root, marked to list reparse points and nothing else.
use super::existing::Draft;
use super::{Asking, OpenError, Opened, sharing};
use crate::directory::is_reparse_index;
use crate::host::{Host, HostName};
use crate::link::{LinkState, Place};
use crate::path::BACKSLASH;
use crate::refusal::{Refusal, Why};
use crate::volume::Volume;
use nt::security::Privileges;
use nt::{AccessMask, CreateAction, CreateDisposition, NtStatus, Utf16};
use std::sync::Arc;

/// What the index can be opened for: to be read.
const READS: AccessMask = AccessMask(
    AccessMask::FILE_READ_DATA.0
        | AccessMask::FILE_READ_ATTRIBUTES.0
        | AccessMask::FILE_READ_EA.0
        | AccessMask::READ_CONTROL.0
        | AccessMask::SYNCHRONIZE.0,
);

impl<H: Host> Volume<H> {
    /// Opens the index, if that is what the path names; `None` otherwise, as on a volume without reparse points.
    pub(super) fn open_reparse_index(&self, asking: Asking<'_>) -> Result<Option<Opened>, OpenError> {
        let Asking { cx, request, access: asked } = asking;
        let supported = self.options.kind.supports_reparse_points();
        if !supported || request.relative_to.is_some() || !is_reparse_index(request.path) {
            return Ok(None);
        }
        if !matches!(request.disposition, CreateDisposition::OPEN | CreateDisposition::OPEN_IF) {
            return Err(
                Refusal::new(NtStatus::ACCESS_DENIED, Why::Object("the index is never made anew")).into()
            );
        }
        let all = asked.contains(AccessMask::MAXIMUM_ALLOWED);
        let granted = if all { READS } else { asked };
        // [Windows] The index is the administrators': it names files that its reader may not see.
        let trusted = cx.bypass || cx.has_privilege(Privileges::BACKUP);
        if !trusted || !granted.without(READS).is_empty() {
            let why =
                Why::Access { needed: granted, granted: if trusted { READS } else { AccessMask::NONE } };
            return Err(Refusal::new(NtStatus::ACCESS_DENIED, why).into());
        }
        let node = self.host.root();
        let id = self.host.stat(&node)?.id;
        let file = self.files.file_of(node, id, true);
        let mut state = file.lock();
        let root = Place {
            parent: None,
            name: HostName(Vec::new()),
            path: Utf16(vec![BACKSLASH]),
            state: LinkState::Present,
        };
        let draft = Draft { file: Arc::clone(&file), link: state.link_at(root), stream: None, granted };
        let sharing = self.sharing_of(request, &draft);
        sharing::check(&state.opens, &sharing)?;
        let open_id = sharing.id;
        state.enter(sharing);
        self.keep(asking, draft, open_id);
        self.open_of(open_id)?.cursors.set_reparse_index();
        Ok(Some(Opened {
            id: open_id,
            action: CreateAction::OPENED,
            is_reparse_point_opened_without_flag: false,
            is_oplock_breaking: false,
            facts: None,
        }))
    }
}
