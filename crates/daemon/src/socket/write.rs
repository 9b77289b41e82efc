//! Writing packets: all that wait in as few calls as can be, the data of a READ from where it lies.
use std::io::{self, ErrorKind, IoSlice};

use smb::connection::Packet;
use tokio::net::TcpStream;

/// The most parts of one call.
const PARTS_MAX: usize = 128;

/// Packets on their way, in order.
pub(super) struct Outgoing<'a> {
    packets: &'a [Packet],
    /// Bytes of the first of them that are written.
    written: usize,
}

impl<'a> Outgoing<'a> {
    pub(super) fn new(packets: &'a [Packet]) -> Outgoing<'a> {
        Outgoing { packets, written: 0 }
    }

    /// Writes once with `write`; true when all is written.
    fn write(&mut self, write: impl FnOnce(&[IoSlice<'_>]) -> io::Result<usize>) -> io::Result<bool> {
        let mut slices = [IoSlice::new(&[]); PARTS_MAX];
        let mut skipped = self.written;
        let parts =
            self.packets.iter().flat_map(|packet| [packet.head.as_slice(), packet.payload.as_slice()]);
        let left = parts.filter_map(|part| {
            let left = part.get(skipped..).unwrap_or_default();
            skipped = skipped.saturating_sub(part.len());
            (!left.is_empty()).then_some(left)
        });
        let count = slices.iter_mut().zip(left).map(|(slice, part)| *slice = IoSlice::new(part)).count();
        match slices.get(..count) {
            None | Some([]) => return Ok(true),
            Some(slices) => match write(slices)? {
                0 => return Err(ErrorKind::WriteZero.into()),
                len => self.written += len,
            },
        }
        while let Some((first, rest)) = self.packets.split_first()
            && let Some(beyond) = self.written.checked_sub(first.head.len() + first.payload.len())
        {
            (self.packets, self.written) = (rest, beyond);
        }
        Ok(self.packets.is_empty())
    }
}

/// Writes what the socket takes at once; true when that is all.
pub(super) fn write_now(to: &TcpStream, outgoing: &mut Outgoing<'_>) -> io::Result<bool> {
    loop {
        let written = outgoing.write(|slices| match slices {
            [only] => to.try_write(only),
            slices => to.try_write_vectored(slices),
        });
        match written {
            Ok(false) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            written => return written,
        }
    }
}

/// Writes the rest, whenever the socket takes it.
pub(super) async fn write_rest(to: &TcpStream, outgoing: &mut Outgoing<'_>) -> io::Result<()> {
    while !write_now(to, outgoing)? {
        to.writable().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use smb::Data;

    #[test]
    fn packets_are_written_whole_however_little_a_call_takes() {
        let packets = [
            Packet { head: b"first head".to_vec(), payload: b"its payload".to_vec().into() },
            Packet { head: b"second".to_vec(), payload: Data::default() },
            Packet { head: b"x".to_vec(), payload: b"yz".to_vec().into() },
        ];
        for most in [1, 3, 7, 10, 21, 100] {
            let (mut outgoing, mut came, mut is_whole) = (Outgoing::new(&packets), Vec::new(), false);
            while !is_whole {
                let write = |slices: &[IoSlice<'_>]| {
                    let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).take(most).collect();
                    came.extend_from_slice(&bytes);
                    Ok(bytes.len())
                };
                is_whole = outgoing.write(write).unwrap();
            }
            assert_eq!(came, b"first headits payloadsecondxyz", "{most} at once");
        }
    }

    #[test]
    fn more_packets_than_one_call_takes_are_written_in_order() {
        let packets: Vec<Packet> = (0..1000u32)
            .map(|at| Packet { head: at.to_le_bytes().to_vec(), payload: Data::default() })
            .collect();
        let (mut outgoing, mut came, mut calls) = (Outgoing::new(&packets), Vec::new(), 1);
        let mut write = |slices: &[IoSlice<'_>]| {
            let before = came.len();
            slices.iter().for_each(|slice| came.extend_from_slice(slice));
            Ok(came.len() - before)
        };
        while !outgoing.write(&mut write).unwrap() {
            calls += 1;
        }
        assert_eq!(came, packets.iter().flat_map(|packet| packet.head.clone()).collect::<Vec<u8>>());
        assert_eq!(calls, 1000_usize.div_ceil(PARTS_MAX));
    }
}
