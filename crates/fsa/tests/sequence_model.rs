//! Any sequence of operations does to a volume what it does to a model of thirty lines, status by status and byte by byte.
//! The model is the tables of the semantics again, written from the other side: what a name is, and what each call says of it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test says what it expects by panicking
mod store;

use fsa::host::memory::{MemoryHost, MemoryOptions};
use fsa::{HOPS_MAX, VolumeOptions};
use nt::{AccessMask, CreateDisposition, CreateOptions, Guid, NtStatus};
use proptest::prelude::*;
use std::collections::BTreeMap;
use store::*;

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
const SYMLINK: u32 = 0xA000_000C;
const MOUNT_POINT: u32 = 0xA000_0003;
const MICROSOFT: u32 = 0x8000_DEAD;
const DIRECTORY_BIT: u32 = 0x9000_CAFE;
const THIRD_PARTY: u32 = 0x0000_BEEF;
const OTHER_OWNER: Guid = Guid([9; 16]);

/// A reparse point, with what the model needs to know of it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Point {
    tag: u32,
    owner: Option<Guid>,
    leads_to: Option<usize>,
    bytes: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Op {
    MakeFile(usize),
    MakeDirectory(usize),
    Set(usize, Point),
    Delete(usize, u32, Guid),
    Open(usize, bool),
    Overwrite(usize, bool),
    Write(usize, u8),
    Remove(usize),
    Child(usize),
}

#[derive(Clone, Default, Debug)]
struct Object {
    directory: bool,
    children: usize,
    data: Vec<u8>,
    point: Option<Point>,
}

#[derive(Default)]
struct Model {
    objects: BTreeMap<usize, Object>,
}

impl Object {
    fn tag_in_the_way(&self) -> Option<&Point> {
        self.point.as_ref().filter(|point| !(self.directory && point.tag == DIRECTORY_BIT))
    }
}

impl Model {
    /// What opening a name gives: the object, or the status.
    fn follow(&self, name: usize, itself: bool) -> Result<usize, NtStatus> {
        let (mut at, mut file, mut directory) = (name, false, false);
        for _ in 0..=HOPS_MAX {
            let object = self.objects.get(&at).ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
            match object.tag_in_the_way().filter(|_| !itself) {
                None if directory && !object.directory => return Err(NtStatus::NOT_A_DIRECTORY),
                None if file && object.directory => return Err(NtStatus::FILE_IS_A_DIRECTORY),
                None => return Ok(at),
                Some(point) => {
                    directory |= object.directory;
                    file |= !object.directory;
                    at = point.leads_to.ok_or(NtStatus::IO_REPARSE_TAG_NOT_HANDLED)?;
                }
            }
        }
        Err(NtStatus::REPARSE_POINT_NOT_RESOLVED)
    }

    fn set(&mut self, name: usize, point: &Point) -> NtStatus {
        let Some(object) = self.objects.get_mut(&name) else { return NtStatus::OBJECT_NAME_NOT_FOUND };
        if point.tag == MOUNT_POINT && !object.directory {
            return NtStatus::NOT_A_DIRECTORY;
        }
        if object.children > 0 && point.tag != DIRECTORY_BIT {
            return NtStatus::DIRECTORY_NOT_EMPTY;
        }
        if point.tag == SYMLINK && !object.data.is_empty() {
            return NtStatus::IO_REPARSE_DATA_INVALID;
        }
        match &object.point {
            Some(old) if old.tag != point.tag => NtStatus::IO_REPARSE_TAG_MISMATCH,
            Some(old) if old.owner != point.owner => NtStatus::REPARSE_ATTRIBUTE_CONFLICT,
            _ => {
                object.point = Some(point.clone());
                NtStatus::SUCCESS
            }
        }
    }

    fn delete(&mut self, name: usize, tag: u32, owner: Guid) -> NtStatus {
        let Some(object) = self.objects.get_mut(&name) else { return NtStatus::OBJECT_NAME_NOT_FOUND };
        match &object.point {
            None => NtStatus::NOT_A_REPARSE_POINT,
            Some(old) if old.tag != tag => NtStatus::IO_REPARSE_TAG_MISMATCH,
            Some(old) if old.owner.is_some_and(|theirs| theirs != owner) => {
                NtStatus::REPARSE_ATTRIBUTE_CONFLICT
            }
            Some(_) => {
                object.point = None;
                NtStatus::SUCCESS
            }
        }
    }

