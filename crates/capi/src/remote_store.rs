//! A volume that is a share of a server, or a directory of one.
use crate::store::{OpenRefused, StoreId, StoreOpened};
use fsa::{ControlReply, DirectoryQuery, Information, OpenRequest};
use nt::{FileInformationClass as Class, FsctlCode, NtStatus, Utf16};
use remote::{
    Address, Destination, Evaluation, FollowError, Login, Policy, RemoteError, RemoteOpen, RemoteRequest,
    Share,
};
use std::sync::{Arc, Mutex, PoisonError};

const BACKSLASH: u16 = b'\\' as u16;

/// A share, connected when something is first opened on it.
pub(crate) struct RemoteStore {
    /// The share, and the directory of it that is the volume's root.
    address: Address,
    share: Mutex<Option<Arc<Share>>>,
    policy: Policy,
    evaluation: Evaluation,
}

/// An open of a server. It holds the connection it was made on.
pub(crate) struct RemoteId {
    share: Arc<Share>,
    open: RemoteOpen,
    /// From the share's root, links followed.
    path: Vec<u16>,
    /// What a listing of the directory was begun with.
    pattern: Mutex<Vec<u16>>,
}

impl RemoteStore {
    /// With the policy of the environment.
    pub(crate) fn new(address: Address) -> Result<RemoteStore, NtStatus> {
        let wrong = NtStatus::INVALID_PARAMETER;
        let policy = Policy::from_environment(|name| std::env::var_os(name)).map_err(|_| wrong)?;
        let evaluation = Evaluation::from_environment(|name| std::env::var_os(name)).map_err(|_| wrong)?;
        Ok(RemoteStore { address, share: Mutex::default(), policy, evaluation })
    }

