//! What commands do to objects, in the terms of the user: an object by its path, wherever that lies, a point found on it, a
//! point to set.
use crate::args::PlaceArgs;
use crate::fault::Fault;
use crate::fault_of::{failure_fault, place_fault};
use crate::login::Remotes;
use crate::point::build::Wanted;
use crate::remote_object::RemoteObject;
use crate::scan::Scanned;
use fsa::{Hop, OpenError, SecurityContext, TargetFault, Why};
use nt::security::Privileges;
use nt::{FileTime, Guid, NtStatus, Utf16};
use places::{Asker, Basic, Failure, Place, Places, Search, StreamFacts};
use remote::{Address, Evaluation};
use reparse::Tag;
use serde::Deserialize;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

pub(crate) use places::{End, Expected, Found, Rest};

/// What to make where there is no object.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CreateKind {
    /// An empty file
    File,
    /// An empty directory
    Dir,
}

/// When a change counts as done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub(crate) enum Durability {
    /// When it is on the disk
    #[default]
    WriteThrough,
    /// When the host has it; a crash of the machine may undo it, whole
    Deferred,
}

/// A set, whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SetRequest {
    pub(crate) wanted: Wanted,
    pub(crate) expected: Expected,
    pub(crate) create: Option<CreateKind>,
}

/// The volumes that the paths of one command lie on, opened when first met.
pub(crate) struct Volumes {
    places: Places,
    asker: Asker,
    remotes: Remotes,
    /// What drives and shares are on servers.
    remote_drives: Vec<(reparse::Volume, Address)>,
    /// What drives and shares are directories of this machine.
    local_drives: Vec<places::Drive>,
}

/// An object by its path. It need not exist.
pub(crate) struct Object {
    at: At,
    shown: String,
}

/// Where an object is.
pub(crate) enum At {
    /// On a volume of this machine, or in an image on it.
    Local(LocalObject),
    /// On a share.
    Remote(RemoteObject),
}

/// An object on a volume of this machine, or in an image on it.
pub(crate) struct LocalObject(Box<dyn places::Object>);

/// Where a path leads.
pub(crate) struct Resolution {
    pub(crate) hops: Vec<Hop>,
    pub(crate) end: Result<End, Fault>,
    /// Where it led, when what is there has a tag that nothing here follows.
    pub(crate) unfollowed: Option<OsString>,
}

impl Volumes {
    /// As the options say.
    pub(crate) fn new(args: &PlaceArgs) -> Result<Volumes, Fault> {
        let (mut remote_drives, mut local_drives) = (Vec::new(), Vec::new());
        for drive in &args.drives {
            match Place::parse(drive.0.directory.as_os_str()) {
                Place::Smb(text) => remote_drives.push((drive.0.volume.clone(), address_of(&text)?)),
                _ => local_drives.push(drive.0.clone()),
            }
        }
        let places = Places::new(args.root.as_deref(), local_drives.clone()).map_err(place_fault)?;
        let mut context = SecurityContext::superuser();
        if args.no_privilege {
            let token = Arc::make_mut(&mut context.token);
            token.privileges = token.privileges.without(Privileges::CREATE_SYMBOLIC_LINK);
        }
        let remotes = Remotes::new(&args.remote);
        let (places, asker) = (places.force_dirty(args.force), Asker { context, now: now() });
        Ok(Volumes { places, asker, remotes, remote_drives, local_drives })
    }

    /// With this durability for what is changed. Images are always written through.
    pub(crate) fn durability(mut self, durability: Durability) -> Volumes {
        self.places = self.places.durability(match durability {
            Durability::WriteThrough => fsa::Durability::WriteThrough,
            Durability::Deferred => fsa::Durability::Deferred,
        });
        self
    }

    /// The object at `path`, which is not followed.
    pub(crate) fn object(&mut self, path: &Path) -> Result<Object, Fault> {
        let shown = path.display().to_string();
        let at = match Place::parse(path.as_os_str()) {
            Place::Smb(text) => At::Remote(self.remote(&address_of(&text)?)?),
            Place::Host(_) | Place::Image { .. } => At::Local(self.local(path)?),
        };
        Ok(Object { at, shown })
    }

    pub(crate) fn local(&mut self, path: &Path) -> Result<LocalObject, Fault> {
        self.places.object(path.as_os_str(), &self.asker).map(LocalObject).map_err(failure_fault)
    }

    pub(crate) fn remote(&mut self, address: &Address) -> Result<RemoteObject, Fault> {
        let share = self.remotes.share(address)?;
        Ok(RemoteObject { share, address: address.clone(), evaluation: self.remotes.evaluation() })
    }

    /// What drives and shares are on servers.
    pub(crate) fn remote_drives(&self) -> &[(reparse::Volume, Address)] {
        &self.remote_drives
    }

    /// What drives and shares are directories of this machine.
    pub(crate) fn local_drives(&self) -> &[places::Drive] {
        &self.local_drives
    }

    /// Which links are followed.
    pub(crate) fn evaluation(&self) -> Evaluation {
        self.remotes.evaluation()
    }

    /// Returns when all that was changed is on the disk.
    pub(crate) fn sync(&self) -> Result<(), Fault> {
        self.places.sync().map_err(failure_fault)
    }

    /// Why a link that was found leads nowhere; `None` when it leads to an object.
    pub(crate) fn dangles(&mut self, scanned: &Scanned) -> Option<String> {
        match self.resolve(&scanned.path) {
            Ok(resolution) => resolution.end.err().map(|fault| fault.short()),
            Err(fault) => Some(fault.short()),
        }
    }
}

