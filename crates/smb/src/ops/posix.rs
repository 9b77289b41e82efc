//! Names on a connection of the POSIX extensions. Their clients write `/` between the components, as the Linux client does on a
//! mount with `posix` (Samba's smb3-posix-spec); a Windows name cannot hold it, so it means nothing else.
use nt::{FileInformationClass as Class, Utf16};

const SLASH: u16 = 0x2F;
const BACKSLASH: u16 = 0x5C;

/// Where FileName begins in FileRenameInformation and FileLinkInformation. [MS-FSCC] 2.4.42.2 and 2.4.28.2
const NEW_NAME_AT: usize = 20;

/// The name of a CREATE.
pub(super) fn path(name: &Utf16) -> Utf16 {
    let units: Vec<u16> =
        name.units().iter().map(|unit| if *unit == SLASH { BACKSLASH } else { *unit }).collect();
    Utf16::from(units.as_slice())
}

/// The input of a SET_INFO, whose new name the store is to understand.
pub(super) fn new_name(class: Class, mut input: Vec<u8>) -> Vec<u8> {
    let names =
        matches!(class, Class::RENAME_INFORMATION | Class::RENAME_INFORMATION_EX | Class::LINK_INFORMATION);
    if names && let Some(name) = input.get_mut(NEW_NAME_AT..) {
        for unit in name.chunks_exact_mut(2).filter(|unit| *unit == SLASH.to_le_bytes()) {
            unit.copy_from_slice(&BACKSLASH.to_le_bytes());
        }
    }
    input
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_a_posix_client_has_components() {
        assert_eq!(path(&Utf16::from("dir/sub/file")), Utf16::from(r"dir\sub\file"));
    }

    #[test]
    fn a_new_name_is_changed_behind_its_fixed_part_and_nothing_else_is() {
        let fixed = [0x2F; NEW_NAME_AT];
        let renamed = |name: &str| [&fixed[..], &Utf16::from(name).to_le_bytes()].concat();
        assert_eq!(new_name(Class::RENAME_INFORMATION, renamed("d/x")), renamed(r"d\x"));
        assert_eq!(new_name(Class::BASIC_INFORMATION, renamed("d/x")), renamed("d/x"));
    }
}
