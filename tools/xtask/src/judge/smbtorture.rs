//! Samba's smbtorture: each smb2 test alone, with a limit of time, on two shares of one server.
use super::disk::{self, Disk};
use super::{Asked, folder, fresh, server, table, tool};
use crate::packages;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use table::Rows;

/// Seconds for one test, and for one that is tried again because it differed.
const PATIENCE: [&str; 2] = ["60", "120"];
const OPTIONS: &str =
    "--option=torture:share2=ts2 --option=torture:acl_xattr_name=DOSATTRIB --client-protection=off";
const PASSWORD: &str = "Passw0rd!";
/// Tests that want another share than the first: how their names begin, and which.
const ELSEWHERE: [(&str, &str); 2] =
    [("smb2.create_no_streams.", "fat"), ("smb2.ioctl.compress_notsup", "plain")];
/// Tests that want a server which demands signatures.
const STRICT: &str = "smb2.session-require-signing.";

pub(super) fn judge(asked: &Asked) -> Result<(), String> {
    packages::install()?;
    let script = tool("torture.sh")
        .ok_or("there is no ../shared/tools/torture.sh; POINTSMAN_TOOLS names its folder")?;
    let pointsman = server::built()?;
    // Sessions of nobody exist only where a share lets nobody in, and tests authenticate as nobody.
    let anyone = fresh("torture3")?;
    let (plain, hides) = (fresh("torture4")?, fresh("torture5")?);
    disk::let_go(&folder("torture")?);
    let home = fresh("torture")?;
    let disk = Disk::btrfs(&home);
    let (one, two) = match &disk {
        Ok(disk) => (disk.folder("one")?, disk.folder("two")?),
        Err(reason) => {
            println!("no btrfs, so blocks are not shared and nothing is compressed: {reason}");
            (fresh("torture1")?, fresh("torture2")?)
        }
    };
    let users = home.join("users.toml");
    ["alice", "bob"].iter().try_for_each(|name| server::add_user(&pointsman, &users, name, PASSWORD, &[]))?;
    let write = |name: &str, listen: &str, signing: &str| {
        let config = home.join(format!("{name}.toml"));
        let text = format!(
            "[server]\nlisten = [{listen}]\nusers = {users:?}\nencryption = \"offered\"\nsigning = \"{signing}\"\nstatus_socket = {:?}\nstate_directory = {home:?}\n\
             [limits.logon]\nfree_failures = 1000\n\
             [share.ts1]\npath = {one:?}\ntags = \"all\"\nshort_names = true\nwrite_times = \"late\"\n\
             [share.ts2]\npath = {two:?}\ntags = \"all\"\nshort_names = true\nwrite_times = \"late\"\n\
             [share.nobody]\npath = {anyone:?}\nanonymous = true\n[share.noperm]\npath = {anyone:?}\nread_only = true\n\
             [share.plain]\npath = {plain:?}\ntags = \"all\"\n[share.fat]\npath = {plain:?}\nvolume = \"fat\"\n\
             [share.hideunread]\npath = {hides:?}\naccess_based = true\n",
            home.join(format!("{name}.sock")),
        );
        std::fs::write(&config, text).map_err(|error| format!("{}: {error}", config.display()))?;
        Ok::<String, String>(config.to_string_lossy().into_owned())
    };
    // One test connects to port 445 whatever it is told.
    let listen = match TcpListener::bind(("127.0.0.1", 445)) {
        Ok(_) => "\"127.0.0.1:0\", \"127.0.0.1:445\"",
        Err(_) => "\"127.0.0.1:0\"",
    };
    let mut server = server::start(&pointsman, &["--config", &write("server", listen, "offered")?])?;
    let clean = format!("find {} {} {} -mindepth 1 -delete", one.display(), two.display(), plain.display());
    let filter = asked.filter.as_deref().unwrap_or(".");
    let port = server.port.clone();
    let run = Suite { script: &script, port: &port, clean: &clean };
    let mut seen = run.tests("ts1", filter, PATIENCE[0])?;
    let elsewhere: Vec<String> = seen.keys().filter(|test| share_of(test) != "ts1").cloned().collect();
    seen.extend(run.named(&elsewhere, PATIENCE[0])?);
    server.still_runs()?;
    if seen.keys().any(|test| test.starts_with(STRICT)) {
        let strict = write("strict", "\"127.0.0.1:0\"", "required")?;
        let mut strict = server::start(&pointsman, &["--config", &strict])?;
        let port = strict.port.clone();
        let run = Suite { script: &script, port: &port, clean: &clean };
        seen.extend(run.tests("ts1", &format!("^{}", STRICT.replace('.', "\\.")), PATIENCE[0])?);
        strict.still_runs()?;
    }
    // A busy machine makes some tests late: what differs is looked at once more, with more time.
    let expected = table::read("smbtorture")?;
    let differ =
        |test: &String| expected.get(test).map(|row| row.verdict) != seen.get(test).map(|row| row.verdict);
    let again = seen.keys().filter(|test| differ(test) && !test.starts_with(STRICT));
    let again: Vec<String> = again.cloned().collect();
    if !again.is_empty() && !asked.update {
        seen.extend(run.named(&again, PATIENCE[1])?);
        server.still_runs()?;
    }
    table::settle("smbtorture", &seen, asked.update)
}

