//! The C programs of libpointsman's tests as Windows programs, under Debian's Wine: which facts hold there too.
use super::table::{self, Row, Rows, Verdict};
use super::{Asked, fresh};
use crate::packages;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// What else the judge needs: nobody who only tests wants Wine.
const PACKAGES: &[&str] = &["gcc-mingw-w64-x86-64", "wine", "wine64"];
const SOURCES: &str = "crates/capi/tests/c";
/// The programs that are no Windows programs, and those that need a share, an image or a fault.
const ELSEWHERE: &[&str] = &["threads", "share", "unc", "image_drives", "wrong", "u_strings", "plain_names"];
/// Seconds for one program: one that waits for what Wine never does ends then.
const PATIENCE: &str = "60";
/// What Wine puts on `C:` itself.
const ITS_OWN: &[&str] = &["windows", "users", "Program Files", "Program Files (x86)", "ProgramData"];

pub(super) fn judge(asked: &Asked) -> Result<(), String> {
    packages::install_these(PACKAGES)?;
    let folder = fresh("wine")?;
    let prefix = folder.join("prefix");
    run(wine(&prefix, "wineboot").arg("-i"))?;
    let mut seen = Rows::new();
    for name in programs()? {
        let program = folder.join(format!("{name}.exe"));
        run(Command::new("x86_64-w64-mingw32-gcc")
            .args(["-std=c11", "-D_WIN32_WINNT=0x0A00", "-DTELL_FACTS"])
            .arg(format!("{SOURCES}/{name}.c"))
            .arg("-o")
            .arg(&program)
            .arg("-lntdll"))?;
        empty(&prefix)?;
        // Each fact is flushed: none is lost when a program is stopped.
        let mut command = wine(&prefix, "timeout");
        let output = command.args([PATIENCE, "wine"]).arg(&program).output();
        let output = output.map_err(|error| format!("wine: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        text.lines().for_each(|line| note(&mut seen, &name, line));
        let ended = output.status.code() != Some(124);
        note(&mut seen, &name, if ended { "it ends\tpass" } else { "it ends\tfail\tit waits for ever" });
    }
    let _stopped = wine(&prefix, "wineserver").arg("-k").status();
    table::settle_all("wine-capi", &seen, asked.update)
}

/// Remembers a fact. One that is stated several times holds if it always does.
fn note(seen: &mut Rows, program: &str, line: &str) {
    let line = line.trim_end_matches('\r');
    // `page` prints what it prints on Windows: a line is a fact.
    let rows = if line.contains('\t') {
        table::parse(line)
    } else {
        let Some((what, number)) = line.rsplit_once(": ") else { return };
        let wanted = PAGE.lines().any(|wanted| wanted == line);
        let verdict = if wanted { Verdict::Pass } else { Verdict::Fail };
        let reason = if wanted { String::new() } else { format!("gives {number}") };
        if program == "page" { Rows::from([(what.to_owned(), Row { verdict, reason })]) } else { Rows::new() }
    };
    for (fact, row) in rows {
        let words: Vec<&str> = fact.split_whitespace().collect();
        let name = format!("{program}: {}", words.join(" "));
        match seen.get(&name) {
            Some(known) if known.verdict == Verdict::Fail => {}
            _ => drop(seen.insert(name, row)),
        }
    }
}

/// What `page` prints on Windows.
const PAGE: &str = "a mount point on a directory: 0\nno input: 1784\nan output buffer: 87\na byte too few: 4392\n\
    another tag than is there: 4394\na mount point on a file: 267\na directory with entries: 145\n";

/// The programs' names, in order.
fn programs() -> Result<Vec<String>, String> {
    let told = |error: std::io::Error| format!("{SOURCES}: {error}");
    let mut names = Vec::new();
    for entry in fs::read_dir(SOURCES).map_err(told)? {
        let path = entry.map_err(told)?.path();
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.extension().is_some_and(|extension| extension == "c") && !ELSEWHERE.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// `C:` as it was at first, and an empty `D:`.
fn empty(prefix: &Path) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{}: {error}", prefix.display());
    for entry in fs::read_dir(prefix.join("drive_c")).map_err(told)? {
        let entry = entry.map_err(told)?;
        if ITS_OWN.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        let kind = entry.file_type().map_err(told)?;
        let removed =
            if kind.is_dir() { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
        removed.map_err(told)?;
    }
    let second = prefix.join("drive_d");
    let _none_before = fs::remove_dir_all(&second);
    fs::create_dir(&second).map_err(told)?;
    let drive = prefix.join("dosdevices/d:");
    let _none_before = fs::remove_file(&drive);
    symlink(&second, &drive).map_err(told)
}

fn wine(prefix: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("WINEPREFIX", prefix).env("WINEDEBUG", "-all").env_remove("DISPLAY");
    command
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_that_once_does_not_hold_does_not_hold() {
        let mut seen = Rows::new();
        for line in ["main: a  fact\tpass\t\r", "main: a fact\tfail\tgives 5\r", "main: a fact\tpass\t"] {
            note(&mut seen, "x", line);
        }
        assert_eq!(seen.len(), 1);
        assert_eq!(seen["x: main: a fact"].verdict, Verdict::Fail);
    }

    #[test]
    fn a_line_of_the_page_is_a_fact() {
        let mut seen = Rows::new();
        note(&mut seen, "page", "no input: 1784");
        note(&mut seen, "page", "a byte too few: 50\r");
        assert_eq!(seen["page: no input"].verdict, Verdict::Pass);
        assert_eq!(seen["page: a byte too few"].reason, "gives 50");
    }
}