    /// An object to write to, or the status.
    fn file(&mut self, name: usize, itself: bool) -> Result<&mut Object, NtStatus> {
        let at = self.follow(name, itself)?;
        let object = self.objects.get_mut(&at).unwrap();
        if object.directory { Err(NtStatus::FILE_IS_A_DIRECTORY) } else { Ok(object) }
    }
}

fn status_of<T>(done: Result<T, NtStatus>) -> NtStatus {
    done.map_or_else(|status| status, |_| NtStatus::SUCCESS)
}

/// Does one operation to both, and gives both statuses.
fn both(store: &Store, model: &mut Model, op: &Op) -> (NtStatus, NtStatus) {
    let non_directory = CreateOptions::NON_DIRECTORY_FILE;
    let make = |name: usize, options| {
        let opened = store.open_as(NAMES[name], CHANGE, options | ITSELF, CreateDisposition::CREATE);
        status_of(opened.map(|opened| store.close(opened.id)))
    };
    match op {
        Op::MakeFile(name) | Op::MakeDirectory(name) => {
            let directory = matches!(op, Op::MakeDirectory(_));
            let options = if directory { CreateOptions::DIRECTORY_FILE } else { non_directory };
            let done = make(*name, options);
            let wanted = match model.objects.get(name) {
                // [MS-FSA] 2.1.5.1 phase 7: a file is wanted, and a directory is there.
                Some(object) if object.directory && !directory => NtStatus::FILE_IS_A_DIRECTORY,
                Some(_) => NtStatus::OBJECT_NAME_COLLISION,
                None => {
                    model.objects.insert(*name, Object { directory, ..Object::default() });
                    NtStatus::SUCCESS
                }
            };
            (done, wanted)
        }
        Op::Set(name, point) => {
            let done = store.try_open(NAMES[*name], CHANGE, ITSELF).map(|id| {
                let status = store.set(id, &point.bytes);
                store.close(id);
                status
            });
            (done.unwrap_or_else(|status| status), model.set(*name, point))
        }
        Op::Delete(name, tag, owner) => {
            let header = match *tag {
                THIRD_PARTY => third_party(*tag, *owner, b""),
                _ => opaque(*tag, b""),
            };
            let done = store.try_open(NAMES[*name], CHANGE, ITSELF).map(|id| {
                let status = store.delete(id, &header);
                store.close(id);
                status
            });
            (done.unwrap_or_else(|status| status), model.delete(*name, *tag, *owner))
        }
        Op::Open(name, itself) => {
            let options = if *itself { ITSELF } else { PLAIN };
            (store.opening(NAMES[*name], options), status_of(model.follow(*name, *itself)))
        }
        Op::Overwrite(name, itself) => {
            let options = non_directory | if *itself { ITSELF } else { PLAIN };
            let overwrite = CreateDisposition::OVERWRITE;
            let opened = store.open_as(NAMES[*name], AccessMask::FILE_WRITE_DATA, options, overwrite);
            let wanted = model.file(*name, *itself).map(|object| {
                object.data.clear();
                object.point = None;
            });
            (status_of(opened.map(|opened| store.close(opened.id))), status_of(wanted))
        }
        Op::Write(name, byte) => {
            let id = store.try_open(NAMES[*name], AccessMask::FILE_WRITE_DATA, ITSELF | non_directory);
            let done = id.map(|id| {
                store.volume.write(id, 0, &[*byte]).unwrap();
                store.close(id);
            });
            (status_of(done), status_of(model.file(*name, true).map(|object| object.data = vec![*byte])))
        }
        Op::Remove(name) => {
            let options = ITSELF | CreateOptions::DELETE_ON_CLOSE;
            let done = store.try_open(NAMES[*name], AccessMask::DELETE, options).map(|id| store.close(id));
            let wanted = model.objects.get(name).map(|object| object.children == 0);
            if wanted == Some(true) {
                model.objects.remove(name);
            }
            (status_of(done), wanted.map_or(NtStatus::OBJECT_NAME_NOT_FOUND, |_| NtStatus::SUCCESS))
        }
        Op::Child(name) => {
            let path = format!(r"{}\child", NAMES[*name]);
            let opened = store.open_as(&path, CHANGE, non_directory, CreateDisposition::OPEN_IF);
            // In the middle of a path only directories and what leads to them count, whatever kind the link has.
            let wanted = model.parent(*name).map(|at| model.objects.get_mut(&at).unwrap().children = 1);
            (status_of(opened.map(|opened| store.close(opened.id))), status_of(wanted))
        }
    }
}

