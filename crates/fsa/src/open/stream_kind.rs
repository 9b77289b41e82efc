//! Which stream an open is of: a directory's, or one of a file's. [MS-FSA] 2.1.5.1 phase 7
use super::OpenRequest;
use super::walk::Tail;
use crate::refusal::{ComponentFault, Refusal, TargetFault, Why};
use crate::stream::StreamKind;
use nt::{CreateDisposition, CreateOptions, NtStatus, Utf16};

/// What is opened or made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum StreamToOpen {
    /// A directory.
    Directory,
    /// A stream of data: the unnamed one, or another.
    Data(Option<Utf16>),
}

/// Decides it. `directory` is the kind of the object that was found, `None` when there is none.
pub(super) fn decide(
    request: &OpenRequest<'_>,
    tail: &Tail,
    directory: Option<bool>,
) -> Result<StreamToOpen, Refusal> {
    let stream = &tail.stream;
    let index = stream.kind == Some(StreamKind::Index);
    if index && !stream.is_directory_index() {
        return Err(Refusal::parameter("a directory's index is named $I30, or not at all"));
    }
    keep_promise(tail, directory)?;
    let file_wanted = request.options.contains(CreateOptions::NON_DIRECTORY_FILE);
    let directory_wanted = request.options.contains(CreateOptions::DIRECTORY_FILE) || index;
    let plain_directory = !file_wanted && stream.is_absent() && directory == Some(true);
    let opened = if directory_wanted || plain_directory {
        check_directory(request, tail, directory)?;
        StreamToOpen::Directory
    } else {
        if stream.name.is_none() && directory == Some(true) {
            return Err(object(NtStatus::FILE_IS_A_DIRECTORY, "a directory has no unnamed data"));
        }
        StreamToOpen::Data(stream.name.clone())
    };
    if tail.trailing_backslash && (file_wanted || opened != StreamToOpen::Directory) {
        let why = Why::Component { at: 0, fault: ComponentFault::TrailingBackslash };
        return Err(Refusal::new(NtStatus::OBJECT_NAME_INVALID, why));
    }
    Ok(opened)
}

/// A mount point, and a link that is a directory, lead to a directory; a link that is a file leads to a file.
/// Windows: since 1709, and for every link in Windows 11; docs/SPEC-NOTES.md 9
fn keep_promise(tail: &Tail, directory: Option<bool>) -> Result<(), Refusal> {
    let broken = |status, fault| Err(Refusal::new(status, Why::Target(fault)));
    match directory {
        Some(false) if tail.promised.directory => {
            broken(NtStatus::NOT_A_DIRECTORY, TargetFault::DirectoryLinkToFile)
        }
        Some(true) if tail.promised.file => {
            broken(NtStatus::FILE_IS_A_DIRECTORY, TargetFault::FileLinkToDirectory)
        }
        _ => Ok(()),
    }
}

fn check_directory(request: &OpenRequest<'_>, tail: &Tail, directory: Option<bool>) -> Result<(), Refusal> {
    if tail.stream.kind != Some(StreamKind::Index) && !tail.stream.is_absent() {
        return Err(object(NtStatus::NOT_A_DIRECTORY, "a stream of data is no directory"));
    }
    match directory {
        Some(false) if request.disposition == CreateDisposition::CREATE => {
            Err(Refusal::new(NtStatus::OBJECT_NAME_COLLISION, Why::Collision))
        }
        Some(false) => Err(object(NtStatus::NOT_A_DIRECTORY, "the file is no directory")),
        None if tail.promised.file => {
            let why = Why::Target(TargetFault::FileLinkToDirectory);
            Err(Refusal::new(NtStatus::FILE_IS_A_DIRECTORY, why))
        }
        _ => Ok(()),
    }
}

fn object(status: NtStatus, what: &'static str) -> Refusal {
    Refusal::new(status, Why::Object(what))
}
