//! Where a path leads across places: from a volume of this machine to a share and back, as the drives that the user named
//! and the classes of evaluation let it.
use crate::fault::Fault;
use crate::fault_of::class_fault;
use crate::volume::{At, Resolution, Volumes};
use fsa::{HOPS_MAX, Hop};
use nt::{NtStatus, Utf16};
use places::Drive;
use remote::{Address, Destination, Evaluation, EvaluationClass};
use reparse::{Tag, Target, Volume};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const BACKSLASH: u16 = b'\\' as u16;

/// What one place knows of the way.
struct Leg {
    resolution: Resolution,
    /// Where it goes on in another place.
    away: Option<Destination>,
}

impl Volumes {
    /// Where a path leads, through every link.
    pub(crate) fn resolve(&mut self, path: &Path) -> Result<Resolution, Fault> {
        let mut at = self.object(path)?.into_at();
        let mut hops = Vec::new();
        loop {
            let leg = leg(&at, self.evaluation());
            let Resolution { hops: walked, end, unfollowed } = leg.resolution;
            hops.extend(walked);
            let next = match leg.away {
                Some(_) if hops.len() > HOPS_MAX => {
                    let end = Err(Fault::status("follow", NtStatus::REPARSE_POINT_NOT_RESOLVED));
                    return Ok(Resolution { hops, end, unfollowed: None });
                }
                Some(away) => self.place_of(&away, &at)?,
                None => None,
            };
            let Some(next) = next else { return Ok(Resolution { hops, end, unfollowed }) };
            let class = match (&at, &next) {
                (At::Local(_), At::Local(_)) => EvaluationClass::LocalToLocal,
                (At::Local(_), At::Remote(_)) => EvaluationClass::LocalToRemote,
                (At::Remote(_), At::Local(_)) => EvaluationClass::RemoteToLocal,
                (At::Remote(_), At::Remote(_)) => EvaluationClass::RemoteToRemote,
            };
            let is_link = hops.last().is_some_and(|hop| hop.tag == Tag::SYMLINK);
            if is_link && !self.evaluation().allows(class) {
                let end = Err(class_fault("follow", class));
                return Ok(Resolution { hops, end, unfollowed: None });
            }
            at = next;
        }
    }

    /// The object that a link leads to in another place, if the user said where that is, or if it is another share of the
    /// same server.
    fn place_of(&mut self, destination: &Destination, from: &At) -> Result<Option<At>, Fault> {
        let (volume, path) = match destination {
            Destination::SameShare(_) => return Ok(None),
            Destination::Share { server, share, path } => {
                (Volume::Share { server: server.clone(), share: share.clone() }, path)
            }
            Destination::Local { volume, path } => (volume.clone(), path),
        };
        let remote = self.remote_drives().iter().find(|(known, _)| same(known, &volume));
        if let Some((_, address)) = remote {
            let address = address.with_path(joined(&address.path, path));
            return Ok(Some(At::Remote(self.remote(&address)?)));
        }
        if let Some(drive) = self.local_drives().iter().find(|drive| same(&drive.volume, &volume)) {
            let Some(path) = below(drive, path) else { return Ok(None) };
            return Ok(Some(At::Local(self.local(&path)?)));
        }
        match (destination, from) {
            (Destination::Share { server, share, path }, At::Remote(object))
                if server.eq_ignore_case(&Utf16::from(object.address.host.as_str())) =>
            {
                let Some(share) = share.to_text() else { return Ok(None) };
                let address = Address { share, path: path.clone(), ..object.address.clone() };
                Ok(Some(At::Remote(self.remote(&address)?)))
            }
            _ => Ok(None),
        }
    }
}

fn leg(at: &At, evaluation: Evaluation) -> Leg {
    let object = match at {
        At::Remote(object) => {
            let end = object.resolve();
            return Leg {
                resolution: Resolution {
                    hops: end.hops,
                    unfollowed: None,
                    end: end.end.map(|(address, directory)| crate::volume::End {
                        place: address.to_string().into(),
                        directory,
                    }),
                },
                away: end.elsewhere,
            };
        }
        At::Local(object) => object,
    };
    let (mut resolution, unknown) = object.resolve();
    let away = if unknown { away(object.path(), &resolution.hops) } else { None };
    // Of the last link, if it leads away, the class is not known before the place is.
    let inside = resolution.hops.len() - usize::from(away.is_some());
    let links = resolution.hops.iter().take(inside).any(|hop| hop.tag == Tag::SYMLINK);
    if links && !evaluation.local_to_local {
        resolution.end = Err(class_fault("follow", EvaluationClass::LocalToLocal));
        resolution.unfollowed = None;
        return Leg { resolution, away: None };
    }
    Leg { resolution, away }
}

/// Where the last link leads, with what lies behind it on the path that was walked.
fn away(path: &Utf16, hops: &[Hop]) -> Option<Destination> {
    let (last, before) = hops.split_last()?;
    let walked = before.last().and_then(|hop| hop.resumed.as_ref()).unwrap_or(path);
    let names = |path: &[u16]| path.split(|unit| *unit == BACKSLASH).filter(|name| !name.is_empty()).count();
    let tail: Vec<u16> = walked
        .units()
        .split(|unit| *unit == BACKSLASH)
        .filter(|name| !name.is_empty())
        .skip(names(last.link.units()))
        .flat_map(|name| [&[BACKSLASH], name].concat())
        .collect();
    let joined = |path: &Utf16| joined(path, &Utf16(tail.clone()));
    match Target::parse_absolute(&last.target).ok()? {
        Target::Drive { letter, path } => {
            Some(Destination::Local { volume: Volume::Drive(letter), path: joined(&path) })
        }
        Target::Volume { guid, path } => {
            Some(Destination::Local { volume: Volume::Guid(guid), path: joined(&path) })
        }
        Target::Unc { server, share, path } if !share.units().is_empty() => {
            Some(Destination::Share { server, share, path: joined(&path) })
        }
        _ => None,
    }
}

/// Two paths, one behind the other.
fn joined(head: &Utf16, tail: &Utf16) -> Utf16 {
    if tail.units().iter().all(|unit| *unit == BACKSLASH) {
        return if head.units().is_empty() { Utf16(vec![BACKSLASH]) } else { head.clone() };
    }
    let mut whole = head.units().strip_suffix(&[BACKSLASH]).unwrap_or(head.units()).to_vec();
    if tail.units().first() != Some(&BACKSLASH) {
        whole.push(BACKSLASH);
    }
    whole.extend_from_slice(tail.units());
    Utf16(whole)
}

/// The host's path of a path on a drive.
fn below(drive: &Drive, path: &Utf16) -> Option<PathBuf> {
    let mut host = drive.directory.clone();
    for name in path.units().split(|unit| *unit == BACKSLASH).filter(|name| !name.is_empty()) {
        let name = fsa::host::name::encode_exact(name)?;
        if matches!(name.0.as_slice(), b"." | b"..") {
            return None;
        }
        host.push(OsStr::from_bytes(&name.0));
    }
    Some(host)
}

fn same(a: &Volume, b: &Volume) -> bool {
    match (a, b) {
        (Volume::Drive(a), Volume::Drive(b)) => a.eq_ignore_ascii_case(b),
        (Volume::Guid(a), Volume::Guid(b)) => a == b,
        (Volume::Share { server, share }, Volume::Share { server: other, share: another }) => {
            server.eq_ignore_case(other) && share.eq_ignore_case(another)
        }
        _ => false,
    }
}