impl Model {
    /// What a name in the middle of a path gives.
    fn parent(&self, name: usize) -> Result<usize, NtStatus> {
        let mut at = name;
        for _ in 0..=HOPS_MAX {
            let object = self.objects.get(&at).ok_or(NtStatus::OBJECT_PATH_NOT_FOUND)?;
            match object.tag_in_the_way() {
                None if !object.directory => return Err(NtStatus::OBJECT_PATH_NOT_FOUND),
                None => return Ok(at),
                Some(point) => at = point.leads_to.ok_or(NtStatus::IO_REPARSE_TAG_NOT_HANDLED)?,
            }
        }
        Err(NtStatus::REPARSE_POINT_NOT_RESOLVED)
    }
}

fn points() -> impl Strategy<Value = Point> {
    let name = 0..NAMES.len();
    prop_oneof![
        name.clone().prop_map(|to| Point {
            tag: SYMLINK,
            owner: None,
            leads_to: Some(to),
            bytes: relative(NAMES[to])
        }),
        name.prop_map(|to| Point {
            tag: MOUNT_POINT,
            owner: None,
            leads_to: Some(to),
            bytes: junction(&format!(r"\??\C:\{}", NAMES[to])),
        }),
        (prop_oneof![Just(MICROSOFT), Just(DIRECTORY_BIT)], 0..6000_usize).prop_map(|(tag, len)| Point {
            tag,
            owner: None,
            leads_to: None,
            bytes: opaque(tag, &vec![5; len])
        }),
        prop_oneof![Just(OWNER), Just(OTHER_OWNER)].prop_map(|owner| Point {
            tag: THIRD_PARTY,
            owner: Some(owner),
            leads_to: None,
            bytes: third_party(THIRD_PARTY, owner, b"theirs"),
        }),
    ]
}

fn ops() -> impl Strategy<Value = Op> {
    let name = 0..NAMES.len();
    let tag = prop_oneof![
        Just(SYMLINK),
        Just(MOUNT_POINT),
        Just(MICROSOFT),
        Just(DIRECTORY_BIT),
        Just(THIRD_PARTY)
    ];
    let owner = prop_oneof![Just(OWNER), Just(OTHER_OWNER)];
    prop_oneof![
        2 => name.clone().prop_map(Op::MakeFile),
        2 => name.clone().prop_map(Op::MakeDirectory),
        6 => (name.clone(), points()).prop_map(|(name, point)| Op::Set(name, point)),
        3 => (name.clone(), tag, owner).prop_map(|(name, tag, owner)| Op::Delete(name, tag, owner)),
        4 => (name.clone(), any::<bool>()).prop_map(|(name, itself)| Op::Open(name, itself)),
        1 => (name.clone(), any::<bool>()).prop_map(|(name, itself)| Op::Overwrite(name, itself)),
        1 => (name.clone(), any::<u8>()).prop_map(|(name, byte)| Op::Write(name, byte)),
        1 => name.clone().prop_map(Op::Remove),
        1 => name.prop_map(Op::Child),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_volume_does_what_its_model_does(ops in prop::collection::vec(ops(), 1..60)) {
        let store = Store::on(MemoryHost::new(MemoryOptions::LIKE_EXT4), VolumeOptions::default());
        let mut model = Model::default();
        for op in &ops {
            let (done, wanted) = both(&store, &mut model, op);
            prop_assert_eq!(done, wanted, "{:?}", op);
        }
        for (name, path) in NAMES.iter().enumerate() {
            let point = store.point_of(path);
            match model.objects.get(&name) {
                None => prop_assert_eq!(point, Err(NtStatus::OBJECT_NAME_NOT_FOUND)),
                Some(object) => {
                    let wanted = object.point.as_ref().map(|point| point.bytes.clone());
                    prop_assert_eq!(point, wanted.ok_or(NtStatus::NOT_A_REPARSE_POINT));
                    let id = store.open(path, AccessMask::FILE_READ_DATA, ITSELF);
                    if !object.directory && !object.data.is_empty() {
                        prop_assert_eq!(store.volume.read(id, 0, 9).unwrap(), object.data.clone());
                    }
                }
            }
        }
    }
}
