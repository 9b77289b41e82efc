//! The floor under a server: a process that receives so many bytes, makes the bare system calls, and sends so many bytes, for many
//! connections from one thread. It knows nothing of SMB.
use super::drive::Driven;
use super::servers::{self, Server};
use super::{Figure, Wanted, in_order, measured};
use crate::report::Failure;
use rustix::event::epoll;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, XattrFlags, fgetxattr, fsetxattr, openat};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Instant;

/// Bytes of a CREATE, an IOCTL and a CLOSE in one message, and of the answers.
const REQUEST: usize = 360;
const RESPONSE: usize = 448;

/// The child process: serves until it is killed.
pub(crate) fn serve(share: &Path, how: &str) -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    listener.set_nonblocking(true)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let dir = rustix::fs::open(share, flags, Mode::empty())?;
    let queue = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let listens = epoll::EventData::new_u64(u64::MAX);
    epoll::add(&queue, &listener, listens, epoll::EventFlags::IN)?;
    let mut connections: Vec<TcpStream> = Vec::new();
    let mut events = Vec::with_capacity(256);
    let (mut value, mut buffer, mut number) = ([0; 16384], [0; 4096], 0);
    loop {
        events.clear();
        epoll::wait(&queue, rustix::buffer::spare_capacity(&mut events), None)?;
        for event in &events {
            let at = event.data.u64();
            if at == u64::MAX {
                let (stream, _) = listener.accept()?;
                stream.set_nodelay(true)?;
                stream.set_nonblocking(true)?;
                let data = epoll::EventData::new_u64(connections.len() as u64);
                epoll::add(&queue, &stream, data, epoll::EventFlags::IN | epoll::EventFlags::ET)?;
                connections.push(stream);
                continue;
            }
            let Some(stream) = usize::try_from(at).ok().and_then(|at| connections.get_mut(at)) else {
                continue;
            };
            match stream.read(&mut buffer) {
                // A request is far smaller than what the socket takes at once.
                Ok(REQUEST) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Ok(0) | Err(_) => {
                    epoll::delete(&queue, &*stream)?;
                    continue;
                }
                Ok(len) => return Err(format!("a request of {len} bytes").into()),
            }
            number = (number + 1) % super::KEPT;
            operate(&dir, how, number, &mut value)?;
            stream.write_all(buffer.get(..RESPONSE).unwrap_or_default())?;
        }
    }
}

fn operate(dir: &OwnedFd, how: &str, number: u64, value: &mut [u8]) -> Result<(), Failure> {
    let flags = if how == "set" { OFlags::RDWR } else { OFlags::RDONLY };
    let file = openat(dir, format!("kept/point{number}"), flags | OFlags::CLOEXEC, Mode::empty())?;
    match how {
        "set" => fsetxattr(&file, "user.SmbReparse", &requests::symlink("target"), XattrFlags::empty())?,
        _ => drop(fgetxattr(&file, "user.SmbReparse", value)?),
    }
    Ok(())
}

/// Measures it, beside what was measured of the servers.
pub(super) fn measure(servers: &[Server; 2], wanted: &Wanted<'_>) -> Result<(), Failure> {
    println!("the floor: one receive, one send, openat + fgetxattr or fsetxattr + close:");
    for how in ["get", "set"] {
        let server = servers::floor(&servers[0].share, how)?;
        for count in [1, 8, 64] {
            let Figure { per_second, cpu_us, client_us } = figure(&server, count, wanted)?;
            println!(
                "  {how}, {count} connections: {per_second:.0} a second; {cpu_us:.1} us of CPU ({client_us:.1} us of the client)"
            );
        }
    }
    Ok(())
}

/// What the floor does and takes on so many connections: the median of all rounds.
pub(super) fn figure(server: &Server, count: usize, wanted: &Wanted<'_>) -> Result<Figure, Failure> {
    let mut figures = Vec::new();
    for _ in 0..wanted.rounds {
        let links: Result<Vec<TcpStream>, _> =
            (0..count).map(|_| TcpStream::connect(("127.0.0.1", server.port))).collect();
        let mut links = links?;
        figures.push(measured(server, || drive(&mut links, wanted))?);
    }
    Ok(in_order(figures))
}

/// A request under way on each connection, as the load generator has it.
fn drive(links: &mut [TcpStream], wanted: &Wanted<'_>) -> Result<Driven, Failure> {
    let start = Instant::now();
    let mut operations = 0;
    let request = [1; REQUEST];
    let mut buffer = [0; 65536];
    for link in links.iter_mut() {
        link.set_nodelay(true)?;
        link.write_all(&request)?;
        link.set_nonblocking(true)?;
    }
    let mut missing = vec![RESPONSE; links.len()];
    let mut under_way = links.len();
    while under_way > 0 {
        let ready = super::drive::ready(links.iter())?;
        for ((link, missing), _) in links.iter_mut().zip(&mut missing).zip(ready).filter(|(_, ready)| *ready)
        {
            *missing -= link.read(&mut buffer)?.min(*missing);
            if *missing > 0 {
                continue;
            }
            operations += 1;
            if start.elapsed() < wanted.slice {
                *missing = RESPONSE;
                link.write_all(&request)?;
            } else {
                *missing = usize::MAX;
                under_way -= 1;
            }
        }
    }
    Ok(Driven { operations, time: start.elapsed(), refusals: Default::default() })
}