    /// The connection; a new one in place of `lost`.
    fn share(&self, lost: Option<&Arc<Share>>) -> Result<Arc<Share>, NtStatus> {
        {
            let mut share = self.share.lock().unwrap_or_else(PoisonError::into_inner);
            share.take_if(|known| lost.is_some_and(|lost| Arc::ptr_eq(known, lost)));
            if let Some(share) = &*share {
                return Ok(Arc::clone(share));
            }
        }
        // Without the lock: a server may take its time. Of two that connect at once one goes again.
        let login = Login::from_environment(&self.address, |name| std::env::var_os(name))
            .map_err(|_| NtStatus::LOGON_FAILURE)?;
        let connected = Share::connect(&self.address, &login, self.policy).map_err(|error| error.status())?;
        let mut share = self.share.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(share.get_or_insert_with(|| Arc::new(connected))))
    }

    pub(crate) fn open(&self, request: &OpenRequest<'_>) -> Result<StoreOpened, OpenRefused> {
        let refused = |status| OpenRefused { status, elsewhere: None };
        if !request.eas.is_empty() || request.relative_to.is_some() {
            return Err(refused(NtStatus::NOT_SUPPORTED));
        }
        let path = self.on_share(request.path);
        let asked = RemoteRequest {
            access: request.desired_access,
            share_access: request.share_access,
            disposition: request.disposition,
            options: request.options,
            attributes: request.attributes,
        };
        // OBJ_DONT_REPARSE: the first link ends the open.
        let evaluation = if request.dont_reparse {
            Evaluation { remote_to_remote: false, remote_to_local: false, ..self.evaluation }
        } else {
            self.evaluation
        };
        let mut share = self.share(None).map_err(refused)?;
        let mut opened = share.open_following(&path, &asked, evaluation, &mut Vec::new());
        if let Err(FollowError::Remote(RemoteError::Connection(_))) = opened {
            // What was open there is lost; the name may still be opened.
            share = self.share(Some(&share)).map_err(refused)?;
            opened = share.open_following(&path, &asked, evaluation, &mut Vec::new());
        }
        match opened {
            Ok((open, path)) => Ok(StoreOpened {
                action: open.action,
                id: StoreId::Remote(Box::new(RemoteId {
                    share,
                    open,
                    path: path.0,
                    pattern: Mutex::default(),
                })),
            }),
            Err(FollowError::ClassDisabled(_)) if request.dont_reparse => {
                Err(refused(NtStatus::REPARSE_POINT_ENCOUNTERED))
            }
            Err(error) => Err(OpenRefused {
                status: error.status(),
                elsewhere: match error {
                    FollowError::Elsewhere(destination) => nt_name(&destination),
                    _ => None,
                },
            }),
        }
    }

    /// A path from the volume's root as one from the share's.
    fn on_share(&self, path: &[u16]) -> Vec<u16> {
        let base = self.address.path.units();
        let base = base.strip_suffix(&[BACKSLASH]).unwrap_or(base);
        match path {
            [] | [BACKSLASH] if !base.is_empty() => base.to_vec(),
            [BACKSLASH, ..] => [base, path].concat(),
            path => [base, &[BACKSLASH], path].concat(),
        }
    }

    /// The path of an open from the volume's root; from the share's, where a link led out of the volume's.
    pub(crate) fn path_of(&self, id: &RemoteId) -> Vec<u16> {
        let base = self.address.path.units();
        let base = base.strip_suffix(&[BACKSLASH]).unwrap_or(base);
        match id.path.strip_prefix(base) {
            Some([]) => vec![BACKSLASH],
            Some(below @ [BACKSLASH, ..]) => below.to_vec(),
            _ => id.path.clone(),
        }
    }

    /// Sets a class. New names go over the wire from the share's root, with no backslash in front.
    /// [MS-FSCC] 2.4.42.2, [MS-SMB2] 3.3.5.21.1
    pub(crate) fn set_information(&self, id: &RemoteId, class: Class, input: &[u8]) -> Result<(), NtStatus> {
        let input = match class {
            Class::RENAME_INFORMATION | Class::RENAME_INFORMATION_EX | Class::LINK_INFORMATION => {
                let (head, rest) = input.split_at_checked(16).ok_or(NtStatus::INFO_LENGTH_MISMATCH)?;
                let name = rest.get(4..).and_then(Utf16::from_le_bytes).ok_or(NtStatus::INVALID_PARAMETER)?;
                let path = self.on_share(name.units());
                let name = Utf16::from(path.strip_prefix(&[BACKSLASH]).unwrap_or(&path)).to_le_bytes();
                let len = u32::try_from(name.len()).map_err(|_| NtStatus::NAME_TOO_LONG)?;
                [head.get(..8).unwrap_or_default(), &[0; 8], &len.to_le_bytes(), &name].concat()
            }
            _ => input.to_vec(),
        };
        id.share.set_information(id.open, class, &input).map_err(|error| error.status())
    }
}

impl RemoteId {
    /// The path from the share's root.
    pub(crate) fn close(&self) -> Result<(), NtStatus> {
        self.share.close(self.open).map_err(|error| error.status())
    }

    pub(crate) fn fs_control(
        &self,
        code: FsctlCode,
        input: &[u8],
        output_len_max: usize,
    ) -> Result<ControlReply, NtStatus> {
        let len_max = u32::try_from(output_len_max).unwrap_or(u32::MAX).min(OUTPUT_BYTES_MAX);
        let done = self.share.fs_control(self.open, code, input, len_max);
        done.map(|(status, output)| ControlReply { status, output }).map_err(|error| error.status())
    }

    pub(crate) fn query_information(&self, class: Class, len_max: usize) -> Result<Information, NtStatus> {
        if class == Class::NAME_INFORMATION {
            return Ok(self.name_information(len_max));
        }
        let len_max = u32::try_from(len_max).unwrap_or(u32::MAX);
        let got = self.share.query_information(self.open, class, len_max);
        got.map(|got| Information { bytes: got.bytes, status: got.status }).map_err(|error| error.status())
    }

