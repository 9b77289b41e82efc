//! Clients from PyPI and Debian, and the local command, on a share that `pointsman serve DIR` made.
use super::{Asked, fresh, python, server, table};
use crate::packages;
use std::process::{Command, Stdio};

pub(super) fn judge(asked: &Asked) -> Result<(), String> {
    packages::install()?;
    let python = python::interpreter()?;
    let pointsman = server::built()?;
    let shared = fresh("clients")?;
    let place = shared.to_string_lossy();
    let mut server = server::start(&pointsman, &[&place, "--name", "share", "--listen", "127.0.0.1:0"])?;
    let output = Command::new(python)
        .arg("tools/judges/clients.py")
        .args([&server.port, "share", "pointsman", &server.password])
        .args([&shared, &pointsman])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("the clients: {error}"))?;
    server.still_runs()?;
    let seen = table::parse(&String::from_utf8_lossy(&output.stdout));
    if !output.status.success() || seen.is_empty() {
        return Err(format!("the clients ended early ({})", output.status));
    }
    table::settle_all("clients", &seen, asked.update)
}
