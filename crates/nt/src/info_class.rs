//! [MS-FSCC] 2.4 and 2.5: information classes.
use crate::named_numbers;

named_numbers! {
    /// A class of file information. [MS-FSCC] 2.4
    FileInformationClass(u32), prefix "" {
        DIRECTORY_INFORMATION = 1 => "FileDirectoryInformation";
        FULL_DIRECTORY_INFORMATION = 2 => "FileFullDirectoryInformation";
        BOTH_DIRECTORY_INFORMATION = 3 => "FileBothDirectoryInformation";
        BASIC_INFORMATION = 4 => "FileBasicInformation";
        STANDARD_INFORMATION = 5 => "FileStandardInformation";
        INTERNAL_INFORMATION = 6 => "FileInternalInformation";
        EA_INFORMATION = 7 => "FileEaInformation";
        ACCESS_INFORMATION = 8 => "FileAccessInformation";
        NAME_INFORMATION = 9 => "FileNameInformation";
        RENAME_INFORMATION = 10 => "FileRenameInformation";
        LINK_INFORMATION = 11 => "FileLinkInformation";
        NAMES_INFORMATION = 12 => "FileNamesInformation";
        DISPOSITION_INFORMATION = 13 => "FileDispositionInformation";
        POSITION_INFORMATION = 14 => "FilePositionInformation";
        FULL_EA_INFORMATION = 15 => "FileFullEaInformation";
        MODE_INFORMATION = 16 => "FileModeInformation";
        ALIGNMENT_INFORMATION = 17 => "FileAlignmentInformation";
        ALL_INFORMATION = 18 => "FileAllInformation";
        ALLOCATION_INFORMATION = 19 => "FileAllocationInformation";
        END_OF_FILE_INFORMATION = 20 => "FileEndOfFileInformation";
        ALTERNATE_NAME_INFORMATION = 21 => "FileAlternateNameInformation";
        STREAM_INFORMATION = 22 => "FileStreamInformation";
        PIPE_INFORMATION = 23 => "FilePipeInformation";
        PIPE_LOCAL_INFORMATION = 24 => "FilePipeLocalInformation";
        PIPE_REMOTE_INFORMATION = 25 => "FilePipeRemoteInformation";
        MAILSLOT_QUERY_INFORMATION = 26 => "FileMailslotQueryInformation";
        MAILSLOT_SET_INFORMATION = 27 => "FileMailslotSetInformation";
        COMPRESSION_INFORMATION = 28 => "FileCompressionInformation";
        OBJECT_ID_INFORMATION = 29 => "FileObjectIdInformation";
        COMPLETION_INFORMATION = 30 => "FileCompletionInformation";
        MOVE_CLUSTER_INFORMATION = 31 => "FileMoveClusterInformation";
        QUOTA_INFORMATION = 32 => "FileQuotaInformation";
        REPARSE_POINT_INFORMATION = 33 => "FileReparsePointInformation";
        NETWORK_OPEN_INFORMATION = 34 => "FileNetworkOpenInformation";
        ATTRIBUTE_TAG_INFORMATION = 35 => "FileAttributeTagInformation";
        TRACKING_INFORMATION = 36 => "FileTrackingInformation";
        ID_BOTH_DIRECTORY_INFORMATION = 37 => "FileIdBothDirectoryInformation";
        ID_FULL_DIRECTORY_INFORMATION = 38 => "FileIdFullDirectoryInformation";
        VALID_DATA_LENGTH_INFORMATION = 39 => "FileValidDataLengthInformation";
        SHORT_NAME_INFORMATION = 40 => "FileShortNameInformation";
        SFIO_RESERVE_INFORMATION = 44 => "FileSfioReserveInformation";
        SFIO_VOLUME_INFORMATION = 45 => "FileSfioVolumeInformation";
        HARD_LINK_INFORMATION = 46 => "FileHardLinkInformation";
        NORMALIZED_NAME_INFORMATION = 48 => "FileNormalizedNameInformation";
        ID_GLOBAL_TX_DIRECTORY_INFORMATION = 50 => "FileIdGlobalTxDirectoryInformation";
        STANDARD_LINK_INFORMATION = 54 => "FileStandardLinkInformation";
        ID_INFORMATION = 59 => "FileIdInformation";
        ID_EXTD_DIRECTORY_INFORMATION = 60 => "FileIdExtdDirectoryInformation";
        HARD_LINK_FULL_ID_INFORMATION = 62 => "FileHardLinkFullIdInformation";
        ID_EXTD_BOTH_DIRECTORY_INFORMATION = 63 => "FileIdExtdBothDirectoryInformation";
        DISPOSITION_INFORMATION_EX = 64 => "FileDispositionInformationEx";
        RENAME_INFORMATION_EX = 65 => "FileRenameInformationEx";
        STAT_INFORMATION = 68 => "FileStatInformation";
        STAT_LX_INFORMATION = 70 => "FileStatLxInformation";
        CASE_SENSITIVE_INFORMATION = 71 => "FileCaseSensitiveInformation";
        LINK_INFORMATION_EX = 72 => "FileLinkInformationEx";
        STAT_BASIC_INFORMATION = 77 => "FileStatBasicInformation";
        ID64_EXTD_DIRECTORY_INFORMATION = 78 => "FileId64ExtdDirectoryInformation";
        ID64_EXTD_BOTH_DIRECTORY_INFORMATION = 79 => "FileId64ExtdBothDirectoryInformation";
        ID_ALL_EXTD_DIRECTORY_INFORMATION = 80 => "FileIdAllExtdDirectoryInformation";
        ID_ALL_EXTD_BOTH_DIRECTORY_INFORMATION = 81 => "FileIdAllExtdBothDirectoryInformation";
    }
}

named_numbers! {
    /// A class of volume information. [MS-FSCC] 2.5
    FsInformationClass(u32), prefix "" {
        VOLUME_INFORMATION = 1 => "FileFsVolumeInformation";
        LABEL_INFORMATION = 2 => "FileFsLabelInformation";
        SIZE_INFORMATION = 3 => "FileFsSizeInformation";
        DEVICE_INFORMATION = 4 => "FileFsDeviceInformation";
        ATTRIBUTE_INFORMATION = 5 => "FileFsAttributeInformation";
        CONTROL_INFORMATION = 6 => "FileFsControlInformation";
        FULL_SIZE_INFORMATION = 7 => "FileFsFullSizeInformation";
        OBJECT_ID_INFORMATION = 8 => "FileFsObjectIdInformation";
        DRIVER_PATH_INFORMATION = 9 => "FileFsDriverPathInformation";
        VOLUME_FLAGS_INFORMATION = 10 => "FileFsVolumeFlagsInformation";
        SECTOR_SIZE_INFORMATION = 11 => "FileFsSectorSizeInformation";
    }
}
crate::named_debug!(FileInformationClass);
crate::named_debug!(FsInformationClass);
