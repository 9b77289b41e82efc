//! An open that tells which links it followed.
#![allow(clippy::expect_used, reason = "a test ends where its ground is not there")]
use fsa::host::memory::{MemoryHost, MemoryOptions};
use fsa::{DriveMap, Hop, OpenRequest, SecurityContext, Volume, VolumeOptions};
use nt::{AccessMask, CreateDisposition, CreateOptions, FsctlCode, NtStatus, Utf16};
use reparse::{MountPoint, Symlink, Tag};

const RIGHTS: AccessMask =
    AccessMask(AccessMask::FILE_READ_ATTRIBUTES.0 | AccessMask::FILE_WRITE_ATTRIBUTES.0);

/// A volume that is drive C:.
fn volume() -> Volume<MemoryHost> {
    let drives = DriveMap::new().with(r"\??\C:", r"\");
    Volume::new(
        MemoryHost::new(MemoryOptions::default()),
        VolumeOptions { drives, ..VolumeOptions::default() },
    )
}

fn make(volume: &Volume<MemoryHost>, path: &str, options: CreateOptions, point: Option<&[u8]>) {
    let path: Vec<u16> = path.encode_utf16().collect();
    let mut request = OpenRequest::existing(&path, RIGHTS);
    request.disposition = CreateDisposition::CREATE;
    request.options = options;
    let opened = volume.open(&SecurityContext::superuser(), &request).expect("it is made");
    if let Some(point) = point {
        volume.fs_control(opened.id, FsctlCode::SET_REPARSE_POINT, point, 0).expect("it is set");
    }
    volume.close(opened.id).expect("it closes");
}

fn trace(volume: &Volume<MemoryHost>, path: &str) -> (Option<NtStatus>, Vec<Hop>) {
    let path: Vec<u16> = path.encode_utf16().collect();
    let request = OpenRequest::existing(&path, RIGHTS);
    let (opened, hops) = volume.open_tracing(&SecurityContext::superuser(), &request);
    (opened.err().map(|error| error.status()), hops)
}

#[test]
fn each_link_on_the_way_is_told_with_the_path_it_leads_to() {
    let volume = volume();
    make(&volume, r"\dir", CreateOptions::DIRECTORY_FILE, None);
    make(&volume, r"\dir\file", CreateOptions::NON_DIRECTORY_FILE, None);
    let junction = MountPoint::to_directory(r"C:\dir").expect("a junction");
    make(&volume, r"\way", CreateOptions::DIRECTORY_FILE, Some(junction.raw().as_bytes()));
    let link = Symlink::relative(r"way\file").expect("a link");
    make(&volume, r"\link", CreateOptions::NON_DIRECTORY_FILE, Some(link.raw().as_bytes()));

    let (refused, hops) = trace(&volume, r"\link");
    assert_eq!(refused, None);
    let told: Vec<(String, Tag, Option<String>)> = hops
        .iter()
        .map(|hop| (hop.link.to_string(), hop.tag, hop.resumed.as_ref().map(Utf16::to_string)))
        .collect();
    assert_eq!(
        told,
        [
            (r"\link".into(), Tag::SYMLINK, Some(r"\way\file".into())),
            (r"\way".into(), Tag::MOUNT_POINT, Some(r"\dir\file".into())),
        ]
    );
}

#[test]
fn a_link_that_cannot_be_followed_is_told_as_the_last() {
    let volume = volume();
    let junction = MountPoint::to_directory(r"D:\dir").expect("a junction");
    make(&volume, r"\way", CreateOptions::DIRECTORY_FILE, Some(junction.raw().as_bytes()));
    let (refused, hops) = trace(&volume, r"\way\x");
    assert_eq!(refused, Some(NtStatus::OBJECT_PATH_NOT_FOUND));
    assert_eq!(hops.len(), 1);
    assert_eq!((&hops[0].target, &hops[0].resumed), (&r"\??\D:\dir".into(), &None));
}

#[test]
fn a_path_without_links_tells_of_none() {
    let volume = volume();
    make(&volume, r"\file", CreateOptions::NON_DIRECTORY_FILE, None);
    assert_eq!(trace(&volume, r"\file"), (None, Vec::new()));
}
