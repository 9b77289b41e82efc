//! An hour with every kind of client at once: none may see an error, and the server may not grow.
use super::{folder, fresh, python, server, tool};
use crate::kernel::{self, BACKPORTS};
use crate::packages;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

mod clients;
mod watched;

use clients::{Client, Place};
use watched::{Sample, Watched};

/// How often the server is looked at.
const EVERY: Duration = Duration::from_secs(5);

/// How long clients may take beyond their time: the machine under qemu is slow when others work.
const GRACE: Duration = Duration::from_secs(300);

/// How long an open waits for its client, in the configuration; when it is over, and all have left, nothing is open.
const DURABLE_S: u64 = 20;

/// How much more memory the last quarter may have than the second, in KiB and in parts of a hundred: what the allocator's
/// pools vary by.
const GROWTH_KIB: u64 = 4096;
const GROWTH_PERCENT: u64 = 10;

/// `judge soak [--minutes N]`
pub(super) fn judge(words: &[String]) -> Result<(), String> {
    let minutes = match words.iter().position(|word| word == "--minutes") {
        Some(at) => words.get(at + 1).and_then(|word| word.parse().ok()).ok_or("--minutes wants a number")?,
        None => 60,
    };
    packages::install()?;
    let machine = tool("kclient.sh");
    let place = Place {
        python: python::interpreter()?,
        pointsman: server::built_release(&["pointsman-cli", "pointsman-bench"])?,
        kernel: machine
            .map(|script| Ok::<_, String>((script, kernel::unpacked(&folder("kernel")?, BACKPORTS)?)))
            .transpose()?,
        folder: fresh("soak")?,
        port: 0,
        seconds: minutes * 60,
    };
    run(place)
}

fn run(mut place: Place) -> Result<(), String> {
    let config = configured(&place.folder, &place.pointsman)?;
    let log = place.folder.join("server.log");
    let metrics = config.metrics;
    let mut server =
        server::start_logged(&place.pointsman, &["--config", &config.path.to_string_lossy()], &log)?;
    place.port = server.port.parse().map_err(|_| format!("the port {}", server.port))?;
    let watched = Watched { pid: server.pid(), metrics };
    // What the first client makes the server open for good, its watch of directories say, was there before.
    clients::first(&place)?;
    let before = left(&watched, None)?;
    println!(
        "== soak: {} minutes, the server has pid {}; before: {before}",
        place.seconds / 60,
        server.pid()
    );
    let mut running = clients::start(&place)?;
    let samples = watch(&watched, &mut running, place.seconds)?;
    let mut faults: Vec<String> = running.into_iter().filter_map(Client::outcome).collect();
    server.still_runs()?;
    let after = left(&watched, Some(&before))?;
    println!("== soak: after all have left: {after}");
    faults.extend(growth(&samples));
    faults.extend(after.leftovers(&before));
    let said = std::fs::read_to_string(&log).unwrap_or_default();
    // A client that is let go while it is silent is no error; what the server itself could not do is.
    let complaints: Vec<&str> =
        said.lines().filter(|line| line.contains("ERROR") || line.contains("panicked")).collect();
    faults.extend(complaints.iter().take(10).map(|line| format!("the server's log: {line}")));
    if faults.is_empty() {
        println!("== soak: no growth, no error");
        return Ok(());
    }
    Err(faults.join("\n  "))
}

struct Configured {
    path: PathBuf,
    metrics: u16,
}

/// A server that offers everything, so that some clients sign, some encrypt, some do neither.
fn configured(folder: &Path, pointsman: &Path) -> Result<Configured, String> {
    let told = |error: std::io::Error| error.to_string();
    let share = folder.join("share");
    for client in clients::FOLDERS {
        std::fs::create_dir_all(share.join(client)).map_err(told)?;
    }
    std::fs::write(share.join("common/now"), format!("{:<63}\n", "start")).map_err(told)?;
    let users = folder.join("users.toml");
    server::add_user(pointsman, &users, clients::USER, clients::PASSWORD, &["--admin"])?;
    let metrics =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).map_err(told)?.port();
    let path = folder.join("server.toml");
    let text = format!(
        "[server]\nusers = {users:?}\nlisten = [\"127.0.0.1:0\"]\nencryption = \"offered\"\nsigning = \"offered\"\n\
         status_socket = {:?}\nmetrics = \"127.0.0.1:{metrics}\"\n[limits]\ndurable_s = {DURABLE_S}\n\
         [share.share]\npath = {share:?}\ntags = \"all\"\n",
        folder.join("status.sock"),
    );
    std::fs::write(&path, text).map_err(told)?;
    Ok(Configured { path, metrics })
}

/// Looks at the server until all clients are done.
#[allow(clippy::disallowed_methods)] // a soak has a clock
fn watch(watched: &Watched, running: &mut [Client], seconds: u64) -> Result<Vec<Sample>, String> {
    let start = Instant::now();
    let time = Duration::from_secs(seconds);
    let mut samples = Vec::new();
    let mut told = Duration::ZERO;
    while !running.iter_mut().all(Client::is_done) {
        std::thread::sleep(EVERY);
        if start.elapsed() > time + GRACE {
            println!("== soak: a client has not ended {} s after its time", GRACE.as_secs());
            break;
        }
        let sample = watched.sample()?;
        // Only while everybody works: who is done early, or late, does not count as growth or as none.
        if start.elapsed() < time {
            samples.push(sample);
        }
        if start.elapsed() >= told {
            println!("   {:>5} s: {sample}", start.elapsed().as_secs());
            told += time / 20;
        }
    }
    Ok(samples)
}

/// The server when everybody has left and what was kept for those who might come back has run out.
fn left(watched: &Watched, before: Option<&Sample>) -> Result<Sample, String> {
    let mut sample = watched.sample()?;
    let is_settled = |sample: &Sample| match before {
        Some(before) => sample.leftovers(before).is_empty(),
        None => false,
    };
    // Idle threads of the runtime end after ten seconds, durable opens after theirs.
    let patience = if before.is_some() { DURABLE_S + 40 } else { 15 };
    for _ in 0..patience {
        if is_settled(&sample) {
            break;
        }
        std::thread::sleep(Duration::from_secs(1));
        sample = watched.sample()?;
    }
    Ok(sample)
}

/// Compares the second quarter of the time, when all caches are filled, with the last.
fn growth(samples: &[Sample]) -> Option<String> {
    let quarter = samples.len() / 4;
    let median = |part: Option<&[Sample]>| {
        let mut sizes: Vec<u64> = part.unwrap_or_default().iter().map(|sample| sample.resident_kib).collect();
        sizes.sort_unstable();
        sizes.get(sizes.len() / 2).copied().unwrap_or(0)
    };
    let early = median(samples.get(quarter..2 * quarter));
    let late = median(samples.get(3 * quarter..));
    let most = samples.iter().map(|sample| sample.resident_kib).max().unwrap_or(0);
    println!(
        "== soak: resident {early} KiB in the second quarter, {late} KiB in the last, {most} KiB at most"
    );
    let allowed = early + early * GROWTH_PERCENT / 100 + GROWTH_KIB;
    (late > allowed).then(|| format!("the server grew from {early} to {late} KiB"))
}
