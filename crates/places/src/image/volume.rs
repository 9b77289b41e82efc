//! An image, opened to read until something is to be changed.
use crate::failure::Failure;
use ntfs::{Image, OpenOptions, Partition};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A volume in an image.
pub struct ImageVolume {
    path: PathBuf,
    partition: Partition,
    force_dirty: bool,
    open: Mutex<Open>,
}

struct Open {
    /// `None` after a reopening that failed.
    image: Option<Image>,
    writable: bool,
}

impl ImageVolume {
    /// Opens it to read. `force_dirty` lets a dirty volume be changed.
    pub fn open(path: PathBuf, partition: Partition, force_dirty: bool) -> Result<ImageVolume, Failure> {
        let volume = ImageVolume {
            path,
            partition,
            force_dirty,
            open: Mutex::new(Open { image: None, writable: false }),
        };
        volume.read("open the image", |_| Ok(()))?;
        Ok(volume)
    }

    /// The image.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Which of its partitions.
    pub(crate) fn partition(&self) -> Partition {
        self.partition
    }

    /// Reads.
    pub fn read<T>(
        &self,
        what: &'static str,
        act: impl FnOnce(&Image) -> ntfs::Result<T>,
    ) -> Result<T, Failure> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let done = match &open.image {
            Some(image) => act(image),
            None => self.opened(true).and_then(|image| {
                open.writable = false;
                act(open.image.insert(image))
            }),
        };
        done.map_err(|error| self.failure(what, error))
    }

    /// Changes something.
    pub fn write<T>(
        &self,
        what: &'static str,
        act: impl FnOnce(&mut Image) -> ntfs::Result<T>,
    ) -> Result<T, Failure> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if !open.writable {
            open.image = None; // its shared lock would stand in the way of the exclusive one
        }
        let done = match &mut open.image {
            Some(image) => act(image),
            None => self.opened(false).and_then(|image| {
                open.writable = true;
                act(open.image.insert(image))
            }),
        };
        done.map_err(|error| self.failure(what, error))
    }

    fn opened(&self, read_only: bool) -> ntfs::Result<Image> {
        let options = OpenOptions {
            partition: self.partition,
            read_only,
            force_dirty: self.force_dirty,
            ..OpenOptions::default()
        };
        Image::open(&self.path, &options)
    }

    pub(crate) fn failure(&self, what: &'static str, error: ntfs::Error) -> Failure {
        Failure::Image { what, image: self.path.clone(), error }
    }
}
