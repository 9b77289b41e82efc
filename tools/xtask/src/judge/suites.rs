//! Suites that clients in Python test themselves with: smbprotocol's and impacket's, pointed at a server of ours.
use super::table::{self, Rows};
use super::{Asked, folder, fresh, python, server};
use crate::packages;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A user that is an administrator, since some tests set what only those may.
pub(super) const USER: &str = "alice";
pub(super) const PASSWORD: &str = "Passw0rd!";
/// Some tests connect to port 445 whatever they are told: an address of this machine that nobody else listens on.
pub(super) const ADDRESS: &str = "127.0.77.1";

/// smbprotocol's files with tests that ask a server.
const SMBPROTOCOL: &[&str] = &[
    "change_notify",
    "connection",
    "open",
    "session",
    "smbclient_os",
    "smbclient_path",
    "smbclient_shutil",
    "tree",
];
/// Of smbprotocol's: what a busy machine decides.
const HASTY: &str = "test_write_large\tit asks for more than its credits where a busy machine gives them late\n\
     test_copy_from_local\\[\ttwo files made within a tick of the host's clock have one time, which it wants to differ";
/// Of impacket's: what stands for nothing here.
const SKIP: &str =
    "SMB1Tests\tSMB1 is not served\nKerberos\tno realm: tickets are judged in crates/cli/tests/serve";
/// The NT hash of PASSWORD.
const HASHES: &str = "aad3b435b51404eeaad3b435b51404ee:fc525c9683e8fe067095ba2ddc971889";
/// impacket's for the services that are served here: files and shares.
const IMPACKET: &[&str] = &["tests/SMB_RPC/test_smb.py", "tests/dcerpc/test_srvs.py"];

pub(super) fn judge(asked: &Asked) -> Result<(), String> {
    packages::install()?;
    let interpreter = python::suites()?;
    let home = fresh("suites")?;
    let mut server = server_of(&home, &["share", "C$", "dfs"])?;
    let rows = home.join("rows.tsv");
    let filter = asked.filter.as_deref();
    let from = python::source("smbprotocol")?;
    let mut command = pytest(&interpreter, &from, &rows, "smbprotocol ", filter);
    command
        .env("SKIP", HASTY)
        .args(SMBPROTOCOL.iter().map(|name| format!("tests/test_{name}.py")))
        .envs([("ONLY", "smb_real smb_share smb_dfs_share"), ("SMB_FORCE", "1")])
        .envs([("SMB_SERVER", ADDRESS), ("SMB_PORT", "445"), ("SMB_SHARE", "share")])
        .envs([("SMB_USER", USER), ("SMB_PASSWORD", PASSWORD)]);
    run(&mut command)?;
    server.still_runs()?;
    let from = python::source("impacket")?;
    let settings = home.join("impacket.cfg");
    let text = format!(
        "[TCPTransport]\nservername = POINTSMAN\nmachine = {ADDRESS}\nusername = {USER}\npassword = {PASSWORD}\nhashes = {HASHES}\n\
         aesKey256 =\naesKey128 =\ndomain = POINTSMAN\nmachineuser =\nmachineuserhashes =\n"
    );
    std::fs::write(&settings, text).map_err(|error| format!("{}: {error}", settings.display()))?;
    let mut command = pytest(&interpreter, &from, &rows, "impacket ", filter);
    command.env("SKIP", SKIP).args(IMPACKET).args(["-m", "remote"]).arg("--remote-config").arg(&settings);
    run(&mut command)?;
    server.still_runs()?;
    let seen = read(&rows)?;
    match filter {
        Some(_) => table::settle("suites", &seen, asked.update),
        None => table::settle_all("suites", &seen, asked.update),
    }
}

