//! Every number of the messages against the tables extracted from MS-SMB2 (docs/spec, where each names its source).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test may panic
use std::fs;

use wire::negotiate::Capabilities;
use wire::{
    Command, ErrorId, HeaderFlags, change_notify, close, create, ioctl, lock, negotiate, notification,
    oplock_break, query_directory, query_info, rdma_transform, read, session_setup, tree_connect, write,
};

/// Name, value and section of each row.
fn rows(name: &str) -> Vec<(String, u128, String)> {
    let path = format!("{}/../../docs/spec/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let row = |line: &str| {
        let columns: Vec<&str> = line.split('\t').collect();
        let digits = columns[1].strip_prefix("0x").unwrap();
        (columns[0].to_owned(), u128::from_str_radix(digits, 16).unwrap(), columns[2].to_owned())
    };
    text.lines().filter(|line| !line.starts_with('#')).map(row).collect()
}

type Numbers = Vec<(u128, &'static str)>;

macro_rules! numbers {
    ($ty:ty) => {
        <$ty>::ALL.iter().map(|(value, name)| (u128::from(value.0), *name)).collect::<Numbers>()
    };
}

/// Each type with the sections that define it.
fn types() -> Vec<(&'static str, Numbers)> {
    vec![
        ("2.2.1.1", numbers!(HeaderFlags)),
        ("2.2.2.1", numbers!(ErrorId)),
        ("2.2.3", numbers!(negotiate::SecurityMode)),
        ("2.2.3", numbers!(Capabilities)),
        ("2.2.4", numbers!(negotiate::Dialect)),
        ("2.2.3.1", numbers!(negotiate::ContextType)),
        ("2.2.3.1.1", numbers!(negotiate::HashAlgorithm)),
        ("2.2.3.1.2", numbers!(negotiate::Cipher)),
        ("2.2.3.1.3", numbers!(negotiate::CompressionAlgorithm)),
        ("2.2.3.1.3", numbers!(negotiate::CompressionFlags)),
        ("2.2.3.1.5", numbers!(negotiate::TransportFlags)),
        ("2.2.3.1.6", numbers!(negotiate::RdmaTransform)),
        ("2.2.3.1.7", numbers!(negotiate::SigningAlgorithm)),
        ("2.2.5", numbers!(session_setup::RequestFlags)),
        ("2.2.6", numbers!(session_setup::SessionFlags)),
        ("2.2.9", numbers!(tree_connect::RequestFlags)),
        ("2.2.9.2", numbers!(tree_connect::ContextType)),
        ("2.2.10", numbers!(tree_connect::ShareType)),
        ("2.2.10", numbers!(tree_connect::ShareFlags)),
        ("2.2.10", numbers!(tree_connect::ShareCapabilities)),
        ("2.2.13", numbers!(create::OplockLevel)),
        ("2.2.13", numbers!(create::ImpersonationLevel)),
        ("2.2.13.2.8", numbers!(create::LeaseState)),
        ("2.2.14.2.11", numbers!(create::LeaseFlags)),
        ("2.2.13.2.11", numbers!(create::DurableFlags)),
        ("2.2.14", numbers!(create::CreateFlags)),
        ("2.2.15", numbers!(close::CloseFlags)),
        ("2.2.19", numbers!(read::ReadFlags)),
        ("2.2.20", numbers!(read::ResponseFlags)),
        ("2.2.21", numbers!(read::Channel)),
        ("2.2.21", numbers!(write::WriteFlags)),
        ("2.2.23.2", numbers!(oplock_break::LeaseBreakFlags)),
        ("2.2.26.1", numbers!(lock::LockFlags)),
        ("2.2.31", numbers!(ioctl::IoctlFlags)),
        ("2.2.31", ioctl::code::ALL.iter().map(|(code, name)| (code.0.into(), *name)).collect()),
        ("2.2.31.2", numbers!(ioctl::HashType)),
        ("2.2.31.2", numbers!(ioctl::HashVersion)),
        ("2.2.31.2", numbers!(ioctl::HashRetrieval)),
        ("2.2.32.5", numbers!(ioctl::InterfaceCapabilities)),
        ("2.2.33", numbers!(query_directory::QueryDirectoryFlags)),
        ("2.2.35", numbers!(change_notify::ChangeNotifyFlags)),
        ("2.2.37", numbers!(query_info::InfoType)),
        ("2.2.37", numbers!(query_info::SecurityInformation)),
        ("2.2.37", numbers!(query_info::QueryInfoFlags)),
        ("2.2.43.1", numbers!(rdma_transform::RdmaTransformType)),
        ("2.2.44.1", numbers!(notification::NotificationType)),
    ]
}

#[test]
fn commands_have_the_numbers_of_the_specification_and_none_is_missing() {
    let table = rows("smb2_commands.tsv");
    assert_eq!(table.len(), 20);
    let mut all = numbers!(Command);
    for (name, value, _) in table {
        let at = all.iter().position(|have| *have == (value, &*name));
        all.remove(at.unwrap_or_else(|| panic!("{name} is not 0x{value:X}")));
    }
    assert_eq!(all, []);
}

#[test]
fn every_number_stands_in_its_section_with_this_value() {
    let table = rows("smb2_numbers.tsv");
    let mut seen = 0;
    for (section, numbers) in types() {
        for (value, name) in numbers {
            let source = format!("MS-SMB2 {section}");
            let row = table.iter().find(|row| row.0 == name && row.2 == source);
            let (_, want, _) = row.unwrap_or_else(|| panic!("{name} is not in section {section}"));
            assert_eq!(value, *want, "{name} is 0x{value:X}, the specification says 0x{want:X}");
            seen += 1;
        }
    }
    assert!(seen >= 160, "only {seen}");
}

/// Rows that are no number of ours, each with its reason.
const ELSEWHERE: &[(&str, &str)] = &[
    ("SMB2_GLOBAL_CAP_UNUSED", "must be ignored"),
    ("SMB2_COMPRESSION_CAPABILITIES_FLAG_NONE", "no bit"),
    ("SMB2_LEASE_NONE", "no bit"),
    ("SMB2_READFLAG_RESPONSE_NONE", "no bit"),
    ("SMB2_COMPRESSION_FLAG_", "in the codec of compressed messages"),
    ("SMB2_ENCRYPTION_AES128_CCM", "wire::ENCRYPTED"),
    ("Encrypted", "wire::ENCRYPTED"),
    ("MOVE_DST_IPADDR_", "in the codec of the share redirect"),
    ("SE_GROUP_", "in remoted identities, which are carried as bytes"),
    ("InterNetwork", "in the codec of network interfaces"),
    ("File", "information classes, in nt"),
    ("SYMLINK_FLAG_RELATIVE", "in reparse"),
    ("FILE_", "in nt"),
    ("GENERIC_", "in nt"),
    ("DELETE", "in nt"),
    ("READ_CONTROL", "in nt"),
    ("WRITE_", "in nt"),
    ("SYNCHRONIZE", "in nt"),
    ("ACCESS_SYSTEM_SECURITY", "in nt"),
    ("MAXIMUM_ALLOWED", "in nt"),
    ("SMB2_CREATE_", "names of create contexts, tested below"),
    ("SMB2_CREATECONTEXT_RESERVED", "a name of a create context, tested below"),
    ("SVHDX_OPEN_DEVICE_CONTEXT", "a name of a create context, tested below"),
];

#[test]
fn every_number_of_the_specification_is_somewhere() {
    let all: Vec<(u128, &str)> = types().into_iter().flat_map(|(_, numbers)| numbers).collect();
    for (name, value, section) in rows("smb2_numbers.tsv") {
        let known = all.contains(&(value, &*name));
        let elsewhere = ELSEWHERE.iter().any(|(prefix, _)| name.starts_with(prefix));
        assert!(known || elsewhere, "{name} 0x{value:X} of {section} is nowhere");
    }
}

#[test]
fn create_contexts_have_the_names_of_the_specification() {
    use create::context_name as name;
    let ours: [(&str, &[u8]); 16] = [
        ("SMB2_CREATE_EA_BUFFER", name::EA_BUFFER),
        ("SMB2_CREATE_SD_BUFFER", name::SD_BUFFER),
        ("SMB2_CREATE_DURABLE_HANDLE_REQUEST", name::DURABLE_HANDLE_REQUEST),
        ("SMB2_CREATE_DURABLE_HANDLE_RECONNECT", name::DURABLE_HANDLE_RECONNECT),
        ("SMB2_CREATE_ALLOCATION_SIZE", name::ALLOCATION_SIZE),
        ("SMB2_CREATE_QUERY_MAXIMAL_ACCESS_REQUEST", name::QUERY_MAXIMAL_ACCESS),
        ("SMB2_CREATE_TIMEWARP_TOKEN", name::TIMEWARP_TOKEN),
        ("SMB2_CREATE_QUERY_ON_DISK_ID", name::QUERY_ON_DISK_ID),
        ("SMB2_CREATE_REQUEST_LEASE_V2", name::REQUEST_LEASE),
        ("SMB2_CREATE_RESPONSE_LEASE", name::REQUEST_LEASE),
        ("SMB2_CREATE_DURABLE_HANDLE_REQUEST_V2", name::DURABLE_HANDLE_REQUEST_V2),
        ("SMB2_CREATE_DURABLE_HANDLE_RECONNECT_V2", name::DURABLE_HANDLE_RECONNECT_V2),
        ("SMB2_CREATE_APP_INSTANCE_ID", name::APP_INSTANCE_ID),
        ("SMB2_CREATE_APP_INSTANCE_VERSION", name::APP_INSTANCE_VERSION),
        ("SVHDX_OPEN_DEVICE_CONTEXT", name::SVHDX_OPEN_DEVICE),
        ("SMB2_CREATECONTEXT_RESERVED", name::POSIX),
    ];
    let table = rows("smb2_numbers.tsv");
    for (full, bytes) in ours {
        let value = bytes.iter().fold(0, |value, byte| value << 8 | u128::from(*byte));
        let row = table.iter().find(|row| row.0 == full).unwrap_or_else(|| panic!("{full}"));
        assert_eq!(value, row.1, "{full}");
    }
}
