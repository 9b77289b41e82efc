//! Who asks a server, and how the connection to it must be: from the options, the environment, or the terminal.
use crate::fault::Fault;
use crate::fault_of::remote_fault;
use clap::Args;
use places::Shares;
use remote::{Address, Evaluation, Login, LoginError, Policy, Sealing, Share};
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

/// How `smb://` places are reached.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Places on a server: smb://[domain;][user@]host[:port]/share/path")]
pub(crate) struct RemoteArgs {
    /// File whose first line is the password. Else POINTSMAN_PASSWORD, POINTSMAN_PASSWORD_FILE, or the terminal; with no
    /// user in the address, the Kerberos tickets of KRB5CCNAME
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// Which links are followed, by where they are and where they lead, as fsutil writes it. Default: as Windows,
    /// L2L:1,L2R:1,R2L:0,R2R:0
    #[arg(long, value_name = "CLASS:0|1,...")]
    pub(crate) symlink_evaluation: Option<Evaluation>,
    /// When messages are encrypted; they are signed in any case
    #[arg(long, value_enum, value_name = "WHEN")]
    pub(crate) seal: Option<Seal>,
    /// Talk to servers that know no dialect as new as 3.1.1
    #[arg(long)]
    pub(crate) old_dialects: bool,
}

/// When messages are encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Seal {
    /// If the server can (default)
    IfOffered,
    /// Always: a server that cannot is refused
    Required,
    /// Only if the server demands it
    IfDemanded,
}

/// The shares that the paths of one command lie on.
pub(crate) struct Remotes {
    shares: Shares,
    args: RemoteArgs,
    /// What was typed, by whom it is for: it is asked for once.
    typed: Vec<(Address, Login)>,
}

impl Remotes {
    pub(crate) fn new(args: &RemoteArgs) -> Remotes {
        Remotes { shares: Shares::default(), args: args.clone(), typed: Vec::new() }
    }

    /// Which links are followed.
    pub(crate) fn evaluation(&self) -> Evaluation {
        self.args.symlink_evaluation.unwrap_or_default()
    }

    /// The share of an address, connected.
    pub(crate) fn share(&mut self, address: &Address) -> Result<Arc<Share>, Fault> {
        if let Some(share) = self.shares.known(address) {
            return Ok(share);
        }
        let login = self.login(address)?;
        let policy = Policy {
            sealing: match self.args.seal {
                None | Some(Seal::IfOffered) => Sealing::IfOffered,
                Some(Seal::Required) => Sealing::Required,
                Some(Seal::IfDemanded) => Sealing::IfDemanded,
            },
            old_dialects: self.args.old_dialects,
            ..Policy::default()
        };
        self.shares
            .connect(address, &login, policy)
            .map_err(|error| remote_fault("connect to the share", &error))
    }

    fn login(&mut self, address: &Address) -> Result<Login, Fault> {
        const WHAT: &str = "log in";
        let variable = |name: &str| -> Option<OsString> {
            match (name, &self.args.password_file) {
                // An option goes before the environment.
                ("POINTSMAN_PASSWORD", Some(_)) => None,
                ("POINTSMAN_PASSWORD_FILE", Some(file)) => Some(file.clone().into_os_string()),
                _ => std::env::var_os(name),
            }
        };
        match Login::from_environment(address, variable) {
            Ok(login) => Ok(login),
            Err(LoginError::NoPassword { user }) if std::io::stdin().is_terminal() => {
                self.asked(address, &user).map_err(|error| Fault::io(WHAT, &error))
            }
            Err(LoginError::File { path, error }) => Err(Fault::io("read the password", &error).at(&path)),
            Err(error) => Err(Fault::usage(WHAT, &error).next(
                "give --password-file FILE, or set POINTSMAN_PASSWORD, or KRB5CCNAME with no user named",
            )),
        }
    }

    /// Asks at the terminal; once for all shares of a server.
    fn asked(&mut self, address: &Address, user: &str) -> std::io::Result<Login> {
        let same = |known: &Address| {
            (&known.host, known.port, &known.user, &known.domain)
                == (&address.host, address.port, &address.user, &address.domain)
        };
        if let Some((_, login)) = self.typed.iter().find(|(known, _)| same(known)) {
            return Ok(login.clone());
        }
        let password = rpassword::prompt_password(format!("Password of {user} on {}: ", address.host))?;
        let login = Login::with_password(address, user, password);
        self.typed.push((address.clone(), login.clone()));
        Ok(login)
    }
}
