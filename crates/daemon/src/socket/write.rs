//! Writing packets: all that wait in as few calls as can be, the data of a READ from where it lies.
use std::io::{self, ErrorKind, IoSlice};

use smb::connection::Packet;
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// The most parts of one call.
const PARTS_MAX: usize = 64;

/// Writes every packet, in order.
pub(super) async fn write_all(to: &mut (impl AsyncWrite + Unpin), packets: &[Packet]) -> io::Result<()> {
    let parts: Vec<&[u8]> = packets
        .iter()
        .flat_map(|packet| [packet.head.as_slice(), packet.payload.as_slice()])
        .filter(|part| !part.is_empty())
        .collect();
    // Whole parts written, and bytes of the next one.
    let (mut at, mut inside) = (0, 0);
    while at < parts.len() {
        let rest = parts.iter().skip(at).take(PARTS_MAX).enumerate();
        let slices: Vec<IoSlice<'_>> = rest
            .map(|(count, part)| {
                IoSlice::new(part.get(if count == 0 { inside } else { 0 }..).unwrap_or_default())
            })
            .collect();
        let mut written = to.write_vectored(&slices).await?;
        if written == 0 {
            return Err(ErrorKind::WriteZero.into());
        }
        for part in parts.iter().skip(at) {
            let left = part.len() - inside;
            if written < left {
                inside += written;
                break;
            }
            written -= left;
            (at, inside) = (at + 1, 0);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::pin::Pin;
    use core::task::{Context, Poll};

    /// Takes at most three bytes a call.
    struct Slow(Vec<u8>);

    impl AsyncWrite for Slow {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            let taken = bytes.len().min(3);
            self.0.extend_from_slice(&bytes[..taken]);
            Poll::Ready(Ok(taken))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn packets_are_written_whole_however_little_a_call_takes() {
        let packets = [
            Packet { head: b"first head".to_vec(), payload: b"its payload".to_vec() },
            Packet { head: b"second".to_vec(), payload: Vec::new() },
            Packet { head: b"x".to_vec(), payload: b"yz".to_vec() },
        ];
        let mut slow = Slow(Vec::new());
        write_all(&mut slow, &packets).await.unwrap();
        assert_eq!(slow.0, b"first headits payloadsecondxyz");
    }
}
