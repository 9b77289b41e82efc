//! [MS-DTYP] 2.4.3 and [MS-SMB2] 2.2.13.1: ACCESS_MASK.
use crate::named_numbers;

named_numbers! {
    /// Rights asked for, or granted to an open. [MS-DTYP] 2.4.3
    AccessMask(u32), prefix "" {
        FILE_READ_DATA = 0x0000_0001;
        FILE_WRITE_DATA = 0x0000_0002;
        FILE_APPEND_DATA = 0x0000_0004;
        FILE_READ_EA = 0x0000_0008;
        FILE_WRITE_EA = 0x0000_0010;
        FILE_EXECUTE = 0x0000_0020;
        FILE_DELETE_CHILD = 0x0000_0040;
        FILE_READ_ATTRIBUTES = 0x0000_0080;
        FILE_WRITE_ATTRIBUTES = 0x0000_0100;
        DELETE = 0x0001_0000;
        READ_CONTROL = 0x0002_0000;
        WRITE_DAC = 0x0004_0000;
        WRITE_OWNER = 0x0008_0000;
        SYNCHRONIZE = 0x0010_0000;
        ACCESS_SYSTEM_SECURITY = 0x0100_0000;
        MAXIMUM_ALLOWED = 0x0200_0000;
        GENERIC_ALL = 0x1000_0000;
        GENERIC_EXECUTE = 0x2000_0000;
        GENERIC_WRITE = 0x4000_0000;
        GENERIC_READ = 0x8000_0000;
    }
}
crate::bit_set!(AccessMask);

/// The names of the same bits on a directory, and the rights that generic ones stand for. [MS-SMB2] 2.2.13.1
impl AccessMask {
    /// To list a directory: FILE_READ_DATA by its other name. [MS-SMB2] 2.2.13.1.2
    pub const FILE_LIST_DIRECTORY: AccessMask = AccessMask::FILE_READ_DATA;
    /// To create a file in a directory: FILE_WRITE_DATA by its other name. [MS-SMB2] 2.2.13.1.2
    pub const FILE_ADD_FILE: AccessMask = AccessMask::FILE_WRITE_DATA;
    /// To create a directory in a directory: FILE_APPEND_DATA by its other name. [MS-SMB2] 2.2.13.1.2
    pub const FILE_ADD_SUBDIRECTORY: AccessMask = AccessMask::FILE_APPEND_DATA;
    /// To pass through a directory: FILE_EXECUTE by its other name. [MS-SMB2] 2.2.13.1.2
    pub const FILE_TRAVERSE: AccessMask = AccessMask::FILE_EXECUTE;

    /// What GENERIC_READ asks of a file. [MS-SMB2] 2.2.13.1.1
    pub const FILE_GENERIC_READ: AccessMask = AccessMask(
        Self::FILE_READ_DATA.0
            | Self::FILE_READ_ATTRIBUTES.0
            | Self::FILE_READ_EA.0
            | Self::SYNCHRONIZE.0
            | Self::READ_CONTROL.0,
    );
    /// What GENERIC_WRITE asks of a file. [MS-SMB2] 2.2.13.1.1
    pub const FILE_GENERIC_WRITE: AccessMask = AccessMask(
        Self::FILE_WRITE_DATA.0
            | Self::FILE_APPEND_DATA.0
            | Self::FILE_WRITE_ATTRIBUTES.0
            | Self::FILE_WRITE_EA.0
            | Self::SYNCHRONIZE.0
            | Self::READ_CONTROL.0,
    );
    /// What GENERIC_EXECUTE asks of a file. [MS-SMB2] 2.2.13.1.1
    pub const FILE_GENERIC_EXECUTE: AccessMask = AccessMask(
        Self::FILE_READ_ATTRIBUTES.0 | Self::FILE_EXECUTE.0 | Self::SYNCHRONIZE.0 | Self::READ_CONTROL.0,
    );
    /// What GENERIC_ALL asks of a file: every specific and standard right. [MS-SMB2] 2.2.13.1.1
    pub const FILE_ALL_ACCESS: AccessMask = AccessMask(0x001F_01FF);

    const GENERIC: AccessMask = AccessMask(
        Self::GENERIC_READ.0 | Self::GENERIC_WRITE.0 | Self::GENERIC_EXECUTE.0 | Self::GENERIC_ALL.0,
    );

    /// The same rights with each generic one replaced by what it stands for on a file. [MS-SMB2] 2.2.13.1.1
    pub const fn map_generic(self) -> AccessMask {
        let mut mapped = self.without(Self::GENERIC);
        if self.contains(Self::GENERIC_READ) {
            mapped = mapped.union(Self::FILE_GENERIC_READ);
        }
        if self.contains(Self::GENERIC_WRITE) {
            mapped = mapped.union(Self::FILE_GENERIC_WRITE);
        }
        if self.contains(Self::GENERIC_EXECUTE) {
            mapped = mapped.union(Self::FILE_GENERIC_EXECUTE);
        }
        if self.contains(Self::GENERIC_ALL) {
            mapped = mapped.union(Self::FILE_ALL_ACCESS);
        }
        mapped
    }
}
