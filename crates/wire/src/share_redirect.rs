//! [MS-SMB2] 2.2.2.2.2: the share has moved to other addresses.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nt::Utf16;

use crate::error::DecodeError;
use crate::reader::{Reader, name};
use crate::writer::Writer;

/// The most addresses a redirect may name. (Not in the specification.)
pub const REDIRECT_ADDRESSES_MAX: u32 = 256;

/// SHARE_MOVE_NOTIFICATION. [MS-SMB2] 2.2.2.2.2
const SHARE_MOVE_NOTIFICATION: u32 = 3;

/// MOVE_DST_IPADDR_V4. [MS-SMB2] 2.2.2.2.2.1
const ADDRESS_V4: u32 = 1;

/// MOVE_DST_IPADDR_V6. [MS-SMB2] 2.2.2.2.2.1
const ADDRESS_V6: u32 = 2;

/// Share Redirect Error Context Response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShareRedirect {
    /// IPAddrMoveList.
    pub addresses: Vec<IpAddr>,
    /// ResourceName: the share.
    pub share: Utf16,
}

impl ShareRedirect {
    /// Reads the data of an error context. StructureSize is not checked: it must be 48, and smbprotocol's test has the size
    /// of the whole.
    pub fn decode(data: &[u8]) -> Result<ShareRedirect, DecodeError> {
        let mut r = Reader::new("share redirect", data);
        r.skip(4)?;
        let kind = r.u32()?;
        if kind != SHARE_MOVE_NOTIFICATION {
            return Err(DecodeError::Value { what: "NotificationType", value: kind.into() });
        }
        let (name_offset, name_len) = (r.u32()?, r.u32()?);
        r.skip(4)?;
        let count = r.u32()?;
        if count > REDIRECT_ADDRESSES_MAX {
            let max = usize::try_from(REDIRECT_ADDRESSES_MAX).unwrap_or(usize::MAX);
            return Err(DecodeError::TooMany { what: "addresses of a redirect", max });
        }
        let mut addresses = Vec::new();
        for _ in 0..count {
            let kind = r.u32()?;
            r.skip(4)?;
            let bytes = r.array::<16>()?;
            addresses.push(match kind {
                ADDRESS_V4 => {
                    let [a, b, c, d, ..] = bytes;
                    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
                }
                ADDRESS_V6 => IpAddr::V6(Ipv6Addr::from(bytes)),
                kind => return Err(DecodeError::Value { what: "MOVE_DST_IPADDR type", value: kind.into() }),
            });
        }
        r.variable_part();
        let share = name("share name", r.span("share name", name_offset, name_len)?)?;
        Ok(ShareRedirect { addresses, share })
    }

    /// Appends the data of an error context.
    pub fn encode(&self, w: &mut Writer) {
        let outer = w.begin();
        w.u32(48);
        w.u32(SHARE_MOVE_NOTIFICATION);
        let name_offset = w.hole(4);
        w.len32("ResourceNameLength", self.share.units().len() * 2);
        w.zeros(4);
        w.len32("IPAddrCount", self.addresses.len());
        for address in &self.addresses {
            let kind = if address.is_ipv4() { ADDRESS_V4 } else { ADDRESS_V6 };
            w.u32(kind);
            w.zeros(4);
            match address {
                IpAddr::V4(address) => {
                    w.bytes(&address.octets());
                    w.zeros(12);
                }
                IpAddr::V6(address) => w.bytes(&address.octets()),
            }
        }
        w.fill32("ResourceNameOffset", name_offset, w.offset());
        w.name(&self.share);
        w.resume(outer);
    }
}
