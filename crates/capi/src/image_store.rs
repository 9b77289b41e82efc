//! A volume in a disk image. The object store finds and reads what is in it, by its own rules; reparse points are set and
//! deleted, and empty files and directories made, in the image itself. All else that would change it is refused.
use crate::store::{OpenRefused, StoreId, StoreOpened};
use fsa::{ControlReply, DriveMap, OpenError, OpenId, OpenRequest, SecurityContext, Volume, VolumeOptions};
use nt::security::Privileges;
use nt::{
    AccessMask, CreateAction, CreateDisposition, CreateOptions, FileAttributes, FileTime, FsctlCode,
    NtStatus, Utf16,
};
use ntfs::{FileRef, NewFile, Partition};
use places::{Failure, ImagePort, ImageVolume};
use reparse::{SET_EX_HEADER_LEN, Tag};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::SystemTime;

const BACKSLASH: u16 = b'\\' as u16;
/// What an open of the store is asked for, of what the program asks: the store sees the image as read-only.
const READING: AccessMask = AccessMask(
    AccessMask::FILE_READ_DATA.0
        | AccessMask::FILE_READ_EA.0
        | AccessMask::FILE_READ_ATTRIBUTES.0
        | AccessMask::FILE_EXECUTE.0
        | AccessMask::READ_CONTROL.0
        | AccessMask::SYNCHRONIZE.0
        | AccessMask::GENERIC_READ.0
        | AccessMask::GENERIC_EXECUTE.0,
);
/// What lets a program set a point. [MS-FSA] 2.1.5.10.37
const SETTING: AccessMask = AccessMask(
    AccessMask::FILE_WRITE_DATA.0
        | AccessMask::FILE_WRITE_ATTRIBUTES.0
        | AccessMask::GENERIC_WRITE.0
        | AccessMask::GENERIC_ALL.0
        | AccessMask::MAXIMUM_ALLOWED.0,
);

/// A volume in an image.
pub(crate) struct ImageStore {
    image: Arc<ImageVolume>,
    store: Volume<ImagePort>,
}

/// An open of it.
pub(crate) struct ImageId {
    pub(crate) id: OpenId,
    pub(crate) may_set: bool,
    may_link: bool,
}

impl ImageId {
    /// Why nothing but points is changed through it.
    pub(crate) fn unchanging(&self) -> NtStatus {
        if self.may_set { NtStatus::MEDIA_WRITE_PROTECTED } else { NtStatus::ACCESS_DENIED }
    }
}

/// The images that are open, each once: who changes one locks out all others, other drives on it too.
static OPEN: Mutex<Vec<(PathBuf, Partition, Weak<ImageVolume>)>> = Mutex::new(Vec::new());

fn volume_of(image: &Path, partition: Partition) -> Result<Arc<ImageVolume>, NtStatus> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.retain(|(.., known)| known.strong_count() > 0);
    let known = open.iter().find(|(path, part, _)| path == image && *part == partition);
    if let Some(known) = known.and_then(|(.., known)| known.upgrade()) {
        return Ok(known);
    }
    let volume = ImageVolume::open(image.to_owned(), partition, false).map_err(|failure| status(&failure))?;
    let volume = Arc::new(volume);
    open.push((image.to_owned(), partition, Arc::downgrade(&volume)));
    Ok(volume)
}

impl ImageStore {
    /// Opens the image with the directory at `root` for the volume's root; `drives` are the names of its own volume.
    pub(crate) fn open_image(
        image: &Path,
        partition: Partition,
        root: &[u16],
        drives: DriveMap,
    ) -> Result<ImageStore, NtStatus> {
        let image = volume_of(image, partition)?;
        let options = VolumeOptions { drives, ..VolumeOptions::default() };
        let store = Volume::new(ImagePort::new(Arc::clone(&image)), options.clone());
        let whole = ImageStore { image, store };
        if root == [BACKSLASH] {
            return Ok(whole);
        }
        let request = OpenRequest {
            options: CreateOptions::DIRECTORY_FILE,
            ..OpenRequest::existing(root, AccessMask::FILE_READ_ATTRIBUTES)
        };
        let opened = whole.store.open(&SecurityContext::superuser(), &request);
        let directory = whole.node(opened.map_err(|error| error.status())?.id)?;
        let store = Volume::new(ImagePort::below(Arc::clone(&whole.image), directory), options);
        Ok(ImageStore { store, ..whole })
    }

    /// The object store's view of it.
    pub(crate) fn store(&self) -> &Volume<ImagePort> {
        &self.store
    }

