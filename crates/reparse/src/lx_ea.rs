//! The extended attributes that WSL's objects need beside their tag: owner, group, mode, and the numbers of a device.
//!
//! Known from Microsoft's own reader and writer (openvmm, vm/devices/support/fs/lxutil) and from Linux (fs/smb/client).
//! WSL sets the attributes first and the tag afterwards, so a file has both.
use alloc::vec::Vec;
use core::fmt;

/// `$LXUID`: the owner, a u32.
pub const LX_UID: &str = "$LXUID";
/// `$LXGID`: the group, a u32.
pub const LX_GID: &str = "$LXGID";
/// `$LXMOD`: kind and permissions, as `st_mode` has them, a u32.
pub const LX_MODE: &str = "$LXMOD";
/// `$LXDEV`: major and minor, a u32 each.
pub const LX_DEVICE: &str = "$LXDEV";

/// What WSL keeps of a file in extended attributes.
///
/// ```
/// use reparse::lx_ea::LxMetadata;
/// let null = LxMetadata { mode: Some(0o020_666), device: Some((1, 3)), ..LxMetadata::default() };
/// let pairs = null.encode();
/// assert_eq!(pairs[1], ("$LXDEV", vec![1, 0, 0, 0, 3, 0, 0, 0]));
/// let again = LxMetadata::decode(pairs.iter().map(|(name, value)| (*name, value.as_slice())))?;
/// assert_eq!(again, null);
/// # Ok::<(), reparse::lx_ea::LxEaError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct LxMetadata {
    /// The owner.
    pub uid: Option<u32>,
    /// The group.
    pub gid: Option<u32>,
    /// Kind and permissions, as `st_mode` has them.
    pub mode: Option<u32>,
    /// Major and minor; only for a device.
    pub device: Option<(u32, u32)>,
}

/// An attribute of ours whose value has not the length it must have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LxEaError {
    /// The attribute.
    pub name: &'static str,
    /// Bytes it must have.
    pub wanted: usize,
    /// Bytes it has.
    pub got: usize,
}

impl LxMetadata {
    /// The attributes as names and values, in the order WSL writes them: `$LXUID`, `$LXGID`, `$LXMOD`, `$LXDEV`.
    pub fn encode(&self) -> Vec<(&'static str, Vec<u8>)> {
        let number = |name, value: Option<u32>| value.map(|value| (name, value.to_le_bytes().to_vec()));
        let device = self
            .device
            .map(|(major, minor)| (LX_DEVICE, [major.to_le_bytes(), minor.to_le_bytes()].concat()));
        [number(LX_UID, self.uid), number(LX_GID, self.gid), number(LX_MODE, self.mode), device]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Reads the attributes out of all that a file has. Names are compared without case, as attributes' names are;
    /// attributes of others are passed over.
    pub fn decode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<LxMetadata, LxEaError> {
        let mut found = LxMetadata::default();
        for (name, value) in pairs {
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            if is(LX_UID) {
                found.uid = Some(number(LX_UID, value)?);
            } else if is(LX_GID) {
                found.gid = Some(number(LX_GID, value)?);
            } else if is(LX_MODE) {
                found.mode = Some(number(LX_MODE, value)?);
            } else if is(LX_DEVICE) {
                found.device = Some(device(value)?);
            }
        }
        Ok(found)
    }
}

fn number(name: &'static str, value: &[u8]) -> Result<u32, LxEaError> {
    let bytes = <[u8; 4]>::try_from(value).map_err(|_| LxEaError { name, wanted: 4, got: value.len() })?;
    Ok(u32::from_le_bytes(bytes))
}

fn device(value: &[u8]) -> Result<(u32, u32), LxEaError> {
    let wrong = LxEaError { name: LX_DEVICE, wanted: 8, got: value.len() };
    let (major, minor) = value.split_at_checked(4).ok_or(wrong)?;
    let number = |bytes: &[u8]| bytes.try_into().map(u32::from_le_bytes).map_err(|_| wrong);
    Ok((number(major)?, number(minor)?))
}

impl fmt::Display for LxEaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the extended attribute {} has {} bytes; it must have {}", self.name, self.got, self.wanted)
    }
}

impl core::error::Error for LxEaError {}
