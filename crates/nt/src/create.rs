//! [MS-SMB2] 2.2.13 and [MS-FSA] 2.1.5.1: the parameters of an open.
use crate::named_numbers;

named_numbers! {
    /// What to do if the object exists, and if it does not. [MS-SMB2] 2.2.13
    CreateDisposition(u32), prefix "FILE_" {
        SUPERSEDE = 0;
        OPEN = 1;
        CREATE = 2;
        OPEN_IF = 3;
        OVERWRITE = 4;
        OVERWRITE_IF = 5;
    }
}

named_numbers! {
    /// What an open did. [MS-SMB2] 2.2.14
    CreateAction(u32), prefix "FILE_" {
        SUPERSEDED = 0;
        OPENED = 1;
        CREATED = 2;
        OVERWRITTEN = 3;
    }
}

named_numbers! {
    /// How to open. [MS-SMB2] 2.2.13
    CreateOptions(u32), prefix "FILE_" {
        DIRECTORY_FILE = 0x0000_0001;
        WRITE_THROUGH = 0x0000_0002;
        SEQUENTIAL_ONLY = 0x0000_0004;
        NO_INTERMEDIATE_BUFFERING = 0x0000_0008;
        SYNCHRONOUS_IO_ALERT = 0x0000_0010;
        SYNCHRONOUS_IO_NONALERT = 0x0000_0020;
        NON_DIRECTORY_FILE = 0x0000_0040;
        COMPLETE_IF_OPLOCKED = 0x0000_0100;
        NO_EA_KNOWLEDGE = 0x0000_0200;
        OPEN_REMOTE_INSTANCE = 0x0000_0400;
        RANDOM_ACCESS = 0x0000_0800;
        DELETE_ON_CLOSE = 0x0000_1000;
        OPEN_BY_FILE_ID = 0x0000_2000;
        OPEN_FOR_BACKUP_INTENT = 0x0000_4000;
        NO_COMPRESSION = 0x0000_8000;
        OPEN_REQUIRING_OPLOCK = 0x0001_0000;
        DISALLOW_EXCLUSIVE = 0x0002_0000;
        RESERVE_OPFILTER = 0x0010_0000;
        OPEN_REPARSE_POINT = 0x0020_0000;
        OPEN_NO_RECALL = 0x0040_0000;
        OPEN_FOR_FREE_SPACE_QUERY = 0x0080_0000;
    }
}
crate::bit_set!(CreateOptions);

named_numbers! {
    /// What others may do while this open lives. [MS-SMB2] 2.2.13
    ShareAccess(u32), prefix "FILE_SHARE_" {
        READ = 1;
        WRITE = 2;
        DELETE = 4;
    }
}
crate::bit_set!(ShareAccess);
crate::named_debug!(CreateDisposition);
crate::named_debug!(CreateAction);
