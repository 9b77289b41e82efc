//! How much of what a peer was sent its TCP has not acknowledged, as the kernel shows it in /proc/net: the length of the send queue.
//! Linux, net/ipv4/tcp_ipv4.c get_tcp4_sock and Documentation/networking/proc_net_tcp.rst.
use std::net::{IpAddr, SocketAddr};

/// The most bytes of the table that are looked at.
const TABLE_BYTES_MAX: usize = 64 << 20;

/// How many bytes to the peer wait for its acknowledgment. None where the kernel does not tell.
pub(super) fn unacknowledged(local: SocketAddr, peer: SocketAddr) -> u64 {
    let of_table = |table| {
        let text = std::fs::read_to_string(table).unwrap_or_default();
        let text = text.get(..text.len().min(TABLE_BYTES_MAX)).unwrap_or_default();
        queued(text, local, peer)
    };
    ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().find_map(of_table).unwrap_or(0).into()
}

/// Bytes in the send queue of the connection, if the table has it.
fn queued(table: &str, local: SocketAddr, peer: SocketAddr) -> Option<u32> {
    table.lines().skip(1).find_map(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        let is_ours = address(words.next()?)? == plain(local) && address(words.next()?)? == plain(peer);
        let (queue, _) = words.nth(1)?.split_once(':')?;
        is_ours.then(|| u32::from_str_radix(queue, 16).ok()).flatten()
    })
}

/// The address without IPv6 around IPv4.
fn plain(address: SocketAddr) -> (IpAddr, u16) {
    (address.ip().to_canonical(), address.port())
}

/// `0100007F:1538`: words of 32 bits in the host's order, a port in hexadecimal.
fn address(text: &str) -> Option<(IpAddr, u16)> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::new();
    let mut rest = ip;
    while let Some((word, after)) = rest.split_at_checked(8) {
        bytes.extend(u32::from_str_radix(word, 16).ok()?.to_ne_bytes());
        rest = after;
    }
    let ip = match bytes.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(bytes.as_slice()).ok()?),
        16 => IpAddr::from(<[u8; 16]>::try_from(bytes.as_slice()).ok()?),
        _ => return None,
    };
    rest.is_empty().then(|| (ip.to_canonical(), port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    #[cfg(target_endian = "little")]
    #[test]
    fn the_table_is_read_as_the_kernel_writes_it() {
        let table = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:1538 0100007F:ABCD 01 0000002A:00000000 01:00000014 00000000     0        0 2 2 0 20 4 30 10 -1
   2: 0000000000000000FFFF00000100007F:1538 0000000000000000FFFF00000100007F:ABCE 01 00000007:00000000 00:0 0 0 0 3
";
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        assert_eq!(queued(table, at(0x1538), at(0xABCD)), Some(42));
        assert_eq!(queued(table, "[::ffff:127.0.0.1]:5432".parse().unwrap(), at(0xABCE)), Some(7));
        assert_eq!(queued(table, at(0x1538), at(1)), None);
        assert_eq!(queued("x\ny z\n0: 0100007F:15381 q\n", at(1), at(2)), None);
    }

    /// A peer whose window is full acknowledges no more.
    #[test]
    fn what_this_kernel_shows_of_a_full_connection_is_seen() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (_silent, _) = listener.accept().unwrap();
        let ends = |stream: &TcpStream| (stream.local_addr().unwrap(), stream.peer_addr().unwrap());
        let (local, peer) = ends(&client);
        if !std::fs::read_to_string("/proc/net/tcp").is_ok_and(|text| queued(&text, local, peer).is_some()) {
            println!("skipped: /proc/net/tcp does not show this process's connections");
            return;
        }
        assert_eq!(unacknowledged(local, peer), 0);
        client.set_nonblocking(true).unwrap();
        let mut written = 0;
        while let Ok(len) = client.write(&[0; 65_536]) {
            written += u64::try_from(len).unwrap();
        }
        let waiting = unacknowledged(local, peer);
        assert!(waiting > 0 && waiting < written, "{waiting} of {written} bytes");
    }
}
