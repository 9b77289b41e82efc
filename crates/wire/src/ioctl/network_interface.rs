//! [MS-SMB2] 2.2.32.5: NETWORK_INTERFACE_INFO.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::error::DecodeError;
use crate::reader::Reader;
use crate::writer::Writer;

/// The most interfaces that are read. (Not in the specification.)
pub const INTERFACES_MAX: usize = 1024;

nt::named_numbers! {
    /// What an interface can do. [MS-SMB2] 2.2.32.5
    InterfaceCapabilities(u32), prefix "" {
        RSS_CAPABLE = 0x0000_0001 => "RSS_CAPABLE";
        RDMA_CAPABLE = 0x0000_0002 => "RDMA_CAPABLE";
    }
}
nt::bit_set!(InterfaceCapabilities);

/// An address of an interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NetworkInterface {
    /// IfIndex.
    pub index: u32,
    /// Capability.
    pub capabilities: InterfaceCapabilities,
    /// LinkSpeed, in bits a second.
    pub link_speed: u64,
    /// The address; nothing when its family is neither IPv4 nor IPv6.
    pub address: Option<IpAddr>,
}

/// Family of SOCKADDR_IN and, any other, of SOCKADDR_IN6. [MS-SMB2] 2.2.32.5.1
const FAMILY_V4: u16 = 0x0002;
const FAMILY_V6: u16 = 0x0017;

/// Bytes of an entry: 24 and a SOCKADDR_STORAGE of 128.
const ENTRY_LEN: usize = 152;

impl NetworkInterface {
    /// Reads the output of FSCTL_QUERY_NETWORK_INTERFACE_INFO.
    pub fn decode_list(output: &[u8]) -> Result<Vec<NetworkInterface>, DecodeError> {
        let mut interfaces = Vec::new();
        let mut rest = output;
        while !rest.is_empty() {
            if interfaces.len() == INTERFACES_MAX {
                return Err(DecodeError::TooMany { what: "network interfaces", max: INTERFACES_MAX });
            }
            let mut r = Reader::new("NETWORK_INTERFACE_INFO", rest);
            let next = r.u32()?;
            interfaces.push(NetworkInterface::decode(&mut r)?);
            rest = match next {
                0 => &[],
                next => usize::try_from(next)
                    .ok()
                    .filter(|next| *next >= ENTRY_LEN)
                    .and_then(|next| rest.get(next..))
                    .filter(|rest| !rest.is_empty())
                    .ok_or(DecodeError::Value { what: "Next of an interface", value: next.into() })?,
            };
        }
        Ok(interfaces)
    }

    fn decode(r: &mut Reader<'_>) -> Result<NetworkInterface, DecodeError> {
        let (index, capabilities) = (r.u32()?, InterfaceCapabilities(r.u32()?));
        r.skip(4)?;
        let link_speed = r.u64()?;
        let mut address = Reader::new("SOCKADDR_STORAGE", r.bytes(128)?);
        let family = address.u16()?;
        address.skip(2)?;
        let address = match family {
            FAMILY_V4 => Some(IpAddr::V4(Ipv4Addr::from(address.array::<4>()?))),
            FAMILY_V6 => {
                address.skip(4)?;
                Some(IpAddr::V6(Ipv6Addr::from(address.array::<16>()?)))
            }
            _ => None,
        };
        Ok(NetworkInterface { index, capabilities, link_speed, address })
    }

    /// Appends that output.
    pub fn encode_list(interfaces: &[NetworkInterface], w: &mut Writer) {
        for (at, interface) in interfaces.iter().enumerate() {
            let is_last = at + 1 == interfaces.len();
            w.len32("Next", if is_last { 0 } else { ENTRY_LEN });
            w.u32(interface.index);
            w.u32(interface.capabilities.0);
            w.u32(0);
            w.u64(interface.link_speed);
            match interface.address {
                Some(IpAddr::V4(address)) => {
                    w.u16(FAMILY_V4);
                    w.u16(0);
                    w.bytes(&address.octets());
                    w.zeros(120);
                }
                Some(IpAddr::V6(address)) => {
                    w.u16(FAMILY_V6);
                    w.zeros(6);
                    w.bytes(&address.octets());
                    w.zeros(104);
                }
                None => w.zeros(128),
            }
        }
    }
}