struct Suite<'a> {
    script: &'a Path,
    port: &'a str,
    clean: &'a str,
}

impl Suite<'_> {
    /// Runs these tests, each on its share.
    fn named(&self, tests: &[String], seconds: &str) -> Result<Rows, String> {
        let mut seen = Rows::new();
        for share in ["ts1"].into_iter().chain(ELSEWHERE.map(|(_, share)| share)) {
            let here = tests.iter().filter(|test| share_of(test) == share);
            let names: Vec<String> = here.map(|test| test.replace('.', "\\.")).collect();
            if !names.is_empty() {
                seen.extend(self.tests(share, &format!("^({})$", names.join("|")), seconds)?);
            }
        }
        Ok(seen)
    }

    /// Runs the tests that a regular expression chooses.
    fn tests(&self, share: &str, filter: &str, seconds: &str) -> Result<Rows, String> {
        let results = folder("torture")?.join("results.tsv");
        if results.exists() {
            std::fs::remove_file(&results).map_err(|error| format!("{}: {error}", results.display()))?;
        }
        let status = Command::new("bash")
            .arg(self.script)
            .args(["127.0.0.1", self.port, share, "alice", PASSWORD])
            .arg(&results)
            .arg(filter)
            .env("TEST_TIMEOUT", seconds)
            .env("USER2", "bob")
            .env("PASS2", PASSWORD)
            // It leaves a folder for each test.
            .env("TORTURE_OPTS", format!("{OPTIONS} --basedir={}", fresh("torture-folders")?.display()))
            .env("CLEAN_CMD", self.clean)
            .env("SKIPLIST", "tools/judges/smbtorture-skip.tsv")
            .env("IPTABLES", if can_cut() { "1" } else { "" })
            .status()
            .map_err(|error| format!("{}: {error}", self.script.display()))?;
        let text =
            std::fs::read_to_string(&results).map_err(|error| format!("{}: {error}", results.display()))?;
        if !status.success() || text.is_empty() {
            return Err(format!("smbtorture did not run ({status})"));
        }
        // test, result, seconds, reason: the seconds are of this machine only.
        let without_seconds = |line: &str| {
            let fields: Vec<&str> = line.splitn(4, '\t').collect();
            match fields[..] {
                [test, verdict, _, reason] => Some(format!("{test}\t{verdict}\t{reason}\n")),
                _ => None,
            }
        };
        Ok(table::parse(&text.lines().filter_map(without_seconds).collect::<String>()))
    }
}

/// The share that a test is for.
fn share_of(test: &str) -> &'static str {
    ELSEWHERE.into_iter().find(|(begins, _)| test.starts_with(begins)).map_or("ts1", |(_, share)| share)
}

/// True when a connection can be cut for the tests that must: as root, with iptables.
fn can_cut() -> bool {
    crate::run::answers("/usr/sbin/iptables", &["-L", "-n"])
}
