//! An open that tells which links it followed: for whoever must show a person where a path leads.
use super::target::LinkTarget;
use super::{OpenError, OpenRequest, Opened};
use crate::context::SecurityContext;
use crate::host::Host;
use crate::volume::Volume;
use nt::Utf16;
use reparse::Tag;

/// A link that an open followed, or was to follow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hop {
    /// The path of the link, from the volume's root.
    pub link: Utf16,
    /// SYMLINK or MOUNT_POINT.
    pub tag: Tag,
    /// Its substitute name.
    pub target: Utf16,
    /// The target starts at the link's directory, or at the root of its volume.
    pub relative: bool,
    /// The path at which the open goes on; `None` where the target cannot be followed.
    pub resumed: Option<Utf16>,
}

impl Hop {
    pub(super) fn new(link: Utf16, tag: Tag, target: &LinkTarget, resumed: Option<&Vec<u16>>) -> Hop {
        let (relative, target) = (target.relative, target.substitute.clone());
        Hop { link, tag, target, relative, resumed: resumed.cloned().map(Utf16) }
    }
}

impl<H: Host> Volume<H> {
    /// Opens as [`Volume::open`] does, and tells which links stood in the way. The walk is made twice: names that change
    /// between the two may make them differ.
    pub fn open_tracing(
        &self,
        cx: &SecurityContext,
        request: &OpenRequest<'_>,
    ) -> (Result<Opened, OpenError>, Vec<Hop>) {
        let mut hops = Vec::new();
        // Why a walk ends, the open says again.
        let _ = self.walk_telling(request, cx, Some(&mut hops));
        (self.open(cx, request), hops)
    }
}
