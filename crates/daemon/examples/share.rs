//! Shares a directory with the users of the tests, for a judge to talk to:
//! `share DIRECTORY PORT [encrypt] [sign] [unix-links] [read-only]`.
use std::process::ExitCode;

#[path = "../tests/serving/mod.rs"]
mod serving;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, port, wishes @ ..] = &arguments[..] else { return ExitCode::from(2) };
    let Ok(port) = port.parse() else { return ExitCode::from(2) };
    let has = |wish: &str| wishes.iter().any(|word| word == wish);
    let wish = serving::Wish {
        encrypt: has("encrypt"),
        require_signing: has("sign"),
        unix_links: has("unix-links"),
        read_only: has("read-only"),
        ..serving::Wish::default()
    };
    let _running = serving::start(directory.as_ref(), port, &wish);
    loop {
        std::thread::park();
    }
}
