//! The addresses that clients may reach this server at, for FSCTL_QUERY_NETWORK_INTERFACE_INFO. [MS-SMB2] 2.2.32.5, 3.3.5.15.11
use if_addrs::{IfAddr, Interface};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use wire::ioctl::{InterfaceCapabilities, NetworkInterface};

/// What a link is taken for whose speed the kernel does not know (a bridge, a virtual card), in bits a second.
pub const LINK_SPEED_UNKNOWN: u64 = 1_000_000_000;

/// The interfaces that are up, with their addresses on which one of the listeners hears. Loopback counts only when nothing else
/// does: no other machine can come by it. Link-local addresses mean nothing to a client without its own interface.
pub fn interfaces(listen: &[SocketAddr]) -> Vec<NetworkInterface> {
    // A host that does not tell has none: the code then answers STATUS_NOT_SUPPORTED.
    let all = if_addrs::get_if_addrs().unwrap_or_default();
    let heard = |interface: &&Interface| interface.is_oper_up() && is_heard(interface.ip(), listen);
    let (loopback, real): (Vec<&Interface>, Vec<&Interface>) =
        all.iter().filter(heard).partition(|interface| interface.is_loopback());
    let chosen = if real.is_empty() { loopback } else { real };
    chosen.into_iter().filter_map(|interface| describe(interface, Path::new("/sys/class/net"))).collect()
}

fn is_heard(ip: IpAddr, listen: &[SocketAddr]) -> bool {
    let is_local_to_link = match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    let hears = |listener: &SocketAddr| match listener.ip() {
        // A listener on every address of IPv6 hears IPv4 too.
        IpAddr::V6(any) if any.is_unspecified() => true,
        IpAddr::V4(any) if any.is_unspecified() => ip.is_ipv4(),
        one => one == ip,
    };
    !is_local_to_link && listen.iter().any(hears)
}

fn describe(interface: &Interface, sys: &Path) -> Option<NetworkInterface> {
    let folder = sys.join(&interface.name);
    // In megabits; -1 or an error when the driver does not know.
    let speed = std::fs::read_to_string(folder.join("speed")).ok();
    let speed = speed.and_then(|text| text.trim().parse::<i64>().ok());
    let speed = speed.and_then(|megabits| u64::try_from(megabits).ok()).filter(|megabits| *megabits > 0);
    let queues = std::fs::read_dir(folder.join("queues")).ok();
    let receives = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("rx-"))
    };
    let queues = queues.map_or(0, |entries| entries.map(receives).filter(|rx| *rx).count());
    Some(NetworkInterface {
        index: interface.index?,
        capabilities: match queues > 1 {
            true => InterfaceCapabilities::RSS_CAPABLE,
            false => InterfaceCapabilities::NONE,
        },
        link_speed: speed.map_or(LINK_SPEED_UNKNOWN, |megabits| megabits.saturating_mul(1_000_000)),
        address: Some(match &interface.addr {
            IfAddr::V4(v4) => v4.ip.into(),
            IfAddr::V6(v6) => v6.ip.into(),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use if_addrs::{IfOperStatus, Ifv4Addr};

    fn interface(name: &str) -> Interface {
        Interface {
            name: name.to_owned(),
            addr: IfAddr::V4(Ifv4Addr {
                ip: [192, 0, 2, 7].into(),
                netmask: [255, 255, 255, 0].into(),
                prefixlen: 24,
                broadcast: None,
            }),
            index: Some(3),
            oper_status: IfOperStatus::Up,
            is_p2p: false,
        }
    }

    /// Documentation/ABI/testing/sysfs-class-net of Linux: speed in Mbits/sec, -1 when it is not known.
    #[test]
    fn an_interface_is_as_fast_and_as_wide_as_its_driver_says() {
        let sys = tempfile::tempdir().unwrap();
        for (name, speed, queues) in [("fast", "10000\n", 4), ("unknown", "-1\n", 1), ("silent", "", 0)] {
            let folder = sys.path().join(name);
            (0..queues)
                .for_each(|at| std::fs::create_dir_all(folder.join(format!("queues/rx-{at}"))).unwrap());
            std::fs::create_dir_all(folder.join("queues/tx-0")).unwrap();
            if !speed.is_empty() {
                std::fs::write(folder.join("speed"), speed).unwrap();
            }
        }
        let seen = ["fast", "unknown", "silent", "gone"].map(|name| {
            let described = describe(&interface(name), sys.path()).unwrap();
            (described.link_speed, described.capabilities)
        });
        let none = InterfaceCapabilities::NONE;
        let slow = (LINK_SPEED_UNKNOWN, none);
        assert_eq!(seen, [(10_000_000_000, InterfaceCapabilities::RSS_CAPABLE), slow, slow, slow]);
    }

    #[test]
    fn an_address_that_no_listener_hears_at_is_not_told() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let at = |text: &str| vec![text.parse::<SocketAddr>().unwrap()];
        assert!(is_heard(ip("192.0.2.7"), &at("0.0.0.0:445")));
        assert!(is_heard(ip("192.0.2.7"), &at("[::]:445")));
        assert!(is_heard(ip("192.0.2.7"), &at("192.0.2.7:445")));
        assert!(!is_heard(ip("192.0.2.8"), &at("192.0.2.7:445")));
        assert!(!is_heard(ip("2001:db8::1"), &at("0.0.0.0:445")));
        assert!(!is_heard(ip("fe80::1"), &at("[::]:445")), "of one link only");
        assert!(!is_heard(ip("192.0.2.7"), &[]));
    }

    #[test]
    fn a_listener_on_loopback_is_told_as_what_it_is() {
        let told = interfaces(&["127.0.0.1:445".parse().unwrap()]);
        let addresses: Vec<_> = told.iter().map(|interface| interface.address).collect();
        assert_eq!(addresses, [Some("127.0.0.1".parse().unwrap())]);
    }
}
