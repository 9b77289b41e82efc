//! Taking a change of an image back.
use crate::failure::Failure;
use crate::place::PlaceError;
use ntfs::{ImageFile, Journal};
use std::path::{Path, PathBuf};

/// Takes back the last change of an image, or one that was cut off, to the exact bytes before it. Gives the journal that
/// told them.
pub fn undo_image(image: &Path) -> Result<PathBuf, Failure> {
    let real = image.canonicalize();
    let real = real.map_err(|error| PlaceError::Host { path: image.to_owned(), error })?;
    let failed = |error| Failure::Image { what: "take the change back", image: real.clone(), error };
    let file = ImageFile::open(&real, false, None).map_err(failed)?;
    let pending = file.journal_path(Journal::Pending);
    let journal = if pending.exists() { pending } else { file.journal_path(Journal::Last) };
    ntfs::undo(&file).map_err(failed)?;
    Ok(journal)
}
