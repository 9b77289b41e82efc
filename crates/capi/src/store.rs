//! Where the objects of a volume are: in the object store on this machine, in an image, or behind a server. The calls are the
//! same.
use crate::image_store::{ImageId, ImageStore};
use crate::remote_store::{RemoteId, RemoteStore};
use fsa::host::linux::LinuxHost;
use fsa::{
    ControlReply, DirectoryQuery, Information, OpenError, OpenId, OpenRequest, Requester, SecurityContext,
    TargetFault, Volume, Why,
};
use nt::{CreateAction, FileInformationClass, FsctlCode, NtStatus};

const BACKSLASH: u16 = b'\\' as u16;

/// What keeps the objects of a volume. There are few, and each lies behind an `Arc`.
#[allow(clippy::large_enum_variant)] // the many are of the larger kind
pub(crate) enum Store {
    /// The object store, on a directory of this machine.
    Host(Volume<LinuxHost>),
    /// A volume in an image.
    Image(ImageStore),
    /// A share of a server.
    Remote(RemoteStore),
}

/// An open of a store.
pub(crate) enum StoreId {
    Host(OpenId),
    Image(ImageId),
    Remote(Box<RemoteId>),
}

/// An open that succeeded.
pub(crate) struct StoreOpened {
    pub(crate) id: StoreId,
    pub(crate) action: CreateAction,
}

/// An open that failed.
pub(crate) struct OpenRefused {
    pub(crate) status: NtStatus,
    /// The NT name at which it may go on, on another volume.
    pub(crate) elsewhere: Option<Vec<u16>>,
}

type Done<T> = Result<T, NtStatus>;

impl Store {
    /// Opens what is at a path.
    pub(crate) fn open(
        &self,
        cx: &SecurityContext,
        request: &OpenRequest<'_>,
    ) -> Result<StoreOpened, OpenRefused> {
        match self {
            Store::Host(volume) => open_host(volume, cx, request),
            Store::Image(image) => image.open(cx, request),
            Store::Remote(share) => share.open(request),
        }
    }

    /// Closes an open.
    pub(crate) fn close(&self, id: &StoreId) -> Done<()> {
        match (self, id) {
            (Store::Image(image), StoreId::Image(id)) => {
                image.store().close(id.id).map_err(|refusal| refusal.status)
            }
            (Store::Host(volume), StoreId::Host(id)) => volume.close(*id).map_err(|refusal| refusal.status),
            (_, StoreId::Remote(id)) => id.close(),
            _ => Err(NtStatus::INVALID_HANDLE),
        }
    }

    pub(crate) fn fs_control(
        &self,
        id: &StoreId,
        code: FsctlCode,
        input: &[u8],
        output_len_max: usize,
    ) -> Done<ControlReply> {
        match (self, id) {
            (Store::Image(image), StoreId::Image(id)) => image.fs_control(id, code, input, output_len_max),
            (Store::Host(volume), StoreId::Host(id)) => {
                volume.fs_control(*id, code, input, output_len_max).map_err(|refusal| refusal.status)
            }
            (_, StoreId::Remote(id)) => id.fs_control(code, input, output_len_max),
            _ => Err(NtStatus::INVALID_HANDLE),
        }
    }

    pub(crate) fn query_information(
        &self,
        id: &StoreId,
        class: FileInformationClass,
        len_max: usize,
    ) -> Done<Information> {
        match (self, id) {
            (Store::Image(image), StoreId::Image(id)) => {
                image.store().query_information(id.id, class, len_max).map_err(|refusal| refusal.status)
            }
            (Store::Host(volume), StoreId::Host(id)) => {
                volume.query_information(*id, class, len_max).map_err(|refusal| refusal.status)
            }
            (_, StoreId::Remote(id)) => id.query_information(class, len_max),
            _ => Err(NtStatus::INVALID_HANDLE),
        }
    }

    pub(crate) fn query_directory(&self, id: &StoreId, query: &DirectoryQuery<'_>) -> Done<Information> {
        match (self, id) {
            (Store::Image(image), StoreId::Image(id)) => {
                image.store().query_directory(id.id, query).map_err(|refusal| refusal.status)
            }
            (Store::Host(volume), StoreId::Host(id)) => {
                volume.query_directory(*id, query).map_err(|refusal| refusal.status)
            }
            (_, StoreId::Remote(id)) => id.query_directory(query),
            _ => Err(NtStatus::INVALID_HANDLE),
        }
    }

    /// Sets a class, as a program on this machine asks for it: new names are paths from the volume's root.
    pub(crate) fn set_information(
        &self,
        cx: &SecurityContext,
        id: &StoreId,
        class: FileInformationClass,
        input: &[u8],
    ) -> Done<()> {
        match (self, id) {
            (Store::Image(_), StoreId::Image(id)) => Err(id.unchanging()),
            (Store::Host(volume), StoreId::Host(id)) => volume
                .set_information(cx, Requester::Local, *id, class, input)
                .map_err(|refusal| refusal.status),
            (Store::Remote(share), StoreId::Remote(id)) => share.set_information(id, class, input),
            _ => Err(NtStatus::INVALID_HANDLE),
        }
    }

