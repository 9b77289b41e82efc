//! The security descriptor and the permission bits of what is made. [MS-FSA] 2.1.5.1.1, [MS-DTYP] 2.5.3.4; smbtorture's
//! smb2.acls.INHERITANCE (Debian's samba-testsuite) has the table of flags, observed on Windows.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test says what it expects by panicking
mod host_disk;
mod store;

use fsa::host::Host;
use fsa::{OpenRequest, Requester, SecurityInformation};
use nt::security::{
    Ace, AceFlags, Acl, AclSlot, SecurityDescriptor, SecurityDescriptorControl as Control, Sid,
};
use nt::{AccessMask, CreateDisposition, CreateOptions, FileInformationClass as Class, NtStatus};
use store::*;

const ALL: AccessMask = AccessMask::FILE_ALL_ACCESS;
const READ: AccessMask = AccessMask(0x0012_0089);

fn user() -> Sid {
    Sid::new(5, &[21, 1, 2, 3, 1001]).unwrap()
}

fn with_dacl(aces: Vec<Ace>) -> SecurityDescriptor {
    SecurityDescriptor {
        owner: Some(user()),
        group: Some(Sid::EVERYONE),
        dacl: AclSlot::Present(Acl::new(aces)),
        ..SecurityDescriptor::default()
    }
}

/// The same, of a directory whose list came down to it and comes down to what is made in it.
fn automatic(descriptor: SecurityDescriptor) -> SecurityDescriptor {
    SecurityDescriptor { control: Control::DACL_AUTO_INHERITED, ..descriptor }
}

impl Store {
    fn make_with(&self, path: &str, options: CreateOptions, security: Option<&[u8]>) -> Result<(), NtStatus> {
        let path = utf16(path);
        let disposition = CreateDisposition::CREATE;
        let request = OpenRequest { options, disposition, security, ..OpenRequest::existing(&path, READ) };
        let opened = self.request(&request).map_err(|error| error.status())?;
        self.close(opened.id);
        Ok(())
    }

    /// A directory with these entries, and what a file or directory made in it gets.
    fn handed_down(&self, aces: Vec<Ace>, options: CreateOptions) -> Vec<Ace> {
        self.handed_down_by(automatic(with_dacl(aces)), options)
    }

    fn handed_down_by(&self, mut dir: SecurityDescriptor, options: CreateOptions) -> Vec<Ace> {
        let name = format!("parent{}", self.volume.host().counts().changes);
        if let AclSlot::Present(acl) = &mut dir.dacl {
            acl.aces.push(Ace::allow(Sid::EVERYONE, ALL));
        }
        let dir = dir.encode().unwrap();
        self.make_with(&name, CreateOptions::DIRECTORY_FILE, Some(&dir)).unwrap();
        let child = format!(r"{name}\child");
        self.make_with(&child, options, None).unwrap();
        let AclSlot::Present(acl) = self.descriptor(&child).dacl else { panic!("no list") };
        acl.aces
    }

    fn descriptor(&self, path: &str) -> SecurityDescriptor {
        let id = self.open(path, AccessMask::READ_CONTROL, PLAIN);
        let parts = SecurityInformation::OWNER | SecurityInformation::GROUP | SecurityInformation::DACL;
        let told = self.volume.query_security(id, parts, 65_536).unwrap();
        self.close(id);
        SecurityDescriptor::decode(&told.bytes).unwrap()
    }
}

fn flags(bits: u8) -> AceFlags {
    AceFlags(bits)
}

#[test]
fn entries_are_handed_down_by_their_flags() {
    // 1 object inherit, 2 container inherit, 4 no propagation, 8 inherit only, 0x10 inherited. By flags of the directory's
    // entry: those of a file's, and of a directory's; none where nothing of it arrives, and then there is the default list.
    let table: [(u8, Option<u8>, Option<u8>); 10] = [
        (0x0, None, None),
        (0x1, Some(0x10), Some(0x19)),
        (0x2, None, Some(0x12)),
        (0x3, Some(0x10), Some(0x13)),
        (0x5, Some(0x10), None),
        (0x6, None, Some(0x10)),
        (0x7, Some(0x10), Some(0x10)),
        (0xB, Some(0x10), Some(0x13)),
        (0x9, Some(0x10), Some(0x19)),
        (0xE, None, Some(0x10)),
    ];
    let store = Store::new().without_privileges();
    let default = vec![Ace::allow(user(), ALL), Ace::allow(Sid::LOCAL_SYSTEM, ALL)];
    for (given, file, dir) in table {
        let ace = Ace::allow(Sid::AUTHENTICATED_USERS, READ);
        let expected = |flag: Option<u8>| match flag {
            Some(bits) => vec![ace.clone().with_flags(flags(bits))],
            None => default.clone(),
        };
        let aces = vec![ace.clone().with_flags(flags(given))];
        // What the caller may do with the child is not asked again: it is made, and read back by its owner.
        let store = Store { cx: store.cx.clone(), volume: Store::new().volume };
        assert_eq!(store.handed_down(aces.clone(), PLAIN), expected(file), "file, {given:#x}");
        let options = CreateOptions::DIRECTORY_FILE;
        assert_eq!(store.handed_down(aces, options), expected(dir), "directory, {given:#x}");
    }
}

