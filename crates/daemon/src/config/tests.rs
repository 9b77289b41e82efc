use super::*;
use fsa::host::meta::SpecialForm;
use fsa::{Durability, VolumeKind, WriteTimes};
use std::time::Duration;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Some(Path::new("server.toml")), Path::new("/"))
}

/// The error, as `line:column what`.
fn wrong(text: &str) -> String {
    let error = parse(text).unwrap_err();
    let place = error.place.unwrap();
    format!("{}:{} {}", place.line, place.column, error.what)
}

#[test]
fn an_empty_file_is_the_default() {
    let config = parse("").unwrap();
    assert_eq!(config, Config::default());
    assert_eq!((config.encryption, config.signing), (Demand::Required, Demand::Required));
}

#[test]
fn every_key_is_read() {
    let text = r#"
[server]
name = "files.example.org"
listen = ["127.0.0.1:1445", "::1"]
encryption = "offered"
signing = "offered"
dialect_min = "2.1"
dialect_max = "3.0.2"
posix = false
users = "etc/users.toml"
keytab = "etc/krb5.keytab"
status_socket = "/run/pointsman.sock"
state_directory = "/var/lib/served"
metrics = "127.0.0.1:9445"

[limits]
connections = 10
connections_per_address = 2
sessions_per_connection = 3
trees_per_session = 4
channels_per_session = 5
opens_per_session = 50
opens = 51
trees = 52
durable_opens = 7
durable_s = 60
session_s = 36000
locks_per_file = 6
credits = 128
waiting_per_connection = 11
transfer_bytes = 1048576
buffer_bytes_per_connection = 2097152
buffer_bytes = 3145728
handshake_s = 7
frame_s = 8
write_s = 9
idle_s = 10

[limits.logon]
free_failures = 1
first_wait_s = 2
address_wait_s = 3
name_wait_s = 4
forget_after_s = 5
entries = 100

[share."Data 1"]
path = "tmp"
comment = "Data"
read_only = true
users = ["alice"]
anonymous = true
encrypt = true
tags = "symlinks"
volume = "refs"
label = "DATA"
unix_links = true
special_files = "wsl"
durability = "write-through"
access_based = true
short_names = true
write_times = "late"
case_sensitive = true
cross_mounts = true
drives = { "C:" = "/", "\\\\old\\share" = "a/b" }
"#;
    let config = parse(text).unwrap();
    let share = ShareSettings {
        name: "Data 1".into(),
        path: "/tmp".into(),
        comment: "Data".into(),
        read_only: true,
        users: vec!["alice".into()],
        anonymous: true,
        encrypt: true,
        tags: Tags::Symlinks,
        volume: VolumeKind::Refs,
        label: "DATA".into(),
        unix_links: true,
        special_files: SpecialForm::Lx,
        durability: Durability::WriteThrough,
        access_based: true,
        short_names: true,
        write_times: WriteTimes::Late,
        case_sensitive: true,
        cross_mounts: true,
        drives: vec![
            Drive { volume: "C:".into(), path: "\\".into() },
            Drive { volume: "UNC\\old\\share".into(), path: "\\a\\b".into() },
        ],
    };
    assert_eq!(config.shares, [share]);
    let seconds = Duration::from_secs;
    let logon = crate::auth::throttle::Limits {
        free: 1,
        first_wait: seconds(2),
        address_wait_max: seconds(3),
        name_wait_max: seconds(4),
        forget_after: seconds(5),
        entries_max: 100,
    };
    let limits = Limits {
        connections: 10,
        connections_per_address: 2,
        sessions_per_connection: 3,
        trees_per_session: 4,
        channels_per_session: 5,
        opens_per_session: 50,
        opens: 51,
        trees: 52,
        durable_opens: 7,
        durable: seconds(60),
        session: Some(seconds(36_000)),
        locks_per_file: 6,
        credits: 128,
        waiting_per_connection: 11,
        transfer_bytes: 1_048_576,
        buffer_bytes_per_connection: 2_097_152,
        buffer_bytes: 3_145_728,
        handshake: seconds(7),
        frame: seconds(8),
        write: seconds(9),
        idle: seconds(10),
        logon,
    };
    assert_eq!(config.limits, limits);
    let rest = Config { limits: Limits::default(), shares: Vec::new(), ..config };
    let wanted = Config {
        name: Some("files.example.org".into()),
        listen: vec!["127.0.0.1:1445".parse().unwrap(), "[::1]:4450".parse().unwrap()],
        encryption: Demand::Offered,
        signing: Demand::Offered,
        dialect_min: 0x0210,
        dialect_max: 0x0302,
        posix: false,
        users: Some("/etc/users.toml".into()),
        keytab: Some("/etc/krb5.keytab".into()),
        status_socket: Some("/run/pointsman.sock".into()),
        state_directory: Some("/var/lib/served".into()),
        metrics: Some("127.0.0.1:9445".parse().unwrap()),
        limits: Limits::default(),
        shares: Vec::new(),
    };
    assert_eq!(rest, wanted);
}