impl Object {
    /// The path as the user wrote it.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Where it is.
    pub(crate) fn into_at(self) -> At {
        self.at
    }

    /// The point, and what belongs to it.
    pub(crate) fn get(&self) -> Result<Found, Fault> {
        match &self.at {
            At::Local(object) => object.0.get().map_err(failure_fault),
            At::Remote(object) => object.get(),
        }
    }

    /// What the object has beside its point.
    pub(crate) fn rest(&self) -> Result<Rest, Fault> {
        match &self.at {
            At::Local(object) => object.0.rest().map_err(failure_fault),
            At::Remote(object) => object.rest(),
        }
    }

    /// Attributes and times.
    pub(crate) fn basic(&self) -> Result<Basic, Fault> {
        match &self.at {
            At::Local(object) => object.0.basic().map_err(failure_fault),
            At::Remote(object) => object.basic(),
        }
    }

    /// The data streams.
    pub(crate) fn streams(&self) -> Result<Vec<StreamFacts>, Fault> {
        match &self.at {
            At::Local(object) => object.0.streams().map_err(failure_fault),
            At::Remote(_) => Err(not_of_a_share()),
        }
    }

    /// Reads the file's data, decoded; fewer bytes only at its end.
    pub(crate) fn read_content(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Fault> {
        match &self.at {
            At::Local(object) => object.0.read_content(offset, buffer).map_err(failure_fault),
            At::Remote(_) => Err(not_of_a_share()),
        }
    }

    /// Sets attributes and times, as far as the place keeps them.
    pub(crate) fn set_basic(&self, basic: &Basic) -> Result<(), Fault> {
        match &self.at {
            At::Local(object) => object.0.set_basic(basic).map_err(failure_fault),
            At::Remote(object) => object.set_basic(basic),
        }
    }

    /// Sets a point. What was made for it goes again if it is refused.
    pub(crate) fn set(&self, request: &SetRequest) -> Result<(), Fault> {
        match &self.at {
            At::Local(object) => object.set(request),
            At::Remote(object) => object.set(request),
        }
    }

    /// Removes the point; with a tag or a GUID, only if it has them. Gives the tag that was there.
    pub(crate) fn delete(&self, tag: Option<Tag>, guid: Option<Guid>) -> Result<Tag, Fault> {
        match &self.at {
            At::Local(object) => object.0.delete(tag, guid).map_err(failure_fault),
            At::Remote(object) => object.delete(tag, guid),
        }
    }
}

fn not_of_a_share() -> Fault {
    Fault::status("read the data", NtStatus::NOT_SUPPORTED)
        .because("the data of a file on a share is not read here")
        .next("`smbclient -c 'get FILE -'` reads it")
}

/// The address that a text names.
fn address_of(text: &OsStr) -> Result<Address, Fault> {
    const WHAT: &str = "read the address";
    let address = text.to_str().ok_or_else(|| Fault::usage(WHAT, "an address is UTF-8"))?;
    Address::parse(address).map_err(|error| {
        Fault::usage(WHAT, error)
            .of(text.to_string_lossy())
            .next("write it smb://[user@]host[:port]/share/path")
    })
}

/// The time that a change of an image gets: an image has no clock of its own.
#[allow(clippy::disallowed_methods)] // the command may look at the clock; what lies below it may not
pub(crate) fn now() -> FileTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    FileTime::from_unix(i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos())
}

impl LocalObject {
    fn set(&self, request: &SetRequest) -> Result<(), Fault> {
        let create = request.create.map(|kind| match kind {
            CreateKind::File => places::CreateKind::File,
            CreateKind::Dir => places::CreateKind::Directory,
        });
        let (bytes, lx) = (request.wanted.bytes.clone(), request.wanted.lx);
        let request = places::SetRequest { bytes, lx, expected: request.expected, create };
        self.0.set(&request).map_err(failure_fault)
    }

    /// The path from its volume's root.
    pub(crate) fn path(&self) -> &Utf16 {
        self.0.path()
    }

    /// Where the path leads, through every link, as Windows would follow them; and whether the last leads to a drive or a
    /// share that is not on this volume.
    pub(crate) fn resolve(&self) -> (Resolution, bool) {
        let places::Resolution { hops, end } = self.0.resolve();
        let unknown = matches!(&end, Err(Failure::Open { error: OpenError::Refused(refusal), .. })
            if refusal.why == Why::Target(TargetFault::UnknownDevice));
        let resumed = hops.last().and_then(|hop| hop.resumed.as_ref());
        let goes_on = resumed.is_some();
        let status = end.as_ref().err().and_then(Failure::status);
        let is_unfollowed = status == Some(NtStatus::IO_REPARSE_TAG_NOT_HANDLED);
        let unfollowed = resumed.filter(|_| is_unfollowed).map(|path| self.0.place_of(path));
        let end = end.map_err(|failure| {
            let missing = [NtStatus::OBJECT_NAME_NOT_FOUND, NtStatus::OBJECT_PATH_NOT_FOUND];
            let is_missing = failure.status().is_some_and(|status| missing.contains(&status));
            let fault = failure_fault(failure);
            match goes_on && is_missing {
                true => fault.next("make what the last hop leads to, or set the link anew"),
                false => fault,
            }
        });
        (Resolution { hops, end, unfollowed }, unknown)
    }

    /// Looks for points below a directory.
    pub(crate) fn search(&self, search: &Search<'_>) -> Result<(), Fault> {
        self.0.search(search).map_err(failure_fault)
    }
}