#[test]
fn the_creator_and_generic_rights_are_filled_in_where_they_count_and_kept_where_they_are_handed_on() {
    // smb2.acls.CREATOR
    let store = Store::new().without_privileges();
    let ace = Ace::allow(Sid::CREATOR_OWNER, AccessMask::GENERIC_ALL).with_flags(flags(0x3));
    let own = Ace::allow(user(), ALL).with_flags(flags(0x10));
    assert_eq!(store.handed_down(vec![ace.clone()], PLAIN), vec![own.clone()]);
    let onward = ace.clone().with_flags(flags(0x1B));
    assert_eq!(store.handed_down(vec![ace], CreateOptions::DIRECTORY_FILE), [own, onward]);
}

/// smbtorture smb2.acls.INHERITFLAGS, which Windows passes: entries are marked as inherited where the directory's list is.
#[test]
fn what_is_handed_down_is_marked_where_the_directory_says_so() {
    let store = Store::new().without_privileges();
    let ace = Ace::allow(Sid::AUTHENTICATED_USERS, READ);
    let given = with_dacl(vec![ace.clone().with_flags(flags(0x1))]);
    assert_eq!(store.handed_down_by(given.clone(), PLAIN), std::slice::from_ref(&ace));
    assert_eq!(store.handed_down_by(automatic(given), PLAIN), [ace.with_flags(flags(0x10))]);
}

/// smbtorture smb2.acls.OWNER and its like: a file belongs to who made it, and is as open as its directory.
#[test]
fn what_somebody_makes_where_nobody_gave_a_descriptor_is_theirs() {
    let store = Store::new().without_privileges();
    store.file("f");
    let descriptor = store.descriptor("f");
    assert_eq!(descriptor.owner, Some(user()));
    assert_eq!(descriptor.group, Sid::new(5, &[21, 1, 2, 3, 513]));
    let everything = Ace::allow(Sid::EVERYONE, ALL).with_flags(flags(0x10));
    assert_eq!(descriptor.dacl, AclSlot::Present(Acl::new(vec![everything])));
    assert_eq!(descriptor.control, Control::DACL_AUTO_INHERITED);
}

/// smbtorture smb2.acls.CREATOR (generic rights), INHERITFLAGS (control bits) and smb2.create.nulldacl (no list).
#[test]
fn what_is_set_is_stored_as_windows_stores_it() {
    let store = Store::new().without_privileges();
    store.file("f");
    let set = |descriptor: SecurityDescriptor| {
        let id = store.open("f", AccessMask::WRITE_DAC, PLAIN);
        let bytes = descriptor.encode().unwrap();
        store.volume.set_security(&store.cx, id, SecurityInformation::DACL, &bytes).unwrap();
        store.close(id);
        store.descriptor("f")
    };
    let generic = with_dacl(vec![Ace::allow(user(), AccessMask::GENERIC_ALL)]);
    assert_eq!(set(generic.clone()).dacl, with_dacl(vec![Ace::allow(user(), ALL)]).dacl);
    let both = Control::DACL_AUTO_INHERITED | Control::DACL_COMPUTED_INHERITANCE_REQUIRED;
    for (given, kept) in [
        (Control::DACL_AUTO_INHERITED, Control::NONE),
        (Control::DACL_COMPUTED_INHERITANCE_REQUIRED, Control::NONE),
        (both, Control::DACL_AUTO_INHERITED),
        (both | Control::DACL_PROTECTED, Control::DACL_AUTO_INHERITED | Control::DACL_PROTECTED),
    ] {
        assert_eq!(set(SecurityDescriptor { control: given, ..generic.clone() }).control, kept);
    }
    let without = SecurityDescriptor { dacl: AclSlot::Absent, ..generic };
    assert_eq!(set(without).dacl, AclSlot::Null);
}

