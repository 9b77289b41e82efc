//! Every point below a directory of an image: from `$Extend\$Reparse:$R`, in time that does not depend on how many other
//! files there are; from the MFT where a volume has no such index.
use crate::failure::Failure;
use crate::host_object::not_a_directory;
use crate::image::ImageVolume;
use crate::object::{PointBelow, Search, Seen, Walk};
use nt::Utf16;
use ntfs::{FilePath, FileRef, FoundPoint, Image, Namespace, WalkOptions};
use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

const LOOK_AT: &str = "look at";
/// How many directories' paths are remembered: points lie in few.
const REMEMBERED_MAX: usize = 65_536;

/// The path from the directory where the search begins to another, empty or with a `/` at its end; `None` when that lies
/// elsewhere.
type Below = Option<Vec<u8>>;

struct Finder<'a> {
    start: FileRef,
    /// The names from the volume's root to where the search begins.
    begin: Vec<Utf16>,
    known: HashMap<FileRef, Below>,
    search: &'a Search<'a>,
}

/// Tells of every wanted point below `directory`. The image is let go between points.
pub(crate) fn run(image: &ImageVolume, directory: FileRef, search: &Search<'_>) -> Result<(), Failure> {
    let (is_directory, begin) =
        image.read("open", |image| Ok((image.facts(directory)?.is_directory, image.path_of(directory)?)))?;
    if !is_directory {
        return Err(not_a_directory());
    }
    let begin = match begin {
        FilePath::Whole(names) | FilePath::Orphan(names) => names,
    };
    let mut finder = Finder { start: directory, begin, known: HashMap::new(), search };
    let (points, damaged) = image.read("list the reparse points", listed)?;
    for error in damaged {
        let failure = image.failure("list the reparse points", error);
        if finder.tell(Seen::Failure { path: OsString::new(), failure }) == Walk::Stop {
            return Ok(());
        }
    }
    for point in points.into_iter().filter(|point| (search.wanted)(point.tag)) {
        let seen = match image.read(LOOK_AT, |image| finder.look(image, point)) {
            Ok(seen) => seen,
            Err(failure) => {
                let path = OsString::from(format!("(record {})", point.file.record()));
                vec![Seen::Failure { path, failure }]
            }
        };
        for seen in seen {
            if finder.tell(seen) == Walk::Stop {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Every point of the volume, and what could not be read on the way.
fn listed(image: &Image) -> ntfs::Result<(Vec<FoundPoint>, Vec<ntfs::Error>)> {
    if let Some(points) = image.reparse_points()? {
        return Ok((points.collect::<ntfs::Result<_>>()?, Vec::new()));
    }
    let (mut points, mut damaged) = (Vec::new(), Vec::new());
    for found in image.walk(WalkOptions::default()) {
        match found {
            Ok(point) => points.push(point),
            Err(error @ ntfs::Error::Io { .. }) => return Err(error),
            Err(error) => damaged.push(error),
        }
    }
    Ok((points, damaged))
}

impl Finder<'_> {
    fn tell(&self, seen: Seen) -> Walk {
        (self.search.visit)(seen)
    }

    /// The point under each of its file's long names that lies below the beginning.
    fn look(&mut self, image: &Image, point: FoundPoint) -> ntfs::Result<Vec<Seen>> {
        let found = image.named_point(point.file)?;
        let mut seen = Vec::new();
        if found.file.record() == self.start.record() {
            return Ok(seen); // the directory itself is not below itself
        }
        for name in found.names {
            if name.namespace == Namespace::DOS {
                continue;
            }
            let Some(below) = self.below(image, name.parent)? else { continue };
            let mut path = below.clone();
            path.extend_from_slice(&name.name.to_wtf8());
            seen.push(Seen::Point(PointBelow {
                path: OsString::from_vec(path),
                directory: found.is_directory,
                tag: found.point.tag(),
                bytes: found.point.as_bytes().to_vec(),
            }));
        }
        Ok(seen)
    }

    fn below(&mut self, image: &Image, directory: FileRef) -> ntfs::Result<&Below> {
        if !self.known.contains_key(&directory) {
            let below = match image.path_of(directory)? {
                FilePath::Whole(names) => names.strip_prefix(self.begin.as_slice()).map(joined),
                FilePath::Orphan(_) => None,
            };
            if self.known.len() >= REMEMBERED_MAX {
                self.known.clear(); // rare, and cheaper than an order of use
            }
            self.known.insert(directory, below);
        }
        Ok(self.known.get(&directory).unwrap_or(&None))
    }
}

/// The names, each with a `/` behind it.
fn joined(names: &[Utf16]) -> Vec<u8> {
    let mut path = Vec::new();
    for name in names {
        path.extend_from_slice(&name.to_wtf8());
        path.push(b'/');
    }
    path
}
