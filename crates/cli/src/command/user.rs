//! `pointsman user`: the accounts of the server.
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::Output;
use clap::{Args, Subcommand};
use daemon::serve::default_users_path;
use daemon::users::{Users, UsersError};
use serde_json::json;
use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;

/// Add, list and remove the users of `pointsman serve`
///
/// Passwords are kept as NT hashes in a file that only its owner reads; a running server reads it again at SIGHUP.
#[derive(Args, Debug)]
#[command(subcommand_required = true, arg_required_else_help = true, after_help = EXAMPLES)]
pub(crate) struct UserArgs {
    #[command(subcommand)]
    what: UserCommand,
    /// The users file. Default: /etc/pointsman/users.toml for root, else ~/.config/pointsman/users.toml
    #[arg(long, global = true, value_name = "FILE")]
    users: Option<PathBuf>,
}

const EXAMPLES: &str = "Examples:
  $ echo secret | pointsman user add ada --users users.toml
  $ echo other | pointsman user password ada --users users.toml
  $ pointsman user list --users users.toml
  $ pointsman user remove ada --users users.toml";

#[derive(Subcommand, Debug)]
enum UserCommand {
    /// Add a user; the password is asked for, or is the first line of stdin
    Add {
        /// The name
        name: String,
        /// A member of Administrators: may set reparse points of every tag, whatever the share's policy
        #[arg(long)]
        admin: bool,
    },
    /// Give a user another password
    Password {
        /// The name
        name: String,
    },
    /// Remove a user
    Remove {
        /// The name
        name: String,
    },
    /// List the users
    List {
        /// JSON lines instead of text
        #[arg(long)]
        json: bool,
    },
}

impl UserArgs {
    /// True when errors, too, are to be JSON.
    pub(crate) fn wants_json(&self) -> bool {
        matches!(self.what, UserCommand::List { json: true })
    }
}

pub(crate) fn run(args: &UserArgs, out: &mut Output) -> Result<Exit, Fault> {
    let path = args.users.clone().or_else(default_users_path);
    let path = path.ok_or_else(|| {
        Fault::usage("find the users file", "neither XDG_CONFIG_HOME nor HOME is set")
            .next("say --users FILE")
    })?;
    let fault = |error: UsersError| users_fault(&error);
    match &args.what {
        UserCommand::Add { name, admin } => {
            let password = password(name)?;
            Users::change(&path, |users| users.add(name, &password, *admin)).map_err(fault)?;
        }
        UserCommand::Password { name } => {
            let password = password(name)?;
            Users::change(&path, |users| users.set_password(name, &password)).map_err(fault)?;
        }
        UserCommand::Remove { name } => {
            Users::change(&path, |users| users.remove(name)).map_err(fault)?;
        }
        UserCommand::List { json } => list(&Users::load(&path).map_err(fault)?, *json, out),
    }
    Ok(Exit::Ok)
}

fn list(users: &Users, in_json: bool, out: &mut Output) {
    for user in users.list() {
        let sid = user.sid.to_string();
        if in_json {
            out.json(&json!({
                "name": user.name, "sid": sid, "administrator": user.is_administrator, "disabled": user.is_disabled,
            }));
            continue;
        }
        let administrator = if user.is_administrator { ", administrator" } else { "" };
        let disabled = if user.is_disabled { ", disabled" } else { "" };
        out.line(format_args!("{} ({sid}{administrator}{disabled})", user.name));
    }
}

/// Asked for twice at a terminal; one line of a pipe.
fn password(name: &str) -> Result<String, Fault> {
    const WHAT: &str = "read the password";
    let unreadable = |error: std::io::Error| Fault::io(WHAT, &error);
    let password = if std::io::stdin().is_terminal() {
        let first = rpassword::prompt_password(format!("Password of {name}: ")).map_err(unreadable)?;
        let again = rpassword::prompt_password("Once more: ").map_err(unreadable)?;
        if first != again {
            return Err(Fault::input(WHAT, "the two are not the same"));
        }
        first
    } else {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(unreadable)?;
        line.trim_end_matches(['\n', '\r']).to_owned()
    };
    match password.is_empty() {
        true => Err(Fault::input(WHAT, "an empty password lets everybody in")),
        false => Ok(password),
    }
}

pub(super) fn users_fault(error: &UsersError) -> Fault {
    const WHAT: &str = "use the users file";
    match error {
        UsersError::Io { what, path, error } => Fault::io(what, error).at(path),
        UsersError::Exposed { .. } | UsersError::Foreign { .. } | UsersError::Missing { .. } => {
            Fault::io(WHAT, &std::io::Error::other(error.to_string()))
        }
        UsersError::Change(error) => Fault::input("change the users", error),
        UsersError::Malformed(_) | UsersError::Hash { .. } => Fault::input(WHAT, format_args!("\n{error}")),
        UsersError::Chance | UsersError::Encode(_) => Fault::input(WHAT, error),
    }
}