#[test]
fn an_error_points_at_its_line() {
    assert!(wrong("[server]\nnmae = 1\n").starts_with("2:1 unknown field `nmae`"));
    assert!(wrong("[server]\nname = 1\n").starts_with("2:8 invalid type: integer"));
    assert!(wrong("[server]\nencryption = \"on\"\n").starts_with("2:14 unknown variant `on`"));
    assert!(wrong("[server\n").starts_with("1:8 "));
    assert!(wrong("\n[share.a]\ncomment = \"x\"\n").starts_with("2:1 missing field `path`"));
    assert_eq!(wrong("[share.a]\npath = \"/no/such\"\n"), "2:8 /no/such is not there");
    assert_eq!(wrong("[share.a]\npath = \"/proc/self/comm\"\n"), "2:8 /proc/self/comm is no directory");
    assert_eq!(wrong("[share.\"a/b\"]\npath = \"/\"\n"), "1:8 a character that no name of a share has");
    assert_eq!(wrong("[share.ipc$2]\n").split(' ').next(), Some("1:11"));
    assert_eq!(wrong("[share.\"ipc$\"]\npath = \"/\"\n"), "1:8 a name with another meaning");
    assert_eq!(
        wrong("[share.a]\npath = \"/\"\n[share.A]\npath = \"/\"\n"),
        "1:8 another share differs by case only"
    );
    assert_eq!(wrong("[limits]\ncredits = 5\n"), "2:11 out of range: 16 to 32767");
    assert_eq!(wrong("[limits]\nidle_s = -5\n"), "2:10 out of range: 1 to 86400");
    assert!(wrong("[limits]\ncredits = 100\n").ends_with("needs more credits than there are"));
    assert!(wrong("[server]\nlisten = [\"::1\", \"x\"]\n").starts_with("2:18 no address"));
    assert!(wrong("[server]\nmetrics = \"0.0.0.0:9445\"\n").starts_with("2:11 metrics are given"));
    assert!(wrong("[server]\ndialect_max = \"3.2\"\n").starts_with("2:15 no dialect"));
    assert!(wrong("[server]\ndialect_max = \"2.1\"\n").starts_with("2:15 no dialect before 3.0"));
    let two = "[server]\ndialect_min = \"3.1.1\"\ndialect_max = \"3.0\"\n";
    assert_eq!(wrong(two), "2:15 dialect_min is newer than dialect_max");
    let drive = |drive: &str| wrong(&format!("[share.a]\npath = \"/\"\ndrives = {{ {drive} }}\n"));
    assert!(drive("\"see\" = \"/\"").starts_with("3:12 no volume"));
    assert!(drive("\"C:\" = \"../x\"").starts_with("3:19 a drive leads"));
}

#[test]
fn an_error_is_shown_with_its_line_and_a_mark_under_it() {
    let error = parse("\n[limits]\n  credits = 5 # few\n").unwrap_err().to_string();
    let wanted = "server.toml:3:13: out of range: 16 to 32767\n 3 |   credits = 5 # few\n   |             ^";
    assert_eq!(error, wanted);
}

#[test]
fn a_file_that_is_not_there_or_too_long_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("server.toml");
    assert!(Config::load(&path).unwrap_err().to_string().contains("No such file"));
    std::fs::write(&path, "[share.here]\npath = \".\"\n").unwrap();
    assert_eq!(Config::load(&path).unwrap().shares[0].path, directory.path().join("."));
    std::fs::File::create(&path).unwrap().set_len(CONFIG_BYTES_MAX + 1).unwrap();
    assert!(Config::load(&path).unwrap_err().what.contains("more than"));
}

/// What docs/SERVE.md shows as the defaults are the defaults, and every key of the code stands in it.
#[test]
fn the_document_shows_every_key_with_its_default() {
    let document =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/SERVE.md")).unwrap();
    let block = document.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    // A default that depends on the machine, or that is "none", has an example there instead.
    let examples = [
        "name",
        "users",
        "keytab",
        "status_socket",
        "state_directory",
        "metrics",
        "listen",
        "comment",
        "label",
        "drives",
    ];
    let lines: Vec<&str> = block.lines().map(|line| line.strip_prefix("# ").unwrap_or(line)).collect();
    let is_example = |line: &str| examples.iter().any(|key| line.starts_with(&format!("{key} = ")));
    let all = lines.join("\n").replace("/srv/data", "/");
    assert!(parse(&all).is_ok(), "{:?}", parse(&all));
    let plain: Vec<&str> = lines.into_iter().filter(|line| !is_example(line)).collect();
    let config = parse(&plain.join("\n").replace("/srv/data", "/")).unwrap();
    let share = ShareSettings::new("data", "/".into());
    assert_eq!(config, Config { shares: vec![share], ..Config::default() });
    // The file names what serde knows: an unknown field lists the others.
    for (section, wrong) in
        [("server", "[server]\nx = 1"), ("limits", "[limits]\nx = 1"), ("share", "[share.a]\nx = 1")]
    {
        let error = parse(wrong).unwrap_err().what;
        let known = error.split("expected one of ").nth(1).unwrap();
        for key in known.split(", ").map(|key| key.trim_matches('`')) {
            let stands = plain
                .iter()
                .chain(&examples)
                .any(|line| line.starts_with(key) || line.contains(&format!(".{key}]")));
            assert!(stands, "[{section}] {key} is not in docs/SERVE.md");
        }
    }
}
