//! Logons by ticket: a realm of MIT's KDC made for the test, and smbclient with a ticket of it.
use super::{Scratch, Server, has_smbclient};
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const REALM: &str = "POINTSMAN.TEST";
const HOST: &str = "files.pointsman.test";

/// A realm whose KDC ends with the test.
struct Kdc<'a> {
    scratch: &'a Scratch,
    child: Child,
    port: u16,
}

impl Drop for Kdc<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command with this realm as its only one; packages of Debian put a KDC's commands where only root looks.
fn command(scratch: &Scratch, program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env("PATH", format!("/usr/sbin:/sbin:{}", std::env::var("PATH").unwrap_or_default()))
        .env("KRB5_CONFIG", scratch.join("krb5.conf"))
        .env("KRB5_KDC_PROFILE", scratch.join("kdc.conf"))
        .env("KRB5CCNAME", format!("FILE:{}", scratch.join("ccache").display()));
    command
}

fn ok(command: &mut Command) -> String {
    let output: Output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{command:?}: {said}");
    said
}

impl<'a> Kdc<'a> {
    /// A realm with `ada`, password `secret`, `stranger`, password `secret`, and the server's keys in `keytab`.
    fn start(scratch: &'a Scratch) -> Option<Kdc<'a>> {
        let has = |program: &str| command(scratch, program).stdin(Stdio::null()).output().is_ok();
        if !has("krb5kdc") || !has("kinit") {
            println!("skipped: no krb5-kdc and krb5-user here");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port();
        let here = scratch.path().display();
        fs::write(
            scratch.join("krb5.conf"),
            format!(
                "[libdefaults]\ndefault_realm = {REALM}\ndns_lookup_kdc = false\ndns_lookup_realm = false\nrdns = false\n\
                 dns_canonicalize_hostname = false\nudp_preference_limit = 1\n\
                 [realms]\n{REALM} = {{\nkdc = 127.0.0.1:{port}\n}}\n[domain_realm]\n.pointsman.test = {REALM}\n"
            ),
        )
        .expect("krb5.conf");
        fs::write(
            scratch.join("kdc.conf"),
            format!(
                "[kdcdefaults]\nkdc_ports = {port}\nkdc_tcp_ports = {port}\n[realms]\n{REALM} = {{\n\
                 database_name = {here}/principal\nkey_stash_file = {here}/stash\nacl_file = {here}/acl\n\
                 supported_enctypes = aes256-cts-hmac-sha1-96:normal aes128-cts-hmac-sha1-96:normal\n}}\n"
            ),
        )
        .expect("kdc.conf");
        ok(command(scratch, "kdb5_util").args(["create", "-s", "-P", "master"]));
        for query in [
            "addprinc -pw secret ada".to_owned(),
            "addprinc -pw secret stranger".to_owned(),
            format!("addprinc -randkey cifs/{HOST}"),
            format!("ktadd -k {here}/keytab cifs/{HOST}"),
            "addprinc -randkey cifs/localhost".to_owned(),
            format!("ktadd -k {here}/keytab cifs/localhost"),
        ] {
            ok(command(scratch, "kadmin.local").args(["-q", &query]));
        }
        let child = command(scratch, "krb5kdc")
            .args(["-n"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("krb5kdc");
        let kdc = Kdc { scratch, child, port };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(10), "the KDC does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(kdc)
    }

    fn ticket(&self, principal: &str) {
        self.ticket_for(principal, "10h");
    }

    fn ticket_for(&self, principal: &str, lifetime: &str) {
        let echo = format!("echo secret | kinit -l {lifetime} {principal}");
        ok(command(self.scratch, "sh").args(["-c", &echo]));
    }

    /// What smbclient says, with a ticket and nothing else.
    fn smbclient(&self, server: &Server, what: &str, more: &[&str]) -> String {
        let output = command(self.scratch, "timeout")
            .args([
                "60",
                "smbclient",
                &format!("//{HOST}/data"),
                "-I",
                "127.0.0.1",
                "--use-kerberos=required",
            ])
            .args(["-p", &server.address.port().to_string(), "-c", what])
            .args(more)
            .current_dir(self.scratch.path())
            .output()
            .expect("smbclient");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }
}

#[test]
fn a_ticket_of_the_realm_logs_on_and_its_key_signs_and_seals() {
    let scratch = Scratch::new();
    let Some(kdc) = Kdc::start(&scratch).filter(|_| has_smbclient()) else { return };
    scratch.dir("data");
    scratch.file("data/hello", "hello\n");
    let config = "keytab = \"keytab\"\nencryption = \"offered\"\n[share.data]\npath = \"data\"";
    let server = Server::configured(&scratch, config, "listening");
    kdc.ticket("ada");
    for (number, more) in [
        &["--client-protection=sign"][..],
        &["--client-protection=encrypt"],
        &["--client-protection=encrypt", "--option=client smb3 encryption algorithms=AES-256-GCM"],
        &["--client-protection=encrypt", "--option=client smb3 encryption algorithms=AES-256-CCM"],
        &["--client-protection=sign", "-m", "SMB2_02"],
        &["--client-protection=encrypt", "-m", "SMB3_00"],
    ]
    .into_iter()
    .enumerate()
    {
        let said = kdc.smbclient(&server, &format!("get hello copy{number}; mkdir made{number}"), more);
        let copy = fs::read_to_string(scratch.join(&format!("copy{number}"))).unwrap_or_default();
        assert_eq!(copy, "hello\n", "{more:?}: {said}");
        assert!(scratch.join(&format!("data/made{number}")).is_dir(), "{said}");
    }
    let status = scratch.run(&["status", "--json", "--config", "server.toml"]);
    assert!(!format!("{status:?}").contains("ada@"), "the account is named as the users file has it");
    // A principal of the realm that has no account here.
    kdc.ticket("stranger");
    let said = kdc.smbclient(&server, "ls", &["--client-protection=sign"]);
    assert!(said.contains("NT_STATUS_LOGON_FAILURE"), "{said}");
}

/// The client's half: a cache that `kinit` made, with a ticket for tickets in it and nothing else.
#[test]
fn the_command_reaches_a_share_with_the_tickets_of_a_cache() {
    let scratch = Scratch::new();
    let Some(kdc) = Kdc::start(&scratch) else { return };
    scratch.dir("data");
    let config = "keytab = \"keytab\"\n[share.data]\npath = \"data\"";
    let server = Server::configured(&scratch, config, "listening");
    let place = format!("smb://localhost:{}/data", server.address.port());
    let asked = |words: &[&str]| {
        let mut command = command(&scratch, env!("CARGO_BIN_EXE_pointsman"));
        command.args(words).env("POINTSMAN_KDC", format!("127.0.0.1:{}", kdc.port));
        command.env_remove("POINTSMAN_PASSWORD").env_remove("POINTSMAN_PASSWORD_FILE");
        command.stdin(Stdio::null()).output().expect("the command runs")
    };
    let said = |output: &Output| {
        String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
    };
    kdc.ticket("ada");
    let made = asked(&["set", "--create", "dir", "--junction", r"C:\Tools", &format!("{place}/tools")]);
    assert!(made.status.success(), "{}", said(&made));
    let got = asked(&["get", &format!("{place}/tools")]);
    assert!(got.status.success() && said(&got).contains(r"C:\Tools"), "{}", said(&got));
    assert!(scratch.join("data/tools").is_dir());
    // A principal that has no account there, and no tickets at all.
    kdc.ticket("stranger");
    let refused = asked(&["get", &format!("{place}/tools")]);
    assert!(said(&refused).contains("LOGON_FAILURE"), "{}", said(&refused));
    fs::remove_file(scratch.join("ccache")).expect("the cache goes");
    let refused = asked(&["get", &format!("{place}/tools")]);
    assert!(!refused.status.success() && said(&refused).contains("ticket cache"), "{}", said(&refused));
}

#[test]
fn a_server_with_other_keys_refuses_the_ticket_and_still_takes_the_password() {
    let scratch = Scratch::new();
    let Some(kdc) = Kdc::start(&scratch).filter(|_| has_smbclient()) else { return };
    scratch.dir("data");
    scratch.file("data/hello", "hello\n");
    kdc.ticket("ada");
    // The ticket is made with the new key, the file has the old one.
    fs::rename(scratch.join("keytab"), scratch.join("old")).expect("the old keys");
    let here = scratch.path().display();
    ok(command(&scratch, "kadmin.local").args(["-q", &format!("ktadd -k {here}/keytab cifs/{HOST}")]));
    let config = "keytab = \"old\"\n[share.data]\npath = \"data\"";
    let server = Server::configured(&scratch, config, "listening");
    let said = kdc.smbclient(&server, "ls", &["--client-protection=encrypt"]);
    assert!(said.contains("NT_STATUS_LOGON_FAILURE"), "{said}");
    let said = super::smbclient(&server, "data", "ada%secret", "ls");
    assert!(said.contains("hello"), "{said}");
    // The right keys come with a reload, without a new start.
    fs::rename(scratch.join("keytab"), scratch.join("old")).expect("the new keys");
    server.signal(rustix::process::Signal::HUP);
    super::until("the new keys count", || {
        kdc.smbclient(&server, "ls", &["--client-protection=encrypt"]).contains("hello")
    });
}

/// [MS-SMB2] 3.3.5.2.9, 3.3.5.5.3
#[test]
fn a_session_ends_with_its_ticket() {
    let scratch = Scratch::new();
    let Some(kdc) = Kdc::start(&scratch).filter(|_| has_smbclient()) else { return };
    scratch.dir("data");
    scratch.file("data/hello", "hello\n");
    let config = "keytab = \"keytab\"\n[share.data]\npath = \"data\"";
    let server = Server::configured(&scratch, config, "listening");
    kdc.ticket_for("ada", "4s");
    let port = server.address.port();
    let session = format!(
        "(echo get hello before; sleep 6; echo get hello after) | timeout 60 smbclient //{HOST}/data -I 127.0.0.1 \\\n\
         --use-krb5-ccache=\"$KRB5CCNAME\" --use-kerberos=required --client-protection=encrypt -p {port} 2>&1 || true"
    );
    let said = ok(command(&scratch, "sh").args(["-c", &session]).current_dir(scratch.path()));
    assert!(scratch.join("before").exists(), "{said}");
    assert!(said.contains("NT_STATUS_NETWORK_SESSION_EXPIRED"), "{said}");
    assert!(!scratch.join("after").exists(), "{said}");
}
