//! [MS-LSAD] 3.1.1.2.1: privileges.
use crate::named_numbers;

named_numbers! {
    /// A set of privileges, one bit each: the bit's number is the low part of the privilege's LUID. [MS-LSAD] 3.1.1.2.1
    Privileges(u64), prefix "" {
        CREATE_TOKEN = 1 << 2 => "SeCreateTokenPrivilege";
        ASSIGNPRIMARYTOKEN = 1 << 3 => "SeAssignPrimaryTokenPrivilege";
        LOCK_MEMORY = 1 << 4 => "SeLockMemoryPrivilege";
        INCREASE_QUOTA = 1 << 5 => "SeIncreaseQuotaPrivilege";
        MACHINE_ACCOUNT = 1 << 6 => "SeMachineAccountPrivilege";
        TCB = 1 << 7 => "SeTcbPrivilege";
        SECURITY = 1 << 8 => "SeSecurityPrivilege";
        TAKE_OWNERSHIP = 1 << 9 => "SeTakeOwnershipPrivilege";
        LOAD_DRIVER = 1 << 10 => "SeLoadDriverPrivilege";
        SYSTEM_PROFILE = 1 << 11 => "SeSystemProfilePrivilege";
        SYSTEMTIME = 1 << 12 => "SeSystemtimePrivilege";
        PROF_SINGLE_PROCESS = 1 << 13 => "SeProfileSingleProcessPrivilege";
        INC_BASE_PRIORITY = 1 << 14 => "SeIncreaseBasePriorityPrivilege";
        CREATE_PAGEFILE = 1 << 15 => "SeCreatePagefilePrivilege";
        CREATE_PERMANENT = 1 << 16 => "SeCreatePermanentPrivilege";
        BACKUP = 1 << 17 => "SeBackupPrivilege";
        RESTORE = 1 << 18 => "SeRestorePrivilege";
        SHUTDOWN = 1 << 19 => "SeShutdownPrivilege";
        DEBUG = 1 << 20 => "SeDebugPrivilege";
        AUDIT = 1 << 21 => "SeAuditPrivilege";
        SYSTEM_ENVIRONMENT = 1 << 22 => "SeSystemEnvironment";
        CHANGE_NOTIFY = 1 << 23 => "SeChangeNotifyPrivilege";
        REMOTE_SHUTDOWN = 1 << 24 => "SeRemoteShutdownPrivilege";
        UNDOCK = 1 << 25 => "SeUndockPrivilege";
        SYNC_AGENT = 1 << 26 => "SeSyncAgentPrivilege";
        ENABLE_DELEGATION = 1 << 27 => "SeEnableDelegationPrivilege";
        MANAGE_VOLUME = 1 << 28 => "SeManageVolumePrivilege";
        IMPERSONATE = 1 << 29 => "SeImpersonatePrivilege";
        CREATE_GLOBAL = 1 << 30 => "SeCreateGlobalPrivilege";
        TRUSTED_CREDMAN_ACCESS = 1 << 31 => "SeTrustedCredManAccessPrivilege";
        RELABEL = 1 << 32 => "SeRelabelPrivilege";
        INC_WORKING_SET = 1 << 33 => "SeIncreaseWorkingSetPrivilege";
        TIME_ZONE = 1 << 34 => "SeTimeZonePrivilege";
        CREATE_SYMBOLIC_LINK = 1 << 35 => "SeCreateSymbolicLinkPrivilege";
    }
}
crate::bit_set!(Privileges);