/// A server at port 445 of an address of this machine, with these shares and the encrypted twin of the first.
pub(super) fn server_of(home: &Path, shares: &[&str]) -> Result<server::Server, String> {
    let pointsman = server::built()?;
    let users = home.join("users.toml");
    server::add_user(&pointsman, &users, USER, PASSWORD, &["--admin"])?;
    let told = |error: std::io::Error| format!("{}: {error}", home.display());
    let mut text = format!(
        "[server]\nlisten = [\"{ADDRESS}:445\"]\nname = \"POINTSMAN\"\nusers = {users:?}\nencryption = \"offered\"\nsigning = \"offered\"\n\
         status_socket = {:?}\nstate_directory = {home:?}\n[limits.logon]\nfree_failures = 100000\n",
        home.join("server.sock"),
    );
    let twin = shares.first().map(|first| format!("{first}-encrypted"));
    for name in shares.iter().map(|name| (*name).to_owned()).chain(twin) {
        let place = home.join(&name);
        std::fs::create_dir(&place).map_err(told)?;
        let encrypts = name.ends_with("-encrypted");
        text.push_str(&format!(
            "[share.{name:?}]\npath = {place:?}\ntags = \"all\"\nshort_names = true\nencrypt = {encrypts}\n"
        ));
    }
    let config = home.join("server.toml");
    std::fs::write(&config, text).map_err(told)?;
    server::start(&pointsman, &["--config", &config.to_string_lossy()])
}

/// pytest in a suite's folder, with our plugin.
fn pytest(interpreter: &Path, from: &Path, rows: &Path, prefix: &str, filter: Option<&str>) -> Command {
    let plugins = PathBuf::from("tools/judges").canonicalize().unwrap_or_default();
    let mut command = Command::new(interpreter);
    command
        .args(["-m", "pytest", "-q", "-p", "pytest_rows", "-p", "no:cacheprovider", "--no-header", "--tb=no"])
        .args(filter.iter().flat_map(|filter| ["-k", *filter]))
        .current_dir(from)
        .env("PYTHONPATH", plugins)
        .env("ROWS", rows)
        .env("ROWS_PREFIX", prefix);
    command
}

/// Runs a suite: that tests of it fail is no failure of the run.
fn run(command: &mut Command) -> Result<(), String> {
    println!("== {command:?}");
    let status = command.stdin(Stdio::null()).status().map_err(|error| format!("pytest: {error}"))?;
    // 0: all passed, 1: some failed, 5: none was chosen.
    match status.code() {
        Some(0 | 1 | 5) => Ok(()),
        _ => Err(format!("pytest ended early ({status})")),
    }
}

fn read(rows: &Path) -> Result<Rows, String> {
    let text = std::fs::read_to_string(rows).map_err(|error| format!("{}: {error}", rows.display()))?;
    let seen = table::parse(&text);
    if seen.is_empty() { Err("no test was run".to_owned()) } else { Ok(seen) }
}

/// pike's own tests.
pub(super) fn pike(asked: &Asked) -> Result<(), String> {
    packages::install()?;
    let interpreter = python::suites()?;
    let home = fresh("pike")?;
    let mut server = server_of(&home, &["share"])?;
    let output = Command::new(interpreter)
        .arg("tools/judges/pike_rows.py")
        .args(asked.filter.iter())
        .envs([("PIKE_SERVER", ADDRESS), ("PIKE_SHARE", "share")])
        .env("PIKE_CREDS", format!("POINTSMAN\\{USER}%{PASSWORD}"))
        .stderr(
            std::fs::File::create(folder("pike")?.join("told")).map_err(|error| format!("told: {error}"))?,
        )
        .output()
        .map_err(|error| format!("pike: {error}"))?;
    server.still_runs()?;
    let seen = table::parse(&String::from_utf8_lossy(&output.stdout));
    if !output.status.success() || seen.is_empty() {
        return Err(format!("pike ended early ({}); target/judges/pike/told has its words", output.status));
    }
    match asked.filter {
        Some(_) => table::settle("pike", &seen, asked.update),
        None => table::settle_all("pike", &seen, asked.update),
    }
}
