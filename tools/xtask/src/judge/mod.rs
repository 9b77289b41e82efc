//! Judges that nobody here wrote: clients and test suites of others against a server of ours.
use std::path::{Path, PathBuf};

mod abuse;
mod clients;
mod disk;
mod kernel;
mod ntfs;
mod python;
mod sanitizers;
mod scoreboard;
mod server;
mod smbtorture;
mod soak;
mod suites;
mod table;
mod wine;
mod wpts;

pub(crate) const USAGE: &str = "\
usage: cargo xtask judge NAME

  clients      smbprotocol, impacket, smbclient and the local command on one share
  kernel [RELEASE]     the clients of two Linux kernels, under qemu: mounts with every form of link they know
  ntfs         NTFS images: ntfsck, dissect.ntfs, libfsntfs, a kernel's ntfs3, 300,000 files; compares with no table
  smbtorture [REGEX]   Samba's smbtorture, each smb2 test alone; REGEX chooses tests
  pike [REGEX]         pike's own tests; ten minutes, not in CI
  suites [WORDS]       smbprotocol's and impacket's own tests; WORDS choose as `pytest -k` does; some minutes, not in CI
  sanitizers   libpointsman under ThreadSanitizer, AddressSanitizer and a valgrind of Debian trixie; installs a
               nightly toolchain with rust-src by rustup; compares with no table
  soak [--minutes N]   four kinds of client and our own at once, for an hour: no growth, no error; compares with no table
  abuse [--brief]      clients that mean harm, and one beside them that does not; compares with no table
  wine         the C programs of crates/capi/tests, compiled by mingw-w64, under Debian's Wine
  scoreboard   docs/SCOREBOARD.md from the tables, without a run

Each compares what it saw with its table in conformance/ and fails where they differ; --update writes the table instead.
";

/// What a judge was asked.
pub(crate) struct Asked {
    /// The table is written, not compared.
    pub(crate) update: bool,
    /// Which tests, where there is a choice.
    pub(crate) filter: Option<String>,
}

/// Runs one judge.
pub(crate) fn judge(words: &[String]) -> Result<(), String> {
    let update = words.iter().any(|word| word == "--update");
    let mut plain = words.iter().filter(|word| !word.starts_with("--"));
    let name = plain.next().map_or("", String::as_str);
    let asked = Asked { update, filter: plain.next().cloned() };
    match name {
        "clients" => clients::judge(&asked),
        "kernel" => kernel::judge(&asked),
        "ntfs" => ntfs::judge(),
        "smbtorture" => smbtorture::judge(&asked),
        "pike" => suites::pike(&asked),
        "suites" => suites::judge(&asked),
        "sanitizers" => sanitizers::judge(),
        "soak" => soak::judge(words),
        "abuse" => abuse::judge(words),
        "wine" => wine::judge(&asked),
        "scoreboard" => wpts::check().and_then(|()| scoreboard::write()),
        _ => {
            print!("{USAGE}");
            Err(format!("there is no judge {name:?}"))
        }
    }
}

/// A valgrind that knows openat2, and the folder of its tools; `None`, with the reason printed, where there is none.
pub(crate) fn valgrind() -> Option<(PathBuf, PathBuf)> {
    sanitizers::valgrind().map_err(|why| println!("== skip: valgrind: {why}")).ok()
}

/// Fails when docs/SCOREBOARD.md is not what the tables say.
pub(crate) fn scoreboard() -> Result<(), String> {
    wpts::check()?;
    scoreboard::check()
}

/// The judges that take a minute or two, where what they need is at hand.
pub(crate) fn in_ci() -> Result<(), String> {
    ntfs::brief()?;
    let asked = Asked { update: false, filter: None };
    let can = |programs: &[&str]| programs.iter().all(|program| crate::run::answers(program, &["--version"]));
    match can(&["python3", "smbclient"]) {
        true => clients::judge(&asked)?,
        false => skipped("clients", "python3 or smbclient is not installed")?,
    }
    match (can(&["python3", "qemu-system-x86_64", "dpkg-deb"]), tool("kclient.sh")) {
        (false, _) => skipped("kernel", "python3, qemu-system-x86_64 or dpkg-deb is not installed"),
        (_, None) => {
            skipped("kernel", "there is no ../shared/tools/kclient.sh; POINTSMAN_TOOLS names its folder")
        }
        (true, Some(_)) => kernel::judge_newest(),
    }
}

fn skipped(name: &str, why: &str) -> Result<(), String> {
    println!("== skip: judge {name}: {why}");
    Ok(())
}

/// Where judges keep what they download and make.
fn folder(name: &str) -> Result<PathBuf, String> {
    let folder = Path::new("target/judges").join(name);
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))
}

/// A fresh empty folder to share: what an earlier run left is removed first.
fn fresh(name: &str) -> Result<PathBuf, String> {
    let path = Path::new("target/judges").join(name);
    if path.exists() {
        std::fs::remove_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    folder(name)
}

/// A script that stands beside the project, in `../shared/tools` or where POINTSMAN_TOOLS says.
fn tool(name: &str) -> Option<PathBuf> {
    let told = std::env::var_os("POINTSMAN_TOOLS").map(PathBuf::from);
    let beside = [told, Some(PathBuf::from("../shared/tools")), Some(PathBuf::from("/work/shared/tools"))];
    beside.into_iter().flatten().map(|folder| folder.join(name)).find(|path| path.is_file())
}
