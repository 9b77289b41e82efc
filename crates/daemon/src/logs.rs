//! Logs: structured, on stderr, where systemd and containers look for them.
use std::io::IsTerminal;
use tracing::level_filters::LevelFilter;

/// How a line looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Form {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Which lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Level {
    /// What stops something from working.
    Error,
    /// What somebody should look at, such as refused logons.
    Warn,
    /// Logons, connections to shares, reloads.
    #[default]
    Info,
    /// What helps to find a fault.
    Debug,
}

/// From now on, whatever the process logs goes to stderr. A second call changes nothing.
pub fn start(form: Form, level: Level) {
    let level = match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
    };
    let builder = tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr);
    // Fails only when something else has been set up before, which then stays.
    let _ = match form {
        Form::Text => builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init(),
        Form::Json => builder.json().flatten_event(true).try_init(),
    };
}