    pub(crate) fn open(
        &self,
        cx: &SecurityContext,
        request: &OpenRequest<'_>,
    ) -> Result<StoreOpened, OpenRefused> {
        let refused = |status| OpenRefused { status, elsewhere: None };
        if request.options.contains(CreateOptions::DELETE_ON_CLOSE) || !request.eas.is_empty() {
            return Err(refused(NtStatus::MEDIA_WRITE_PROTECTED));
        }
        let asked = request.desired_access;
        let mut desired_access = AccessMask(asked.0 & READING.0) | AccessMask::FILE_READ_ATTRIBUTES;
        if asked.intersects(AccessMask::GENERIC_ALL | AccessMask::MAXIMUM_ALLOWED) {
            desired_access |= AccessMask::GENERIC_READ;
        }
        let read = OpenRequest { desired_access, disposition: CreateDisposition::OPEN, ..*request };
        let id = |opened: fsa::Opened, action| StoreOpened {
            action,
            id: StoreId::Image(ImageId {
                id: opened.id,
                may_set: asked.intersects(SETTING),
                may_link: cx.token.privileges.contains(Privileges::CREATE_SYMBOLIC_LINK),
            }),
        };
        let makes = matches!(
            request.disposition,
            CreateDisposition::CREATE
                | CreateDisposition::OPEN_IF
                | CreateDisposition::OVERWRITE_IF
                | CreateDisposition::SUPERSEDE
        );
        match self.store.open(cx, &read) {
            Ok(opened)
                if matches!(request.disposition, CreateDisposition::OPEN | CreateDisposition::OPEN_IF) =>
            {
                Ok(id(opened, CreateAction::OPENED))
            }
            Ok(opened) => {
                let _ = self.store.close(opened.id);
                Err(refused(match request.disposition {
                    CreateDisposition::CREATE => NtStatus::OBJECT_NAME_COLLISION,
                    _ => NtStatus::MEDIA_WRITE_PROTECTED,
                }))
            }
            Err(error) if makes && error.status() == NtStatus::OBJECT_NAME_NOT_FOUND => {
                self.make(cx, request).map_err(refused)?;
                let opened = self.store.open(cx, &read).map_err(|error| refused(error.status()))?;
                Ok(id(opened, CreateAction::CREATED))
            }
            Err(error) => Err(self.refused(cx, &read, &error)),
        }
    }

    fn refused(&self, cx: &SecurityContext, request: &OpenRequest<'_>, error: &OpenError) -> OpenRefused {
        let elsewhere = crate::store::is_elsewhere(error) && request.relative_to.is_none();
        let target = |hops: &[fsa::Hop]| crate::store::target_of(hops, request.path);
        let elsewhere = match elsewhere.then(|| self.store.open_tracing(cx, request)) {
            Some((Ok(opened), _)) => {
                let _ = self.store.close(opened.id);
                None
            }
            Some((Err(_), hops)) => target(&hops),
            None => None,
        };
        OpenRefused { status: error.status(), elsewhere }
    }

    /// Makes an empty object, with the attributes that were asked for.
    fn make(&self, cx: &SecurityContext, request: &OpenRequest<'_>) -> Result<(), NtStatus> {
        let at = request.path.iter().rposition(|unit| *unit == BACKSLASH).unwrap_or(0);
        let (parent, name) = request.path.split_at(at);
        // No backslash before the name: from the root that is the root, from an open the open's own directory.
        let from_root = request.relative_to.is_none();
        let parent = if parent.is_empty() && from_root { &[BACKSLASH] } else { parent };
        let directory = OpenRequest {
            relative_to: request.relative_to,
            options: CreateOptions::DIRECTORY_FILE,
            ..OpenRequest::existing(parent, AccessMask::FILE_READ_ATTRIBUTES)
        };
        let opened = self.store.open(cx, &directory).map_err(|error| error.status())?;
        let node = self.node(opened.id);
        let closed = self.store.close(opened.id);
        let directory = node?;
        closed.map_err(|refusal| refusal.status)?;
        let new = NewFile {
            is_directory: request.options.contains(CreateOptions::DIRECTORY_FILE),
            attributes: FileAttributes(request.attributes.0),
            ..NewFile::default()
        };
        let name = Utf16::from(name.strip_prefix(&[BACKSLASH]).unwrap_or(name));
        let made = self.image.write("make", |image| image.create(directory, &name, &new, now()));
        made.map(drop).map_err(|failure| status(&failure))
    }

    fn node(&self, id: OpenId) -> Result<FileRef, NtStatus> {
        self.store.open_of(id).map(|open| open.file.node()).map_err(|refusal| refusal.status)
    }

    /// The refusals stand in the store's order. spec/reparse-semantics.md 2.2
    pub(crate) fn fs_control(
        &self,
        id: &ImageId,
        code: FsctlCode,
        input: &[u8],
        output_len_max: usize,
    ) -> Result<ControlReply, NtStatus> {
        let sets =
            [FsctlCode::SET_REPARSE_POINT, FsctlCode::SET_REPARSE_POINT_EX, FsctlCode::DELETE_REPARSE_POINT];
        if !sets.contains(&code) {
            let reply = self.store.fs_control(id.id, code, input, output_len_max);
            return reply.map_err(|refusal| refusal.status);
        }
        if !id.may_set {
            return Err(NtStatus::ACCESS_DENIED);
        }
        if output_len_max != 0 {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let point = if code == FsctlCode::SET_REPARSE_POINT_EX {
            input.get(SET_EX_HEADER_LEN..)
        } else {
            Some(input)
        };
        let tag = point.and_then(|point| point.first_chunk()).copied().map(u32::from_le_bytes);
        if code != FsctlCode::DELETE_REPARSE_POINT && tag == Some(Tag::SYMLINK.0) && !id.may_link {
            return Err(NtStatus::PRIVILEGE_NOT_HELD);
        }
        let file = self.node(id.id)?;
        let done = self.image.write("set the reparse point", |image| match code {
            FsctlCode::SET_REPARSE_POINT => image.set(file, input, now()),
            FsctlCode::DELETE_REPARSE_POINT => image.delete(file, input, now()),
            _ => image.set_ex(file, input, now()),
        });
        done.map_err(|failure| status(&failure))?;
        Ok(ControlReply { status: NtStatus::SUCCESS, output: Vec::new() })
    }
}

fn status(failure: &Failure) -> NtStatus {
    failure.status().unwrap_or(NtStatus::UNRECOGNIZED_VOLUME)
}

/// The time that a change is stamped with: an image has no kernel to do it.
#[allow(clippy::disallowed_methods)] // the library is where the program's time comes from
fn now() -> FileTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    FileTime::from_unix(i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos())
}