#[test]
fn a_descriptor_that_is_given_is_the_one_that_is_kept() {
    let store = Store::new().without_privileges();
    let dir = automatic(with_dacl(vec![Ace::allow(Sid::EVERYONE, ALL).with_flags(flags(0x3))]));
    let dir = dir.encode().unwrap();
    store.make_with("d", CreateOptions::DIRECTORY_FILE, Some(&dir)).unwrap();
    let mine = with_dacl(vec![Ace::allow(user(), ALL)]);
    store.make_with(r"d\f", PLAIN, Some(&mine.encode().unwrap())).unwrap();
    assert_eq!(store.descriptor(r"d\f"), mine);
    let more = SecurityDescriptor { control: Control::DACL_COMPUTED_INHERITANCE_REQUIRED, ..mine };
    store.make_with(r"d\g", PLAIN, Some(&more.encode().unwrap())).unwrap();
    let AclSlot::Present(acl) = store.descriptor(r"d\g").dacl else { panic!("no list") };
    assert_eq!(acl.aces, [Ace::allow(user(), ALL), Ace::allow(Sid::EVERYONE, ALL).with_flags(flags(0x10))]);
    let other = SecurityDescriptor { owner: Some(Sid::LOCAL_SYSTEM), ..more };
    let refused = store.make_with(r"d\h", PLAIN, Some(&other.encode().unwrap()));
    assert_eq!(refused, Err(NtStatus::INVALID_OWNER));
    assert_eq!(store.opening(r"d\h", PLAIN), NtStatus::OBJECT_NAME_NOT_FOUND, "nothing is left of it");
    assert_eq!(store.make_with(r"d\i", PLAIN, Some(b"junk")), Err(NtStatus::INVALID_SECURITY_DESCR));
}

#[test]
fn where_nobody_gave_a_descriptor_there_is_none() {
    let store = Store::new();
    store.file("f");
    let node = store.volume.host().lookup(&store.volume.host().root(), &utf16("f")).unwrap().unwrap().0;
    assert_eq!(store.volume.host().xattr(&node, "security.NTACL"), Ok(None));
}

#[test]
fn permission_bits_are_those_that_were_asked_for() {
    let memory = Store::new();
    let scratch = host_disk::Scratch::new();
    let linux = Store::on(scratch.host(), fsa::VolumeOptions::default());
    fn made<H: Host>(store: &Store<H>, options: CreateOptions) -> u32 {
        let (path, disposition) = (utf16("made"), CreateDisposition::CREATE);
        let mode = Some(0o1640);
        let request =
            OpenRequest { options, disposition, mode, ..OpenRequest::existing(&path, AccessMask::DELETE) };
        let id = store.request(&request).unwrap().id;
        let node = store.volume.open_of(id).unwrap().file.node();
        let mode = store.volume.host().stat(&node).unwrap().mode;
        let delete = Class::DISPOSITION_INFORMATION;
        store.volume.set_information(&store.cx, Requester::Local, id, delete, &[1]).unwrap();
        store.close(id);
        mode
    }
    for options in [PLAIN, CreateOptions::DIRECTORY_FILE] {
        assert_eq!((made(&memory, options), made(&linux, options)), (0o1640, 0o1640));
    }
}

#[test]
fn short_names_and_valid_data_are_refused_truly() {
    let store = Store::new();
    store.file_with("f", b"data");
    let status = |store: &Store, class, input: &[u8]| {
        let id = store.open("f", AccessMask::FILE_WRITE_DATA, PLAIN);
        let done = store.volume.set_information(&store.cx, Requester::Local, id, class, input);
        done.map_or_else(|refusal| refusal.status, |()| NtStatus::SUCCESS)
    };
    let name = [&8_u32.to_le_bytes()[..], b"F\0O\0O\0B\0"].concat();
    let (short, valid) = (Class::SHORT_NAME_INFORMATION, Class::VALID_DATA_LENGTH_INFORMATION);
    assert_eq!(status(&store, short, &name), NtStatus::SHORT_NAMES_NOT_ENABLED_ON_VOLUME);
    assert_eq!(status(&store, short, &name[..3]), NtStatus::INFO_LENGTH_MISMATCH);
    assert_eq!(status(&store, valid, &4_u64.to_le_bytes()), NtStatus::SUCCESS);
    assert_eq!(status(&store, valid, &3_u64.to_le_bytes()), NtStatus::INVALID_PARAMETER);
    let store = store.without_privileges();
    assert_eq!(status(&store, short, &name), NtStatus::PRIVILEGE_NOT_HELD);
    assert_eq!(status(&store, valid, &4_u64.to_le_bytes()), NtStatus::PRIVILEGE_NOT_HELD);
}
