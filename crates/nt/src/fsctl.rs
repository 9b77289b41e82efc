//! [MS-FSCC] 2.3: FSCTL codes.
use crate::named_numbers;

named_numbers! {
    /// A file system control code. [MS-FSCC] 2.3
    FsctlCode(u32), prefix "FSCTL_" {
        SET_REPARSE_POINT = 0x0009_00A4;
        GET_REPARSE_POINT = 0x0009_00A8;
        DELETE_REPARSE_POINT = 0x0009_00AC;
        SET_REPARSE_POINT_EX = 0x0009_040C;
    }
}
crate::named_debug!(FsctlCode);
