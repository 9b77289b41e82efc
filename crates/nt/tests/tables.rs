//! Every constant against the tables extracted from the specifications (docs/spec, where each names its source).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test may panic
use std::collections::HashMap;
use std::fs;

/// The rows of a table: its tab-separated columns.
fn rows(name: &str) -> Vec<Vec<String>> {
    let path = format!("{}/../../docs/spec/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect()
}

fn number(text: &str) -> u64 {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).unwrap(),
        None => text.parse().unwrap(),
    }
}

/// A table of names in the first column and numbers in the second.
fn numbers(name: &str) -> HashMap<String, u64> {
    let table: HashMap<_, _> = rows(name).into_iter().map(|row| (row[0].clone(), number(&row[1]))).collect();
    assert!(table.len() > 5, "{name} is empty or cut short");
    table
}

/// Each constant of `all` stands in the table under its name and with its value.
fn each_is_in(table: &HashMap<String, u64>, all: impl IntoIterator<Item = (u64, &'static str)>) {
    let mut seen = 0;
    for (value, name) in all {
        let want = table.get(name).unwrap_or_else(|| panic!("{name} is not in the table"));
        assert_eq!(value, *want, "{name} is 0x{value:X}, the specification says 0x{want:X}");
        seen += 1;
    }
    assert!(seen > 0);
}

/// Each row of the table that `wanted` accepts has a constant.
fn each_has_a_constant(
    table: &HashMap<String, u64>,
    wanted: impl Fn(&str) -> bool,
    all: impl IntoIterator<Item = (u64, &'static str)>,
) {
    let have: Vec<_> = all.into_iter().map(|(_, name)| name).collect();
    for name in table.keys().filter(|name| wanted(name)) {
        assert!(have.contains(&name.as_str()), "no constant for {name}");
    }
}

macro_rules! pairs {
    ($ty:ty) => {
        <$ty>::ALL.iter().map(|(value, name)| (u64::from(value.0), *name))
    };
}

#[test]
fn statuses_have_the_numbers_of_ms_erref() {
    each_is_in(&numbers("ntstatus.tsv"), pairs!(nt::NtStatus));
}

#[test]
fn win32_errors_have_the_numbers_of_ms_erref() {
    each_is_in(&numbers("win32.tsv"), pairs!(nt::Win32Error));
}

#[test]
fn a_status_becomes_the_win32_error_that_windows_gives() {
    let want: HashMap<String, u64> =
        rows("ntstatus_win32.tsv").into_iter().map(|row| (row[0].clone(), number(&row[2]))).collect();
    let mut mapped = 0;
    for (status, name) in nt::NtStatus::ALL {
        let got = status.win32().map(|error| u64::from(error.0));
        assert_eq!(got, want.get(*name).copied(), "{name}");
        mapped += usize::from(got.is_some());
    }
    assert!(mapped > 140, "only {mapped} statuses have a Win32 number");
}

#[test]
fn every_win32_error_that_a_status_becomes_has_a_name() {
    for (status, name) in nt::NtStatus::ALL {
        if let Some(error) = status.win32() {
            assert!(error.name().is_some(), "{name} becomes {error}");
        }
    }
}

#[test]
fn control_codes_are_those_of_ms_fscc_and_none_is_missing() {
    let table = numbers("fsctl.tsv");
    each_is_in(&table, pairs!(nt::FsctlCode));
    each_has_a_constant(&table, |_| true, pairs!(nt::FsctlCode));
}

#[test]
fn file_information_classes_are_those_of_ms_fscc_and_none_is_missing() {
    let table = numbers("file_info_classes.tsv");
    each_is_in(&table, pairs!(nt::FileInformationClass));
    each_has_a_constant(&table, |_| true, pairs!(nt::FileInformationClass));
}

#[test]
fn volume_information_classes_are_those_of_ms_fscc_and_none_is_missing() {
    let table = numbers("fs_info_classes.tsv");
    each_is_in(&table, pairs!(nt::FsInformationClass));
    each_has_a_constant(&table, |_| true, pairs!(nt::FsInformationClass));
}

#[test]
fn file_attributes_are_those_of_ms_fscc_and_none_is_missing() {
    let table = numbers("file_attributes.tsv");
    each_is_in(&table, pairs!(nt::FileAttributes));
    each_has_a_constant(&table, |_| true, pairs!(nt::FileAttributes));
}

#[test]
fn flags_and_rights_have_the_numbers_of_their_sections() {
    let table = numbers("flags.tsv");
    each_is_in(&table, pairs!(nt::FsAttributes));
    each_is_in(&table, pairs!(nt::UsnReason));
    each_is_in(&table, pairs!(nt::UsnSource));
    each_is_in(&table, pairs!(nt::NotifyFilter));
    each_is_in(&table, pairs!(nt::NotifyAction));
    each_is_in(&table, pairs!(nt::AccessMask));
    each_is_in(&table, pairs!(nt::ShareAccess));
    each_is_in(&table, pairs!(nt::CreateDisposition));
    each_is_in(&table, pairs!(nt::CreateAction));
    each_is_in(&table, pairs!(nt::CreateOptions));
}

#[test]
fn no_usn_reason_or_notify_flag_is_missing() {
    let table = numbers("flags.tsv");
    each_has_a_constant(&table, |name| name.starts_with("USN_REASON_"), pairs!(nt::UsnReason));
    each_has_a_constant(&table, |name| name.starts_with("FILE_NOTIFY_CHANGE_"), pairs!(nt::NotifyFilter));
    each_has_a_constant(&table, |name| name.starts_with("FILE_ACTION_"), pairs!(nt::NotifyAction));
}

#[test]
fn a_directory_s_rights_are_a_file_s_by_other_names() {
    let table = numbers("flags.tsv");
    let alias = |name: &str, mask: nt::AccessMask| assert_eq!(table[name], u64::from(mask.0), "{name}");
    alias("FILE_LIST_DIRECTORY", nt::AccessMask::FILE_LIST_DIRECTORY);
    alias("FILE_ADD_FILE", nt::AccessMask::FILE_ADD_FILE);
    alias("FILE_ADD_SUBDIRECTORY", nt::AccessMask::FILE_ADD_SUBDIRECTORY);
    alias("FILE_TRAVERSE", nt::AccessMask::FILE_TRAVERSE);
}

/// The numbers are those of FILE_GENERIC_* and FILE_ALL_ACCESS in Microsoft's winnt.h.
#[test]
fn generic_rights_become_the_file_rights_they_stand_for() {
    use nt::AccessMask as A;
    assert_eq!(A::GENERIC_READ.map_generic(), A(0x0012_0089));
    assert_eq!(A::GENERIC_WRITE.map_generic(), A(0x0012_0116));
    assert_eq!(A::GENERIC_EXECUTE.map_generic(), A(0x0012_00A0));
    assert_eq!(A::GENERIC_ALL.map_generic(), A(0x001F_01FF));
    let kept = A::DELETE | A::MAXIMUM_ALLOWED | A::ACCESS_SYSTEM_SECURITY;
    assert_eq!((kept | A::GENERIC_READ).map_generic(), kept | A(0x0012_0089));
}
