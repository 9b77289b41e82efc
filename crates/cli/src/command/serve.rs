//! `pointsman serve`: a directory, or what a configuration names, for clients of SMB.
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::Output;
use clap::{Args, ValueEnum};
use daemon::logs;
use daemon::serve::{Bound, Credentials, DirectoryOptions, Plan, ServeError, hints, run as run_server};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Share a directory over SMB, with reparse points and links of every kind
///
/// With a directory alone, a user and a password are made for this run and printed with one line to type on each kind of
/// client. Sessions are signed and encrypted. With --config, shares, users, limits and all else come from a file
/// (docs/SERVE.md), which SIGHUP reads again without disconnecting anybody. SIGTERM and Ctrl-C end it.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ServeArgs {
    /// The directory to share
    #[arg(value_name = "DIR", required_unless_present = "config", conflicts_with = "config")]
    directory: Option<PathBuf>,
    /// A file of configuration instead
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Only check the configuration, or that the directory can be shared
    #[arg(long)]
    check: bool,
    /// What clients call the share. Default: the directory's name
    #[arg(long, conflicts_with = "config")]
    name: Option<String>,
    /// The user that is made
    #[arg(long, conflicts_with = "config", default_value = "pointsman")]
    user: String,
    /// Where to listen, as ADDRESS or ADDRESS:PORT; may be repeated. Default: port 4450 of every address
    #[arg(long, conflicts_with = "config", value_parser = listen_address)]
    listen: Vec<SocketAddr>,
    /// Let nothing be changed
    #[arg(long, conflicts_with = "config")]
    read_only: bool,
    /// Store links and special files as the host's own where they can be
    #[arg(long, conflicts_with = "config")]
    unix_links: bool,
    /// What is logged to stderr
    #[arg(long, value_enum, default_value_t)]
    log: LogLevel,
    /// How
    #[arg(long, value_enum, default_value_t)]
    log_format: LogForm,
}

const EXAMPLES: &str = "Examples:
  $ mkdir shared && pointsman serve shared --check
  $ mkdir other && printf '[share.files]\\npath = \"other\"\\n' > server.toml
  $ echo secret | pointsman user add ada --users users.toml
  $ (echo '[server]'; echo 'users = \"users.toml\"'; cat server.toml) > whole.toml
  $ pointsman serve --config whole.toml --check";

/// How much is logged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum LogLevel {
    /// What stops something from working
    Error,
    /// Also refused logons
    #[default]
    Warn,
    /// Also logons and reloads
    Info,
    /// Also what helps to find a fault
    Debug,
}

/// How a line of the log looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum LogForm {
    /// For people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let alone = || text.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, daemon::config::PORT));
    text.parse().ok().or_else(alone).ok_or_else(|| "write it ADDRESS or ADDRESS:PORT".to_owned())
}

pub(crate) fn run(args: &ServeArgs, out: &mut Output) -> Result<Exit, Fault> {
    start_logs(args);
    let (plan, credentials) = plan(args)?;
    if args.check {
        daemon::serve::check(&plan).map_err(|error| serve_fault(&error))?;
        let shares =
            plan.config.shares.iter().map(|share| format!("{} ({})", share.name, share.path.display()));
        out.line(format_args!("ok: {}", shares.collect::<Vec<_>>().join(", ")));
        return Ok(Exit::Ok);
    }
    let share = plan.config.shares.first().map(|share| share.name.clone()).unwrap_or_default();
    run_server(plan, |bound| announce(bound, &share, credentials.as_ref(), out))
        .map_err(|error| serve_fault(&error))?;
    Ok(Exit::Ok)
}

fn plan(args: &ServeArgs) -> Result<(Plan, Option<Credentials>), Fault> {
    if let Some(config) = &args.config {
        return Plan::from_file(config).map(|plan| (plan, None)).map_err(|error| serve_fault(&error));
    }
    let directory = args.directory.clone().unwrap_or_else(|| ".".into());
    let options = DirectoryOptions {
        name: args.name.clone(),
        user: args.user.clone(),
        listen: args.listen.clone(),
        read_only: args.read_only,
        unix_links: args.unix_links,
    };
    let (plan, credentials) =
        Plan::from_directory(&directory, &options).map_err(|error| serve_fault(&error))?;
    Ok((plan, Some(credentials)))
}

fn start_logs(args: &ServeArgs) {
    let level = match args.log {
        LogLevel::Error => logs::Level::Error,
        LogLevel::Warn => logs::Level::Warn,
        LogLevel::Info => logs::Level::Info,
        LogLevel::Debug => logs::Level::Debug,
    };
    let form = match args.log_format {
        LogForm::Text => logs::Form::Text,
        LogForm::Json => logs::Form::Json,
    };
    logs::start(form, level);
}

/// What the user copies.
fn announce(bound: &Bound, share: &str, credentials: Option<&Credentials>, out: &mut Output) {
    for address in &bound.listen {
        out.line(format_args!("listening at {address}"));
    }
    if let Some(metrics) = &bound.metrics {
        out.line(format_args!("metrics at http://{metrics}/metrics"));
    }
    if let (Some(credentials), Some(address)) = (credentials, bound.listen.first()) {
        out.line(format_args!("user {}, password {}", credentials.user, credentials.password));
        for hint in hints(&bound.host, *address, share, credentials) {
            out.line(format_args!("{}: {}", hint.client, hint.line));
        }
    }
    out.flush();
}

pub(super) fn serve_fault(error: &ServeError) -> Fault {
    const WHAT: &str = "serve";
    match error {
        ServeError::Config(_) => Fault::input(WHAT, format_args!("\n{error}")),
        ServeError::Users(error) => super::user::users_fault(error),
        ServeError::NoUsersPath => Fault::input(WHAT, error),
        ServeError::Keytab { path, why } => Fault::input("read the keytab", why)
            .at(path)
            .next("make one on the KDC: kadmin -q 'ktadd -k FILE cifs/NAME-OF-THIS-MACHINE'"),
        ServeError::Share { .. } | ServeError::Chance => {
            Fault::io(WHAT, &std::io::Error::other(error.to_string()))
        }
        ServeError::Directory { path, why } => Fault::io(WHAT, &std::io::Error::other(why.clone())).at(path),
        ServeError::Listen { address, error } => Fault::io("listen", error)
            .of(address.to_string())
            .next("choose another address or port: --listen ADDRESS:PORT"),
        ServeError::Io { what, error } => Fault::io(what, error),
    }
}
