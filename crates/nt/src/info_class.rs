//! [MS-FSCC] 2.4 and 2.5: information classes.
use crate::named_numbers;

named_numbers! {
    /// A class of file information. [MS-FSCC] 2.4
    FileInformationClass(u32), prefix "File" {
        DIRECTORY_INFORMATION = 1;
    }
}

named_numbers! {
    /// A class of volume information. [MS-FSCC] 2.5
    FsInformationClass(u32), prefix "FileFs" {
        ATTRIBUTE_INFORMATION = 5;
    }
}
crate::named_debug!(FileInformationClass);
crate::named_debug!(FsInformationClass);