    /// FileNameInformation is none that goes over the wire: the client knows it, `\server\share\path`. [MS-SMB2] 3.3.5.20.1
    fn name_information(&self, len_max: usize) -> Information {
        let address = self.share.address();
        let mut name: Vec<u16> = format!(r"\{}\{}", address.host, address.share).encode_utf16().collect();
        name.extend(&self.path);
        let name = Utf16(name).to_le_bytes();
        let mut bytes = u32::try_from(name.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec();
        bytes.extend(name);
        let status = if bytes.len() > len_max { NtStatus::BUFFER_OVERFLOW } else { NtStatus::SUCCESS };
        bytes.truncate(len_max);
        Information { bytes, status }
    }

    pub(crate) fn query_directory(&self, query: &DirectoryQuery<'_>) -> Result<Information, NtStatus> {
        let pattern = {
            let mut pattern = self.pattern.lock().unwrap_or_else(PoisonError::into_inner);
            if !query.pattern.is_empty() || pattern.is_empty() {
                let star = [u16::from(b'*')];
                *pattern = if query.pattern.is_empty() { star.to_vec() } else { query.pattern.to_vec() };
            }
            pattern.clone()
        };
        let len_max = u32::try_from(query.len_max).unwrap_or(u32::MAX);
        let got = self.share.query_directory(self.open, query.class, &pattern, query.restart, len_max);
        got.map(|got| Information { bytes: got.bytes, status: got.status }).map_err(|error| error.status())
    }

    pub(crate) fn read(&self, offset: u64, len: usize) -> Result<Vec<u8>, NtStatus> {
        match self.share.read(self.open, offset, len) {
            Ok(data) if data.is_empty() && len > 0 => Err(NtStatus::END_OF_FILE),
            Ok(data) => Ok(data),
            Err(error) => Err(error.status()),
        }
    }

    pub(crate) fn write(&self, offset: u64, data: &[u8]) -> Result<(), NtStatus> {
        self.share.write(self.open, offset, data).map_err(|error| error.status())
    }

    pub(crate) fn flush(&self) -> Result<(), NtStatus> {
        self.share.flush(self.open).map_err(|error| error.status())
    }
}

/// The most bytes of output that a control asks a server for: what one credit pays for.
const OUTPUT_BYTES_MAX: u32 = 65_536;

/// The NT name of a destination.
fn nt_name(destination: &Destination) -> Option<Vec<u16>> {
    let text = match destination {
        Destination::SameShare(_) => return None,
        Destination::Share { server, share, path } => {
            return Some(
                [&units(r"\??\UNC\")[..], server.units(), &[BACKSLASH], share.units(), path.units()].concat(),
            );
        }
        Destination::Local { volume, path } => (format!(r"\??\{volume}"), path),
    };
    Some([&units(&text.0)[..], text.1.units()].concat())
}

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(address: &str) -> RemoteStore {
        RemoteStore::new(Address::parse(address).unwrap()).unwrap()
    }

    #[test]
    fn a_directory_of_a_share_is_a_volume_s_root() {
        for (address, path, on_share) in [
            ("smb://s/x", r"\", r"\"),
            ("smb://s/x", r"\a\b", r"\a\b"),
            ("smb://s/x/sub", r"\", r"\sub"),
            ("smb://s/x/sub", r"\a", r"\sub\a"),
            ("smb://s/x/sub", "a", r"\sub\a"),
        ] {
            let got = store(address).on_share(&units(path));
            assert_eq!(String::from_utf16_lossy(&got), on_share, "{address} {path}");
        }
    }

    #[test]
    fn a_link_off_the_share_has_an_nt_name() {
        let path = Utf16::from(r"\a");
        let share = Destination::Share { server: "s".into(), share: "x".into(), path: path.clone() };
        assert_eq!(nt_name(&share), Some(units(r"\??\UNC\s\x\a")));
        let local = Destination::Local { volume: reparse::Volume::Drive('C'), path };
        assert_eq!(nt_name(&local), Some(units(r"\??\C:\a")));
    }
}
