//! [MS-ERREF] 2.2: Win32 error codes, and how an NTSTATUS becomes one.
use crate::{NtStatus, named_numbers};

named_numbers! {
    /// A Win32 error number, as GetLastError gives it. [MS-ERREF] 2.2
    Win32Error(u32), prefix "ERROR_" {
        SUCCESS = 0;
        INVALID_FUNCTION = 1;
        FILE_NOT_FOUND = 2;
        PATH_NOT_FOUND = 3;
        TOO_MANY_OPEN_FILES = 4;
        ACCESS_DENIED = 5;
        INVALID_HANDLE = 6;
        NOT_ENOUGH_MEMORY = 8;
        NOT_SAME_DEVICE = 17;
        NO_MORE_FILES = 18;
        WRITE_PROTECT = 19;
        NOT_READY = 21;
        BAD_COMMAND = 22;
        CRC = 23;
        BAD_LENGTH = 24;
        GEN_FAILURE = 31;
        SHARING_VIOLATION = 32;
        LOCK_VIOLATION = 33;
        WRONG_DISK = 34;
        HANDLE_EOF = 38;
        HANDLE_DISK_FULL = 39;
        NOT_SUPPORTED = 50;
        DUP_NAME = 52;
        BAD_NETPATH = 53;
        BAD_NET_RESP = 58;
        UNEXP_NET_ERR = 59;
        NETNAME_DELETED = 64;
        BAD_NET_NAME = 67;
        REQ_NOT_ACCEP = 71;
        FILE_EXISTS = 80;
        INVALID_PASSWORD = 86;
        INVALID_PARAMETER = 87;
        BROKEN_PIPE = 109;
        DISK_FULL = 112;
        SEM_TIMEOUT = 121;
        INSUFFICIENT_BUFFER = 122;
        INVALID_NAME = 123;
        DIR_NOT_EMPTY = 145;
        NOT_LOCKED = 158;
        BAD_PATHNAME = 161;
        BUSY = 170;
        ALREADY_EXISTS = 183;
        FILENAME_EXCED_RANGE = 206;
        BAD_PIPE = 230;
        PIPE_BUSY = 231;
        PIPE_NOT_CONNECTED = 233;
        MORE_DATA = 234;
        INVALID_EA_NAME = 254;
        EA_LIST_INCONSISTENT = 255;
        NO_MORE_ITEMS = 259;
        DIRECTORY = 267;
        EAS_NOT_SUPPORTED = 282;
        OPLOCK_NOT_GRANTED = 300;
        INVALID_OPLOCK_PROTOCOL = 301;
        OBJECT_NOT_EXTERNALLY_BACKED = 342;
        EXTERNAL_BACKING_PROVIDER_UNKNOWN = 343;
        COMPRESSION_NOT_BENEFICIAL = 344;
        UNTRUSTED_MOUNT_POINT = 448;
        ARITHMETIC_OVERFLOW = 534;
        FS_DRIVER_REQUIRED = 588;
        STOPPED_ON_SYMLINK = 681;
        REPARSE = 741;
        NOTIFY_CLEANUP = 745;
        REPARSE_OBJECT = 755;
        OPERATION_ABORTED = 995;
        IO_PENDING = 997;
        UNRECOGNIZED_VOLUME = 1005;
        FILE_INVALID = 1006;
        NO_TOKEN = 1008;
        NOTIFY_ENUM_DIR = 1022;
        MEDIA_CHANGED = 1110;
        IO_DEVICE = 1117;
        TOO_MANY_LINKS = 1142;
        NOT_FOUND = 1168;
        NO_MATCH = 1169;
        JOURNAL_NOT_ACTIVE = 1179;
        NETWORK_UNREACHABLE = 1231;
        HOST_UNREACHABLE = 1232;
        RETRY = 1237;
        PKINIT_FAILURE = 1263;
        DOWNGRADE_DETECTED = 1265;
        NO_QUOTAS_FOR_ACCOUNT = 1302;
        UNKNOWN_REVISION = 1305;
        INVALID_OWNER = 1307;
        NO_SUCH_LOGON_SESSION = 1312;
        NO_SUCH_PRIVILEGE = 1313;
        PRIVILEGE_NOT_HELD = 1314;
        NO_SUCH_USER = 1317;
        PASSWORD_RESTRICTION = 1325;
        LOGON_FAILURE = 1326;
        ACCOUNT_RESTRICTION = 1327;
        INVALID_LOGON_HOURS = 1328;
        INVALID_WORKSTATION = 1329;
        PASSWORD_EXPIRED = 1330;
        ACCOUNT_DISABLED = 1331;
        NONE_MAPPED = 1332;
        INVALID_ACL = 1336;
        INVALID_SID = 1337;
        INVALID_SECURITY_DESCR = 1338;
        BAD_IMPERSONATION_LEVEL = 1346;
        NO_SECURITY_ON_OBJECT = 1350;
        NO_SUCH_DOMAIN = 1355;
        INTERNAL_ERROR = 1359;
        LOGON_TYPE_NOT_GRANTED = 1385;
        FILE_CORRUPT = 1392;
        DISK_CORRUPT = 1393;
        NO_USER_SESSION_KEY = 1394;
        NO_SYSTEM_RESOURCES = 1450;
        SYMLINK_CLASS_DISABLED = 1463;
        INVALID_USER_BUFFER = 1784;
        TRUSTED_RELATIONSHIP_FAILURE = 1789;
        TRUST_FAILURE = 1790;
        NETLOGON_NOT_STARTED = 1792;
        ACCOUNT_EXPIRED = 1793;
        NOT_ENOUGH_QUOTA = 1816;
        PASSWORD_MUST_CHANGE = 1907;
        DOMAIN_CONTROLLER_NOT_FOUND = 1908;
        ACCOUNT_LOCKED_OUT = 1909;
        CANT_ACCESS_FILE = 1920;
        CANT_RESOLVE_FILENAME = 1921;
        NOT_A_REPARSE_POINT = 4390;
        REPARSE_ATTRIBUTE_CONFLICT = 4391;
        INVALID_REPARSE_DATA = 4392;
        REPARSE_TAG_INVALID = 4393;
        REPARSE_TAG_MISMATCH = 4394;
        REPARSE_POINT_ENCOUNTERED = 4395;
        OBJECT_ALREADY_EXISTS = 5010;
    }
}

