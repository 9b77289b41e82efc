//! What to type on a client.
use super::Credentials;
use crate::config::PORT;
use std::net::SocketAddr;

/// One line for one kind of client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hint {
    /// Which.
    pub client: &'static str,
    /// What to type there.
    pub line: String,
}

/// One line each for Linux, macOS, Windows and smbclient. `host` is what the machine is called where `address` says nothing.
pub fn hints(host: &str, address: SocketAddr, share: &str, credentials: &Credentials) -> Vec<Hint> {
    let host = match address.ip() {
        ip if ip.is_unspecified() => host.to_owned(),
        ip => ip.to_string(),
    };
    // In the names of Windows and in URLs the colons of IPv6 mean something else.
    let (bracketed, windows) = match host.contains(':') {
        true => (format!("[{host}]"), format!("{}.ipv6-literal.net", host.replace(':', "-"))),
        false => (host.clone(), host.clone()),
    };
    let (user, password, port) = (&credentials.user, &credentials.password, address.port());
    let windows_port = if port == 445 { String::new() } else { format!(" /TCPPORT:{port}") };
    let hint = |client, line| Hint { client, line };
    vec![
        hint(
            "Linux",
            format!(
                "sudo mount -t cifs //{host}/{share} /mnt -o port={port},username={user},password={password},vers=3.1.1,seal"
            ),
        ),
        hint(
            "macOS",
            format!(
                "mkdir -p ~/{share} && mount_smbfs //{user}:{password}@{bracketed}:{port}/{share} ~/{share}"
            ),
        ),
        hint(
            "Windows 11 24H2",
            format!("net use * \\\\{windows}\\{share} {password} /user:{user}{windows_port}"),
        ),
        hint(
            "smbclient",
            format!("smbclient //{host}/{share} -p {port} -U {user}%{password} --client-protection=encrypt"),
        ),
    ]
}

const _: () = assert!(PORT > 1024, "a port below needs root");
