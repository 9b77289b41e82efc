//! [MS-FSCC] 2.3.62.2: why a change journal record was written.
use crate::named_numbers;

named_numbers! {
    /// Reasons gathered in a change journal record since the file was opened. [MS-FSCC] 2.3.62.2
    UsnReason(u32), prefix "USN_REASON_" {
        DATA_OVERWRITE = 0x0000_0001;
        DATA_EXTEND = 0x0000_0002;
        DATA_TRUNCATION = 0x0000_0004;
        NAMED_DATA_OVERWRITE = 0x0000_0010;
        NAMED_DATA_EXTEND = 0x0000_0020;
        NAMED_DATA_TRUNCATION = 0x0000_0040;
        FILE_CREATE = 0x0000_0100;
        FILE_DELETE = 0x0000_0200;
        EA_CHANGE = 0x0000_0400;
        SECURITY_CHANGE = 0x0000_0800;
        RENAME_OLD_NAME = 0x0000_1000;
        RENAME_NEW_NAME = 0x0000_2000;
        INDEXABLE_CHANGE = 0x0000_4000;
        BASIC_INFO_CHANGE = 0x0000_8000;
        HARD_LINK_CHANGE = 0x0001_0000;
        COMPRESSION_CHANGE = 0x0002_0000;
        ENCRYPTION_CHANGE = 0x0004_0000;
        OBJECT_ID_CHANGE = 0x0008_0000;
        REPARSE_POINT_CHANGE = 0x0010_0000;
        STREAM_CHANGE = 0x0020_0000;
        INTEGRITY_CHANGE = 0x0080_0000;
        CLOSE = 0x8000_0000;
    }
}
crate::bit_set!(UsnReason);

named_numbers! {
    /// Who caused the change, when it was not a user. [MS-FSCC] 2.3.62.2
    UsnSource(u32), prefix "USN_SOURCE_" {
        DATA_MANAGEMENT = 0x0000_0001;
        AUXILIARY_DATA = 0x0000_0002;
        REPLICATION_MANAGEMENT = 0x0000_0004;
    }
}
crate::bit_set!(UsnSource);
