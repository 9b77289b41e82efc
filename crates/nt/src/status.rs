//! [MS-ERREF] 2.3: NTSTATUS values.
use crate::named_numbers;

named_numbers! {
    /// A 32-bit NTSTATUS. [MS-ERREF] 2.3
    NtStatus(u32), prefix "STATUS_" {
        SUCCESS = 0x0000_0000;
        PENDING = 0x0000_0103;
        REPARSE = 0x0000_0104;
        REPARSE_OBJECT = 0x0000_0118;
        BUFFER_OVERFLOW = 0x8000_0005;
        NO_MORE_FILES = 0x8000_0006;
        STOPPED_ON_SYMLINK = 0x8000_002D;
        INVALID_INFO_CLASS = 0xC000_0003;
        INFO_LENGTH_MISMATCH = 0xC000_0004;
        INVALID_HANDLE = 0xC000_0008;
        INVALID_PARAMETER = 0xC000_000D;
        NO_SUCH_FILE = 0xC000_000F;
        INVALID_DEVICE_REQUEST = 0xC000_0010;
        END_OF_FILE = 0xC000_0011;
        ACCESS_DENIED = 0xC000_0022;
        BUFFER_TOO_SMALL = 0xC000_0023;
        OBJECT_NAME_INVALID = 0xC000_0033;
        OBJECT_NAME_NOT_FOUND = 0xC000_0034;
        OBJECT_NAME_COLLISION = 0xC000_0035;
        OBJECT_PATH_INVALID = 0xC000_0039;
        OBJECT_PATH_NOT_FOUND = 0xC000_003A;
        OBJECT_PATH_SYNTAX_BAD = 0xC000_003B;
        SHARING_VIOLATION = 0xC000_0043;
        EA_TOO_LARGE = 0xC000_0050;
        NONEXISTENT_EA_ENTRY = 0xC000_0051;
        NO_EAS_ON_FILE = 0xC000_0052;
        EAS_NOT_SUPPORTED = 0xC000_004F;
        DELETE_PENDING = 0xC000_0056;
        PRIVILEGE_NOT_HELD = 0xC000_0061;
        DISK_FULL = 0xC000_007F;
        INSUFFICIENT_RESOURCES = 0xC000_009A;
        MEDIA_WRITE_PROTECTED = 0xC000_00A2;
        FILE_IS_A_DIRECTORY = 0xC000_00BA;
        NOT_SUPPORTED = 0xC000_00BB;
        DIRECTORY_NOT_EMPTY = 0xC000_0101;
        FILE_CORRUPT_ERROR = 0xC000_0102;
        NOT_A_DIRECTORY = 0xC000_0103;
        CANNOT_DELETE = 0xC000_0121;
        INVALID_USER_BUFFER = 0xC000_00E8;
        CANCELLED = 0xC000_0120;
        FILE_CLOSED = 0xC000_0128;
        FS_DRIVER_REQUIRED = 0xC000_019C;
        INVALID_BUFFER_SIZE = 0xC000_0206;
        NOT_A_REPARSE_POINT = 0xC000_0275;
        IO_REPARSE_TAG_INVALID = 0xC000_0276;
        IO_REPARSE_TAG_MISMATCH = 0xC000_0277;
        IO_REPARSE_DATA_INVALID = 0xC000_0278;
        IO_REPARSE_TAG_NOT_HANDLED = 0xC000_0279;
        REPARSE_POINT_NOT_RESOLVED = 0xC000_0280;
        DIRECTORY_IS_A_REPARSE_POINT = 0xC000_0281;
        VOLUME_NOT_UPGRADED = 0xC000_029C;
        REPARSE_ATTRIBUTE_CONFLICT = 0xC000_02B2;
        FILE_NOT_AVAILABLE = 0xC000_0467;
        UNTRUSTED_MOUNT_POINT = 0xC000_04BC;
        REPARSE_POINT_ENCOUNTERED = 0xC000_050B;
        SYMLINK_CLASS_DISABLED = 0xC000_0715;
        UNEXPECTED_IO_ERROR = 0xC000_00E9;
        TOO_MANY_OPENED_FILES = 0xC000_011F;
        TOO_MANY_LINKS = 0xC000_0265;
        NOT_SAME_DEVICE = 0xC000_00D4;
        NAME_TOO_LONG = 0xC000_0106;
    }
}

impl NtStatus {
    /// True for the success and informational severities (the two top bits are 00 or 01). [MS-ERREF] 2.3
    pub const fn is_success(self) -> bool {
        self.0 < 0x8000_0000
    }

    /// True for the warning severity (top bits 10): the call failed, yet may carry data. [MS-ERREF] 2.3
    pub const fn is_warning(self) -> bool {
        self.0 >> 30 == 2
    }

    /// True for the error severity (top bits 11). [MS-ERREF] 2.3
    pub const fn is_error(self) -> bool {
        self.0 >> 30 == 3
    }
}

impl core::fmt::Display for NtStatus {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} (0x{:08X})", self.0),
            None => write!(f, "NTSTATUS 0x{:08X}", self.0),
        }
    }
}

impl core::fmt::Debug for NtStatus {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for NtStatus {}