impl NtStatus {
    /// The Win32 error that RtlNtStatusToDosError gives for this status, where we know it.
    pub fn win32(self) -> Option<Win32Error> {
        Some(match self {
            NtStatus::SUCCESS => Win32Error::SUCCESS,
            NtStatus::NOT_IMPLEMENTED | NtStatus::INVALID_DEVICE_REQUEST | NtStatus::VOLUME_NOT_UPGRADED => {
                Win32Error::INVALID_FUNCTION
            }
            NtStatus::NO_SUCH_DEVICE
            | NtStatus::NO_SUCH_FILE
            | NtStatus::OBJECT_NAME_NOT_FOUND
            | NtStatus::OBJECTID_NOT_FOUND => Win32Error::FILE_NOT_FOUND,
            NtStatus::OBJECT_PATH_NOT_FOUND => Win32Error::PATH_NOT_FOUND,
            NtStatus::TOO_MANY_OPENED_FILES => Win32Error::TOO_MANY_OPEN_FILES,
            NtStatus::ACCESS_DENIED
            | NtStatus::DELETE_PENDING
            | NtStatus::FILE_IS_A_DIRECTORY
            | NtStatus::CANNOT_DELETE
            | NtStatus::FILE_DELETED => Win32Error::ACCESS_DENIED,
            NtStatus::INVALID_HANDLE | NtStatus::OBJECT_TYPE_MISMATCH | NtStatus::FILE_CLOSED => {
                Win32Error::INVALID_HANDLE
            }
            NtStatus::NO_MEMORY => Win32Error::NOT_ENOUGH_MEMORY,
            NtStatus::NOT_SAME_DEVICE => Win32Error::NOT_SAME_DEVICE,
            NtStatus::NO_MORE_FILES => Win32Error::NO_MORE_FILES,
            NtStatus::MEDIA_WRITE_PROTECTED => Win32Error::WRITE_PROTECT,
            NtStatus::VOLUME_DISMOUNTED => Win32Error::NOT_READY,
            NtStatus::INVALID_DEVICE_STATE => Win32Error::BAD_COMMAND,
            NtStatus::DATA_ERROR | NtStatus::DEVICE_DATA_ERROR => Win32Error::CRC,
            NtStatus::INFO_LENGTH_MISMATCH => Win32Error::BAD_LENGTH,
            NtStatus::UNSUCCESSFUL => Win32Error::GEN_FAILURE,
            NtStatus::SHARING_VIOLATION => Win32Error::SHARING_VIOLATION,
            NtStatus::FILE_LOCK_CONFLICT | NtStatus::LOCK_NOT_GRANTED => Win32Error::LOCK_VIOLATION,
            NtStatus::WRONG_VOLUME => Win32Error::WRONG_DISK,
            NtStatus::END_OF_FILE | NtStatus::FILE_FORCED_CLOSED => Win32Error::HANDLE_EOF,
            NtStatus::NOT_SUPPORTED => Win32Error::NOT_SUPPORTED,
            NtStatus::DUPLICATE_NAME => Win32Error::DUP_NAME,
            NtStatus::BAD_NETWORK_PATH => Win32Error::BAD_NETPATH,
            NtStatus::INVALID_NETWORK_RESPONSE => Win32Error::BAD_NET_RESP,
            NtStatus::USER_SESSION_DELETED => Win32Error::UNEXP_NET_ERR,
            NtStatus::NETWORK_NAME_DELETED
            | NtStatus::CONNECTION_DISCONNECTED
            | NtStatus::CONNECTION_RESET => Win32Error::NETNAME_DELETED,
            NtStatus::BAD_NETWORK_NAME => Win32Error::BAD_NET_NAME,
            NtStatus::REQUEST_NOT_ACCEPTED => Win32Error::REQ_NOT_ACCEP,
            NtStatus::WRONG_PASSWORD => Win32Error::INVALID_PASSWORD,
            NtStatus::INVALID_INFO_CLASS
            | NtStatus::INVALID_PARAMETER
            | NtStatus::INVALID_PARAMETER_1
            | NtStatus::INVALID_PARAMETER_2
            | NtStatus::INVALID_PARAMETER_3
            | NtStatus::INVALID_PARAMETER_4 => Win32Error::INVALID_PARAMETER,
            NtStatus::PIPE_BROKEN => Win32Error::BROKEN_PIPE,
            NtStatus::DISK_FULL => Win32Error::DISK_FULL,
            NtStatus::IO_TIMEOUT => Win32Error::SEM_TIMEOUT,
            NtStatus::BUFFER_TOO_SMALL => Win32Error::INSUFFICIENT_BUFFER,
            NtStatus::OBJECT_NAME_INVALID => Win32Error::INVALID_NAME,
            NtStatus::DIRECTORY_NOT_EMPTY => Win32Error::DIR_NOT_EMPTY,
            NtStatus::RANGE_NOT_LOCKED => Win32Error::NOT_LOCKED,
            NtStatus::OBJECT_PATH_INVALID
            | NtStatus::OBJECT_PATH_SYNTAX_BAD
            | NtStatus::DIRECTORY_IS_A_REPARSE_POINT => Win32Error::BAD_PATHNAME,
            NtStatus::DEVICE_BUSY => Win32Error::BUSY,
            NtStatus::OBJECT_NAME_COLLISION => Win32Error::ALREADY_EXISTS,
            NtStatus::NAME_TOO_LONG => Win32Error::FILENAME_EXCED_RANGE,
            NtStatus::INVALID_PIPE_STATE => Win32Error::BAD_PIPE,
            NtStatus::PIPE_NOT_AVAILABLE | NtStatus::PIPE_BUSY => Win32Error::PIPE_BUSY,
            NtStatus::PIPE_DISCONNECTED => Win32Error::PIPE_NOT_CONNECTED,
            NtStatus::BUFFER_OVERFLOW | NtStatus::MORE_PROCESSING_REQUIRED => Win32Error::MORE_DATA,
            NtStatus::INVALID_EA_NAME => Win32Error::INVALID_EA_NAME,
            NtStatus::EA_LIST_INCONSISTENT | NtStatus::EA_TOO_LARGE | NtStatus::INVALID_EA_FLAG => {
                Win32Error::EA_LIST_INCONSISTENT
            }
            NtStatus::NO_MORE_ENTRIES | NtStatus::NO_MORE_EAS => Win32Error::NO_MORE_ITEMS,
            NtStatus::NOT_A_DIRECTORY => Win32Error::DIRECTORY,
            NtStatus::EAS_NOT_SUPPORTED => Win32Error::EAS_NOT_SUPPORTED,
            NtStatus::OPLOCK_NOT_GRANTED => Win32Error::OPLOCK_NOT_GRANTED,
            NtStatus::INVALID_OPLOCK_PROTOCOL => Win32Error::INVALID_OPLOCK_PROTOCOL,
            NtStatus::UNTRUSTED_MOUNT_POINT => Win32Error::UNTRUSTED_MOUNT_POINT,
            NtStatus::INTEGER_OVERFLOW => Win32Error::ARITHMETIC_OVERFLOW,
            NtStatus::FS_DRIVER_REQUIRED => Win32Error::FS_DRIVER_REQUIRED,
            NtStatus::STOPPED_ON_SYMLINK => Win32Error::STOPPED_ON_SYMLINK,
            NtStatus::REPARSE => Win32Error::REPARSE,
            NtStatus::NOTIFY_CLEANUP => Win32Error::NOTIFY_CLEANUP,
            NtStatus::REPARSE_OBJECT => Win32Error::REPARSE_OBJECT,
            NtStatus::CANCELLED => Win32Error::OPERATION_ABORTED,
            NtStatus::PENDING => Win32Error::IO_PENDING,
            NtStatus::UNRECOGNIZED_VOLUME => Win32Error::UNRECOGNIZED_VOLUME,
            NtStatus::FILE_INVALID => Win32Error::FILE_INVALID,
            NtStatus::NO_TOKEN => Win32Error::NO_TOKEN,
            NtStatus::NOTIFY_ENUM_DIR => Win32Error::NOTIFY_ENUM_DIR,
            NtStatus::VERIFY_REQUIRED => Win32Error::MEDIA_CHANGED,
            NtStatus::IO_DEVICE_ERROR => Win32Error::IO_DEVICE,
            NtStatus::TOO_MANY_LINKS => Win32Error::TOO_MANY_LINKS,
            NtStatus::NOT_FOUND => Win32Error::NOT_FOUND,
            NtStatus::NO_MATCH => Win32Error::NO_MATCH,
            NtStatus::JOURNAL_NOT_ACTIVE => Win32Error::JOURNAL_NOT_ACTIVE,
            NtStatus::NETWORK_UNREACHABLE => Win32Error::NETWORK_UNREACHABLE,
            NtStatus::PATH_NOT_COVERED => Win32Error::HOST_UNREACHABLE,
            NtStatus::RETRY => Win32Error::RETRY,
            NtStatus::PKINIT_FAILURE => Win32Error::PKINIT_FAILURE,
            NtStatus::DOWNGRADE_DETECTED => Win32Error::DOWNGRADE_DETECTED,
            NtStatus::NO_QUOTAS_FOR_ACCOUNT => Win32Error::NO_QUOTAS_FOR_ACCOUNT,
            NtStatus::UNKNOWN_REVISION => Win32Error::UNKNOWN_REVISION,
            NtStatus::INVALID_OWNER => Win32Error::INVALID_OWNER,
            NtStatus::NO_SUCH_LOGON_SESSION => Win32Error::NO_SUCH_LOGON_SESSION,
            NtStatus::NO_SUCH_PRIVILEGE => Win32Error::NO_SUCH_PRIVILEGE,
            NtStatus::PRIVILEGE_NOT_HELD => Win32Error::PRIVILEGE_NOT_HELD,
            NtStatus::NO_SUCH_USER => Win32Error::NO_SUCH_USER,
            NtStatus::PASSWORD_RESTRICTION => Win32Error::PASSWORD_RESTRICTION,
            NtStatus::LOGON_FAILURE => Win32Error::LOGON_FAILURE,
            NtStatus::ACCOUNT_RESTRICTION => Win32Error::ACCOUNT_RESTRICTION,
            NtStatus::INVALID_LOGON_HOURS => Win32Error::INVALID_LOGON_HOURS,
            NtStatus::INVALID_WORKSTATION => Win32Error::INVALID_WORKSTATION,
            NtStatus::PASSWORD_EXPIRED => Win32Error::PASSWORD_EXPIRED,
            NtStatus::ACCOUNT_DISABLED => Win32Error::ACCOUNT_DISABLED,
            NtStatus::NONE_MAPPED => Win32Error::NONE_MAPPED,
            NtStatus::INVALID_ACL => Win32Error::INVALID_ACL,
            NtStatus::INVALID_SID => Win32Error::INVALID_SID,
            NtStatus::INVALID_SECURITY_DESCR => Win32Error::INVALID_SECURITY_DESCR,
            NtStatus::BAD_IMPERSONATION_LEVEL => Win32Error::BAD_IMPERSONATION_LEVEL,
            NtStatus::NO_SECURITY_ON_OBJECT => Win32Error::NO_SECURITY_ON_OBJECT,
            NtStatus::NO_SUCH_DOMAIN => Win32Error::NO_SUCH_DOMAIN,
            NtStatus::INTERNAL_ERROR => Win32Error::INTERNAL_ERROR,
            NtStatus::LOGON_TYPE_NOT_GRANTED => Win32Error::LOGON_TYPE_NOT_GRANTED,
            NtStatus::NONEXISTENT_EA_ENTRY
            | NtStatus::NO_EAS_ON_FILE
            | NtStatus::EA_CORRUPT_ERROR
            | NtStatus::FILE_CORRUPT_ERROR => Win32Error::FILE_CORRUPT,
            NtStatus::DISK_CORRUPT_ERROR => Win32Error::DISK_CORRUPT,
            NtStatus::NETWORK_SESSION_EXPIRED => Win32Error::NO_USER_SESSION_KEY,
            NtStatus::INSUFFICIENT_RESOURCES => Win32Error::NO_SYSTEM_RESOURCES,
            NtStatus::SYMLINK_CLASS_DISABLED => Win32Error::SYMLINK_CLASS_DISABLED,
            NtStatus::INVALID_USER_BUFFER | NtStatus::INVALID_BUFFER_SIZE => Win32Error::INVALID_USER_BUFFER,
            NtStatus::TRUSTED_RELATIONSHIP_FAILURE => Win32Error::TRUSTED_RELATIONSHIP_FAILURE,
            NtStatus::TRUST_FAILURE => Win32Error::TRUST_FAILURE,
            NtStatus::NETLOGON_NOT_STARTED => Win32Error::NETLOGON_NOT_STARTED,
            NtStatus::ACCOUNT_EXPIRED => Win32Error::ACCOUNT_EXPIRED,
            NtStatus::QUOTA_EXCEEDED => Win32Error::NOT_ENOUGH_QUOTA,
            NtStatus::PASSWORD_MUST_CHANGE => Win32Error::PASSWORD_MUST_CHANGE,
            NtStatus::DOMAIN_CONTROLLER_NOT_FOUND => Win32Error::DOMAIN_CONTROLLER_NOT_FOUND,
            NtStatus::ACCOUNT_LOCKED_OUT => Win32Error::ACCOUNT_LOCKED_OUT,
            NtStatus::IO_REPARSE_TAG_NOT_HANDLED => Win32Error::CANT_ACCESS_FILE,
            NtStatus::REPARSE_POINT_NOT_RESOLVED => Win32Error::CANT_RESOLVE_FILENAME,
            NtStatus::NOT_A_REPARSE_POINT => Win32Error::NOT_A_REPARSE_POINT,
            NtStatus::REPARSE_ATTRIBUTE_CONFLICT => Win32Error::REPARSE_ATTRIBUTE_CONFLICT,
            NtStatus::IO_REPARSE_DATA_INVALID => Win32Error::INVALID_REPARSE_DATA,
            NtStatus::IO_REPARSE_TAG_INVALID => Win32Error::REPARSE_TAG_INVALID,
            NtStatus::IO_REPARSE_TAG_MISMATCH => Win32Error::REPARSE_TAG_MISMATCH,
            NtStatus::REPARSE_POINT_ENCOUNTERED => Win32Error::REPARSE_POINT_ENCOUNTERED,
            NtStatus::DUPLICATE_OBJECTID | NtStatus::OBJECTID_EXISTS => Win32Error::OBJECT_ALREADY_EXISTS,
            _ => return None,
        })
    }
}

impl core::fmt::Display for Win32Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => write!(f, "Win32 error {}", self.0),
        }
    }
}

impl core::fmt::Debug for Win32Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for Win32Error {}
