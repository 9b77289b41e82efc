//! What stands between clients and a server, and cuts the wire at chosen messages.
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use wire::netbios;

/// How a connection ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Loss {
    /// Each end is told that the other sends no more.
    Fin,
    /// Each end is told that there is no such connection.
    Reset,
    /// The client is told, the server is not.
    Silent,
}

/// How much of the message at which the wire is cut still arrives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrives {
    Nothing,
    Half,
}

/// Where the wire is cut: at which message of either direction, counted from 0 over all connections.
#[derive(Clone, Default, Debug)]
struct Plan {
    cuts: Vec<(usize, Arrives)>,
    seen: usize,
    /// The ends at the server of connections that were lost without a word.
    left: Vec<Arc<TcpStream>>,
}

/// A port that leads to a server, with a plan.
pub struct Cutter {
    pub address: SocketAddr,
    plan: Arc<Mutex<Plan>>,
}

impl Cutter {
    /// Every connection to `address` leads to the server; each that is cut ends in this way.
    pub fn before(server: SocketAddr, loss: Loss) -> Cutter {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let plan = Arc::new(Mutex::new(Plan::default()));
        let shared = Arc::clone(&plan);
        // Ends with the process: it waits in accept.
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let plan = Arc::clone(&shared);
                std::thread::spawn(move || {
                    // A wire that ends otherwise than by the plan has ended too.
                    let _ended = pump(client, server, loss, &plan);
                });
            }
        });
        Cutter { address, plan }
    }

    /// From now on the wire is cut at these messages, the next being number 0.
    pub fn arm(&self, cuts: &[(usize, Arrives)]) {
        let mut plan = self.plan.lock().unwrap();
        *plan = Plan { cuts: cuts.to_vec(), seen: 0, left: Vec::new() };
    }

    /// How many messages came since.
    pub fn seen(&self) -> usize {
        self.plan.lock().unwrap().seen
    }
}

fn pump(client: TcpStream, server: SocketAddr, loss: Loss, plan: &Mutex<Plan>) -> io::Result<()> {
    let server = Arc::new(TcpStream::connect(server)?);
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    }
    let patience = Timespec { tv_sec: 30, tv_nsec: 0 };
    loop {
        let mut ready =
            [(client.as_fd()), (server.as_fd())].map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN));
        poll(&mut ready, Some(&patience))?;
        let ready = [!ready[0].revents().is_empty(), !ready[1].revents().is_empty()];
        let ways = [(&client, &*server, ready[0]), (&*server, &client, ready[1])];
        for (mut from, mut to, _) in ways.into_iter().filter(|(.., ready)| *ready) {
            let mut frame = [0; netbios::FRAME_LEN];
            from.read_exact(&mut frame)?;
            let netbios::Frame::Message(len) = netbios::Frame::decode(frame) else { panic!("{frame:?}") };
            let mut message = frame.to_vec();
            message.resize(netbios::FRAME_LEN + len, 0);
            from.read_exact(&mut message[netbios::FRAME_LEN..])?;
            let mut planned = plan.lock().unwrap();
            let number = planned.seen;
            planned.seen += 1;
            let cut = planned.cuts.iter().find(|(at, _)| *at == number).map(|(_, arrives)| *arrives);
            if cut == Some(Arrives::Half) {
                to.write_all(&message[..message.len() / 2])?;
            }
            if cut.is_some() {
                if loss == Loss::Silent {
                    planned.left.push(Arc::clone(&server));
                }
                if loss == Loss::Reset {
                    for stream in [&client, &*server] {
                        rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO))?;
                    }
                }
                return Ok(());
            }
            drop(planned);
            to.write_all(&message)?;
        }
    }
}
