//! Clients that mean harm: thousands half open, slow ones, one that never answers, one that asks for the largest of everything.
use super::{fresh, server};
use crate::run::Run;
use std::process::Command;

/// `judge abuse [--brief]`: `bench abuse` in release, which prints figures and fails when one is beyond what was promised.
pub(super) fn judge(words: &[String]) -> Result<(), String> {
    let pointsman = server::built_release(&["pointsman-cli", "pointsman-bench"])?;
    let mut run = Run::command("abuse", Command::new(pointsman.with_file_name("bench")))
        .args(&["abuse", "--folder"])
        .args(&[fresh("abuse")?]);
    if words.iter().any(|word| word == "--brief") {
        run = run.args(&["--quick"]);
    }
    run.go()
}
