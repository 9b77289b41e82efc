//! Completion ports.
use crate::signal::Deadline;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// One completion, as it stands in a port's queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Packet {
    /// What the file was bound with.
    pub(crate) key: usize,
    /// The address of the OVERLAPPED, or what the program posted.
    pub(crate) context: usize,
    /// How it ended.
    pub(crate) status: nt::NtStatus,
    /// Bytes moved.
    pub(crate) information: usize,
}

/// Why a port gave no packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NoPacket {
    /// None came in time.
    TimedOut,
    /// The port was closed.
    Closed,
}

/// A completion port.
#[derive(Default)]
pub(crate) struct Port {
    queue: Mutex<Queue>,
    wake: Condvar,
}

#[derive(Default)]
struct Queue {
    packets: VecDeque<Packet>,
    closed: bool,
}

impl Port {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a packet. One for a closed port goes nowhere.
    pub(crate) fn post(&self, packet: Packet) {
        let mut queue = self.lock();
        if !queue.closed {
            queue.packets.push_back(packet);
            self.wake.notify_one();
        }
    }

    /// The oldest packet.
    pub(crate) fn next(&self, deadline: Deadline) -> Result<Packet, NoPacket> {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return Err(NoPacket::Closed);
            }
            if let Some(packet) = queue.packets.pop_front() {
                return Ok(packet);
            }
            let in_time;
            (queue, in_time) = deadline.wait(&self.wake, queue);
            if !in_time {
                return queue.packets.pop_front().ok_or(NoPacket::TimedOut);
            }
        }
    }

    /// At least one packet and at most `count`, oldest first.
    pub(crate) fn next_many(&self, count: usize, deadline: Deadline) -> Result<Vec<Packet>, NoPacket> {
        let mut packets = vec![self.next(deadline)?];
        let mut queue = self.lock();
        while packets.len() < count {
            let Some(packet) = queue.packets.pop_front() else { break };
            packets.push(packet);
        }
        Ok(packets)
    }

    /// Ends every wait, now and later.
    pub(crate) fn close(&self) {
        let mut queue = self.lock();
        queue.closed = true;
        queue.packets.clear();
        self.wake.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nt::NtStatus;
    use std::sync::Arc;

    fn packet(key: usize) -> Packet {
        Packet { key, context: 0, status: NtStatus::SUCCESS, information: 0 }
    }

    #[test]
    fn packets_come_in_the_order_they_were_posted() {
        let port = Port::default();
        (0..3).for_each(|key| port.post(packet(key)));
        assert_eq!(port.next(Deadline::Never), Ok(packet(0)));
        assert_eq!(port.next_many(8, Deadline::Never).unwrap(), [packet(1), packet(2)]);
        assert_eq!(port.next(Deadline::after_ms(0)), Err(NoPacket::TimedOut));
    }

    #[test]
    fn closing_a_port_ends_a_wait_for_it() {
        let port = Arc::new(Port::default());
        let waiting = {
            let port = Arc::clone(&port);
            std::thread::spawn(move || port.next(Deadline::Never))
        };
        port.close();
        assert_eq!(waiting.join().unwrap(), Err(NoPacket::Closed));
    }
}
