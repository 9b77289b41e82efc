//! `pointsman status`: what a running server does.
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::Output;
use clap::Args;
use daemon::status::{Status, ask, default_sockets};
use std::io;
use std::path::PathBuf;

/// Show who is connected to a running `pointsman serve`, and what they have open
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StatusArgs {
    /// The server's socket. Default: below XDG_RUNTIME_DIR, or /run/pointsman/status.sock
    #[arg(long, value_name = "FILE")]
    socket: Option<PathBuf>,
    /// One JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

const EXAMPLES: &str = "Examples:
  $ pointsman status --socket none.sock || echo no server there";

pub(crate) fn run(args: &StatusArgs, out: &mut Output) -> Result<Exit, Fault> {
    let sockets = args.socket.clone().map_or_else(default_sockets, |socket| vec![socket]);
    let there = sockets.iter().find(|socket| socket.exists()).or(sockets.first());
    let socket = there.ok_or_else(|| Fault::usage("find the server", "say --socket FILE"))?;
    let status = ask(socket).map_err(|error| {
        let fault = Fault::io("ask the server", &error).at(socket);
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                fault.next("start one with `pointsman serve`, or say where it is with --socket FILE")
            }
            _ => fault,
        }
    })?;
    match args.json {
        true => out.json(&status),
        false => show(&status, out),
    }
    Ok(Exit::Ok)
}

fn show(status: &Status, out: &mut Output) {
    out.line(format_args!(
        "pointsman {}, process {}, up {} s: {} connections, {} sessions, {} opens ({} disconnected), {} leases, {} requests wait",
        status.version,
        status.pid,
        status.uptime_s,
        status.connections,
        status.sessions_total,
        status.opens_total,
        status.disconnected_opens_total,
        status.leases_total,
        status.waiting_requests,
    ));
    for session in &status.sessions {
        let user = match session.user.as_deref() {
            None => "(logging on)",
            Some("") => "(anonymous)",
            Some(user) => user,
        };
        out.line(format_args!(
            "session {} {user} from {}, {}{}, {} s, {} opens on {}",
            session.id,
            session.peers.join(" "),
            session.dialect,
            if session.encrypted { ", encrypted" } else { "" },
            session.age_s,
            session.opens,
            session.shares.join(" "),
        ));
    }
    for open in &status.opens {
        let kind = if open.directory { "directory" } else { "file" };
        let whose = match (open.session.as_deref(), open.closes_in_s) {
            (Some(session), _) => format!("open {session}"),
            (None, left) => format!("open (disconnected, {} s left)", left.unwrap_or_default()),
        };
        out.line(format_args!(
            "{whose} {kind} {}:{} {}, caching {}",
            open.share, open.path, open.access, open.caching
        ));
    }
}