    /// Reads; END_OF_FILE where there is nothing more.
    pub(crate) fn read(&self, id: &StoreId, offset: u64, len: usize) -> Done<Vec<u8>> {
        match (self, id) {
            (Store::Image(image), StoreId::Image(id)) => {
                image.store().read(id.id, offset, len).map_err(|refusal| refusal.status)
            }
            (Store::Host(volume), StoreId::Host(id)) => {
                volume.read(*id, offset, len).map_err(|refusal| refusal.status)
            }
            (_, StoreId::Remote(id)) => id.read(offset, len),
            _ => Err(NtStatus::INVALID_HANDLE),
        }
    }

    pub(crate) fn write(&self, id: &StoreId, offset: u64, data: &[u8]) -> Done<()> {
        match (self, id) {
            // No bytes change nothing.
            (Store::Image(_), StoreId::Image(id)) if data.is_empty() && id.may_set => Ok(()),
            (Store::Image(_), StoreId::Image(id)) => Err(id.unchanging()),
            (Store::Host(volume), StoreId::Host(id)) => {
                volume.write(*id, offset, data).map(drop).map_err(|refusal| refusal.status)
            }
            (_, StoreId::Remote(id)) => id.write(offset, data),
            _ => Err(NtStatus::INVALID_HANDLE),
        }
    }

    pub(crate) fn flush(&self, id: &StoreId) -> Done<()> {
        match (self, id) {
            (Store::Image(image), StoreId::Image(id)) => {
                image.store().flush(id.id).map_err(|refusal| refusal.status)
            }
            (Store::Host(volume), StoreId::Host(id)) => volume.flush(*id).map_err(|refusal| refusal.status),
            (_, StoreId::Remote(id)) => id.flush(),
            _ => Err(NtStatus::INVALID_HANDLE),
        }
    }

    /// The path through which an object was opened, links followed, from the volume's root.
    pub(crate) fn path(&self, id: &StoreId) -> Done<Vec<u16>> {
        match (self, id) {
            (Store::Image(image), StoreId::Image(id)) => {
                image.store().open_of(id.id).map(|open| open.path().0).map_err(|refusal| refusal.status)
            }
            (Store::Host(volume), StoreId::Host(id)) => {
                volume.open_of(*id).map(|open| open.path().0).map_err(|refusal| refusal.status)
            }
            (Store::Remote(share), StoreId::Remote(id)) => Ok(share.path_of(id)),
            _ => Err(NtStatus::INVALID_HANDLE),
        }
    }
}

fn open_host(
    volume: &Volume<LinuxHost>,
    cx: &SecurityContext,
    request: &OpenRequest<'_>,
) -> Result<StoreOpened, OpenRefused> {
    let opened =
        |opened: fsa::Opened| Ok(StoreOpened { id: StoreId::Host(opened.id), action: opened.action });
    let error = match volume.open(cx, request) {
        Ok(done) => return opened(done),
        Err(error) => error,
    };
    if !is_elsewhere(&error) || request.relative_to.is_some() {
        return Err(OpenRefused { status: error.status(), elsewhere: None });
    }
    match volume.open_tracing(cx, request) {
        // The link changed meanwhile.
        (Ok(done), _) => opened(done),
        (Err(error), hops) => {
            Err(OpenRefused { status: error.status(), elsewhere: target_of(&hops, request.path) })
        }
    }
}

/// A link leads to a drive or a share that is not on the volume.
pub(crate) fn is_elsewhere(error: &OpenError) -> bool {
    matches!(error, OpenError::Refused(refusal) if refusal.why == Why::Target(TargetFault::UnknownDevice))
}

/// Where the last link leads, with what lies behind it on the path.
pub(crate) fn target_of(hops: &[fsa::Hop], path: &[u16]) -> Option<Vec<u16>> {
    let (last, before) = hops.split_last()?;
    let walked = before.last().and_then(|hop| hop.resumed.as_ref()).map_or(path, |path| path.units());
    let names = |path: &[u16]| path.split(|unit| *unit == BACKSLASH).filter(|name| !name.is_empty()).count();
    let tail = after(walked, names(last.link.units()));
    let mut target = last.target.units().to_vec();
    if target.last() == Some(&BACKSLASH) && !tail.is_empty() {
        target.pop();
    }
    target.extend_from_slice(tail);
    Some(target)
}

/// What follows the first `count` names of a path.
fn after(path: &[u16], count: usize) -> &[u16] {
    let mut left = count;
    let mut in_name = false;
    for (at, unit) in path.iter().enumerate() {
        let name = *unit != BACKSLASH;
        if !name && in_name && left == 0 {
            return path.get(at..).unwrap_or_default();
        }
        if name && !in_name {
            left = left.saturating_sub(1);
        }
        in_name = name;
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn what_follows_the_first_names_of_a_path_is_found() {
        for (path, count, tail) in
            [(r"\a\b\c", 1, r"\b\c"), (r"a\b\c", 2, r"\c"), (r"\a", 1, ""), (r"\a\", 1, r"\"), (r"\a", 3, "")]
        {
            assert_eq!(after(&units(path), count), units(tail), "{path}");
        }
    }
}
