//! [MS-SMB2] 2.2.35 and [MS-FSCC] 2.7.1: directory change notifications.
use crate::named_numbers;

named_numbers! {
    /// Which changes a directory watch wants to hear of. [MS-SMB2] 2.2.35
    NotifyFilter(u32), prefix "FILE_NOTIFY_CHANGE_" {
        FILE_NAME = 0x0000_0001;
        DIR_NAME = 0x0000_0002;
        ATTRIBUTES = 0x0000_0004;
        SIZE = 0x0000_0008;
        LAST_WRITE = 0x0000_0010;
        LAST_ACCESS = 0x0000_0020;
        CREATION = 0x0000_0040;
        EA = 0x0000_0080;
        SECURITY = 0x0000_0100;
        STREAM_NAME = 0x0000_0200;
        STREAM_SIZE = 0x0000_0400;
        STREAM_WRITE = 0x0000_0800;
    }
}
crate::bit_set!(NotifyFilter);

named_numbers! {
    /// What happened to the named entry. [MS-FSCC] 2.7.1
    NotifyAction(u32), prefix "FILE_ACTION_" {
        ADDED = 0x0000_0001;
        REMOVED = 0x0000_0002;
        MODIFIED = 0x0000_0003;
        RENAMED_OLD_NAME = 0x0000_0004;
        RENAMED_NEW_NAME = 0x0000_0005;
        ADDED_STREAM = 0x0000_0006;
        REMOVED_STREAM = 0x0000_0007;
        MODIFIED_STREAM = 0x0000_0008;
        REMOVED_BY_DELETE = 0x0000_0009;
        ID_NOT_TUNNELLED = 0x0000_000A;
        TUNNELLED_ID_COLLISION = 0x0000_000B;
    }
}
crate::named_debug!(NotifyAction);
