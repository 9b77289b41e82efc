/* The Windows names of what <pointsman/winioctl.h> declares. Include that, with POINTSMAN_WINDOWS_NAMES defined. */
#ifndef POINTSMAN_WINDOWS_NAMES_H
#define POINTSMAN_WINDOWS_NAMES_H

#include <stdlib.h>
#include <string.h>
#include "winerror.h"
#include "reparse_tags.h"

/* --- Types -------------------------------------------------------------------------------------------------------- */

#define IN
#define OUT
#define OPTIONAL
#define FAR
#define _In_
#define _In_opt_
#define _In_z_
#define _Out_
#define _Out_opt_
#define _Inout_
#define _Inout_opt_
#ifndef __declspec
#define __declspec(what)
#endif
#define __cdecl
#define __stdcall
#define DUMMYUNIONNAME
#define DUMMYSTRUCTNAME
#define WINAPI
#define APIENTRY
#define CALLBACK
#define NTAPI
#define CONST const
#define VOID void

typedef int32_t BOOL, *PBOOL, *LPBOOL;
typedef uint8_t BYTE, *PBYTE, *LPBYTE, BOOLEAN, *PBOOLEAN, UCHAR, *PUCHAR;
typedef char CHAR, *PCHAR, *LPSTR, *PSTR;
typedef const char *LPCSTR, *PCSTR;
typedef uint16_t WORD, *PWORD, *LPWORD, USHORT, *PUSHORT;
typedef int16_t SHORT;
typedef int32_t INT, LONG, *PLONG, NTSTATUS, HRESULT;
typedef uint32_t UINT, DWORD, *PDWORD, *LPDWORD, ULONG, *PULONG, ULONG32, ACCESS_MASK;
typedef int64_t LONGLONG, LONG64, INT64;
typedef uint64_t ULONGLONG, DWORDLONG, DWORD64, ULONG64, UINT64;
typedef uintptr_t ULONG_PTR, *PULONG_PTR, DWORD_PTR, UINT_PTR;
typedef intptr_t LONG_PTR, INT_PTR;
typedef size_t SIZE_T;
typedef void *PVOID, *LPVOID;
typedef const void *LPCVOID;
typedef PointsmanWchar WCHAR, *PWCHAR, *LPWSTR, *PWSTR;
typedef const PointsmanWchar *LPCWSTR, *PCWSTR;
typedef PointsmanHandle HANDLE, *PHANDLE, *LPHANDLE;

#if __SIZEOF_WCHAR_T__ == 2
#define POINTSMAN_TEXT_(text) L##text
#else
#define POINTSMAN_TEXT_(text) u##text
#endif
#ifdef UNICODE
typedef WCHAR TCHAR, *PTCHAR, *LPTSTR, *PTSTR;
typedef LPCWSTR LPCTSTR, PCTSTR;
#define TEXT(text) POINTSMAN_TEXT_(text)
#else
typedef char TCHAR, *PTCHAR, *LPTSTR, *PTSTR;
typedef LPCSTR LPCTSTR, PCTSTR;
#define TEXT(text) text
#endif

typedef union _LARGE_INTEGER {
    __extension__ struct {
        DWORD LowPart;
        LONG HighPart;
    };
    struct {
        DWORD LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    __extension__ struct {
        DWORD LowPart;
        DWORD HighPart;
    };
    struct {
        DWORD LowPart;
        DWORD HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

#ifndef GUID_DEFINED
#define GUID_DEFINED
typedef struct _GUID {
    DWORD Data1;
    WORD Data2;
    WORD Data3;
    BYTE Data4[8];
} GUID;
#endif

typedef PointsmanOverlapped OVERLAPPED, *POVERLAPPED, *LPOVERLAPPED;
typedef PointsmanOverlappedEntry OVERLAPPED_ENTRY, *LPOVERLAPPED_ENTRY;
typedef PointsmanSecurityAttributes SECURITY_ATTRIBUTES, *PSECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;
typedef PointsmanFileTime FILETIME, *PFILETIME, *LPFILETIME;
typedef PointsmanFindData WIN32_FIND_DATAW, *PWIN32_FIND_DATAW, *LPWIN32_FIND_DATAW;
typedef PointsmanLuid LUID, *PLUID;
typedef PointsmanLuidAndAttributes LUID_AND_ATTRIBUTES, *PLUID_AND_ATTRIBUTES;
typedef PointsmanTokenPrivileges TOKEN_PRIVILEGES, *PTOKEN_PRIVILEGES;
typedef PointsmanUnicodeString UNICODE_STRING, *PUNICODE_STRING;
typedef PointsmanObjectAttributes OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;
typedef PointsmanIoStatusBlock IO_STATUS_BLOCK, *PIO_STATUS_BLOCK;

typedef struct _REPARSE_GUID_DATA_BUFFER {
    DWORD ReparseTag;
    WORD ReparseDataLength;
    WORD Reserved;
    GUID ReparseGuid;
    struct {
        BYTE DataBuffer[1];
    } GenericReparseBuffer;
} REPARSE_GUID_DATA_BUFFER, *PREPARSE_GUID_DATA_BUFFER;

typedef enum _FILE_INFO_BY_HANDLE_CLASS {
    FileBasicInfo = 0,
    FileStandardInfo = 1,
    FileNameInfo = 2,
    FileRenameInfo = 3,
    FileDispositionInfo = 4,
    FileAllocationInfo = 5,
    FileEndOfFileInfo = 6,
    FileStreamInfo = 7,
    FileCompressionInfo = 8,
    FileAttributeTagInfo = 9,
    FileIdBothDirectoryInfo = 10,
    FileIdBothDirectoryRestartInfo = 11,
    FileFullDirectoryInfo = 14,
    FileFullDirectoryRestartInfo = 15,
    FileAlignmentInfo = 17,
    FileIdInfo = 18,
    FileIdExtdDirectoryInfo = 19,
    FileIdExtdDirectoryRestartInfo = 20,
    FileDispositionInfoEx = 21,
    FileRenameInfoEx = 22
} FILE_INFO_BY_HANDLE_CLASS, *PFILE_INFO_BY_HANDLE_CLASS;

typedef struct _FILE_BASIC_INFO {
    LARGE_INTEGER CreationTime;
    LARGE_INTEGER LastAccessTime;
    LARGE_INTEGER LastWriteTime;
    LARGE_INTEGER ChangeTime;
    DWORD FileAttributes;
} FILE_BASIC_INFO, *PFILE_BASIC_INFO;

typedef struct _FILE_STANDARD_INFO {
    LARGE_INTEGER AllocationSize;
    LARGE_INTEGER EndOfFile;
    DWORD NumberOfLinks;
    BOOLEAN DeletePending;
    BOOLEAN Directory;
} FILE_STANDARD_INFO, *PFILE_STANDARD_INFO;

typedef struct _FILE_NAME_INFO {
    DWORD FileNameLength;
    WCHAR FileName[1];
} FILE_NAME_INFO, *PFILE_NAME_INFO;

typedef struct _FILE_RENAME_INFO {
    __extension__ union {
        BOOLEAN ReplaceIfExists;
        DWORD Flags;
    };
    HANDLE RootDirectory;
    DWORD FileNameLength;
    WCHAR FileName[1];
} FILE_RENAME_INFO, *PFILE_RENAME_INFO;

typedef struct _FILE_DISPOSITION_INFO {
    BOOLEAN DeleteFile;
} FILE_DISPOSITION_INFO, *PFILE_DISPOSITION_INFO;

typedef struct _FILE_DISPOSITION_INFO_EX {
    DWORD Flags;
} FILE_DISPOSITION_INFO_EX, *PFILE_DISPOSITION_INFO_EX;

typedef struct _FILE_ALLOCATION_INFO {
    LARGE_INTEGER AllocationSize;
} FILE_ALLOCATION_INFO, *PFILE_ALLOCATION_INFO;

typedef struct _FILE_END_OF_FILE_INFO {
    LARGE_INTEGER EndOfFile;
} FILE_END_OF_FILE_INFO, *PFILE_END_OF_FILE_INFO;

typedef struct _FILE_STREAM_INFO {
    DWORD NextEntryOffset;
    DWORD StreamNameLength;
    LARGE_INTEGER StreamSize;
    LARGE_INTEGER StreamAllocationSize;
    WCHAR StreamName[1];
} FILE_STREAM_INFO, *PFILE_STREAM_INFO;

typedef struct _FILE_COMPRESSION_INFO {
    LARGE_INTEGER CompressedFileSize;
    WORD CompressionFormat;
    UCHAR CompressionUnitShift;
    UCHAR ChunkShift;
    UCHAR ClusterShift;
    UCHAR Reserved[3];
} FILE_COMPRESSION_INFO, *PFILE_COMPRESSION_INFO;

typedef struct _FILE_ATTRIBUTE_TAG_INFO {
    DWORD FileAttributes;
    DWORD ReparseTag;
} FILE_ATTRIBUTE_TAG_INFO, *PFILE_ATTRIBUTE_TAG_INFO;

typedef struct _FILE_ALIGNMENT_INFO {
    ULONG AlignmentRequirement;
} FILE_ALIGNMENT_INFO, *PFILE_ALIGNMENT_INFO;

typedef struct _FILE_ID_128 {
    BYTE Identifier[16];
} FILE_ID_128, *PFILE_ID_128;

typedef struct _FILE_ID_INFO {
    ULONGLONG VolumeSerialNumber;
    FILE_ID_128 FileId;
} FILE_ID_INFO, *PFILE_ID_INFO;

typedef struct _FILE_ID_BOTH_DIR_INFO {
    DWORD NextEntryOffset;
    DWORD FileIndex;
    LARGE_INTEGER CreationTime;
    LARGE_INTEGER LastAccessTime;
    LARGE_INTEGER LastWriteTime;
    LARGE_INTEGER ChangeTime;
    LARGE_INTEGER EndOfFile;
    LARGE_INTEGER AllocationSize;
    DWORD FileAttributes;
    DWORD FileNameLength;
    DWORD EaSize;
    signed char ShortNameLength;
    WCHAR ShortName[12];
    LARGE_INTEGER FileId;
    WCHAR FileName[1];
} FILE_ID_BOTH_DIR_INFO, *PFILE_ID_BOTH_DIR_INFO;

typedef struct _FILE_FULL_DIR_INFO {
    ULONG NextEntryOffset;
    ULONG FileIndex;
    LARGE_INTEGER CreationTime;
    LARGE_INTEGER LastAccessTime;
    LARGE_INTEGER LastWriteTime;
    LARGE_INTEGER ChangeTime;
    LARGE_INTEGER EndOfFile;
    LARGE_INTEGER AllocationSize;
    ULONG FileAttributes;
    ULONG FileNameLength;
    ULONG EaSize;
    WCHAR FileName[1];
} FILE_FULL_DIR_INFO, *PFILE_FULL_DIR_INFO;

typedef struct _FILE_ID_EXTD_DIR_INFO {
    ULONG NextEntryOffset;
    ULONG FileIndex;
    LARGE_INTEGER CreationTime;
    LARGE_INTEGER LastAccessTime;
    LARGE_INTEGER LastWriteTime;
    LARGE_INTEGER ChangeTime;
    LARGE_INTEGER EndOfFile;
    LARGE_INTEGER AllocationSize;
    ULONG FileAttributes;
    ULONG FileNameLength;
    ULONG EaSize;
    ULONG ReparsePointTag;
    FILE_ID_128 FileId;
    WCHAR FileName[1];
} FILE_ID_EXTD_DIR_INFO, *PFILE_ID_EXTD_DIR_INFO;

typedef enum _FINDEX_INFO_LEVELS { FindExInfoStandard = 0, FindExInfoBasic = 1 } FINDEX_INFO_LEVELS;
typedef enum _FINDEX_SEARCH_OPS { FindExSearchNameMatch = 0, FindExSearchLimitToDirectories = 1 } FINDEX_SEARCH_OPS;
typedef enum _TOKEN_INFORMATION_CLASS { TokenPrivileges = 3 } TOKEN_INFORMATION_CLASS;

/* --- Constants ---------------------------------------------------------------------------------------------------- */

#ifndef FALSE
#define FALSE 0
#endif
#ifndef TRUE
#define TRUE 1
#endif
#define CP_ACP 0u
#define CP_OEMCP 1u
#define CP_THREAD_ACP 3u
#define CP_UTF8 65001u
#define MB_PRECOMPOSED 1u
#define MB_ERR_INVALID_CHARS 8u
#define WC_ERR_INVALID_CHARS 0x80u

#define S_OK ((HRESULT)0)
#define S_FALSE ((HRESULT)1)
#define E_FAIL ((HRESULT)0x80004005)
#define E_INVALIDARG ((HRESULT)0x80070057)
#define E_OUTOFMEMORY ((HRESULT)0x8007000E)
#define SUCCEEDED(outcome) ((HRESULT)(outcome) >= 0)
#define FAILED(outcome) ((HRESULT)(outcome) < 0)
#define HRESULT_FROM_WIN32(error) ((HRESULT)(error) <= 0 ? (HRESULT)(error) : (HRESULT)(((error) & 0xFFFFu) | 0x80070000u))

/* The heaps of Windows: there is one here, the C library's. */
#define HEAP_ZERO_MEMORY 8u
#define LMEM_FIXED 0u
#define LMEM_ZEROINIT 0x40u
#define LPTR 0x40u
#define GetProcessHeap() ((HANDLE)1)
#define HeapAlloc(heap, flags, size) ((void)(heap), ((flags) & HEAP_ZERO_MEMORY) ? calloc(1, size) : malloc(size))
#define HeapReAlloc(heap, flags, memory, size) ((void)(heap), (void)(flags), realloc(memory, size))
#define HeapFree(heap, flags, memory) ((void)(heap), (void)(flags), free(memory), 1)
#define LocalAlloc(flags, size) (((flags) & LMEM_ZEROINIT) ? calloc(1, size) : malloc(size))
#define LocalFree(memory) (free(memory), (void *)NULL)

#define GMEM_FIXED 0u
#define GMEM_ZEROINIT 0x40u
#define GPTR 0x40u
#define GlobalAlloc LocalAlloc
#define GlobalFree LocalFree

/* NOMINMAX leaves them out, and so does C++, as for mingw-w64. */
#if !defined(NOMINMAX) && !defined(__cplusplus)
#ifndef min
#define min(a, b) ((a) < (b) ? (a) : (b))
#endif
#ifndef max
#define max(a, b) ((a) > (b) ? (a) : (b))
#endif
#endif

#define MAX_PATH 260
#define ANYSIZE_ARRAY 1
#define INFINITE 0xFFFFFFFFu
#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)
#define INVALID_FILE_ATTRIBUTES ((DWORD)-1)

#define DELETE 0x00010000u
#define READ_CONTROL 0x00020000u
#define WRITE_DAC 0x00040000u
#define WRITE_OWNER 0x00080000u
#define SYNCHRONIZE 0x00100000u
#define MAXIMUM_ALLOWED 0x02000000u
#define GENERIC_READ 0x80000000u
#define GENERIC_WRITE 0x40000000u
#define GENERIC_EXECUTE 0x20000000u
#define GENERIC_ALL 0x10000000u
#define FILE_READ_DATA 0x0001u
#define FILE_LIST_DIRECTORY 0x0001u
#define FILE_WRITE_DATA 0x0002u
#define FILE_ADD_FILE 0x0002u
#define FILE_APPEND_DATA 0x0004u
#define FILE_ADD_SUBDIRECTORY 0x0004u
#define FILE_READ_EA 0x0008u
#define FILE_WRITE_EA 0x0010u
#define FILE_EXECUTE 0x0020u
#define FILE_TRAVERSE 0x0020u
#define FILE_DELETE_CHILD 0x0040u
#define FILE_READ_ATTRIBUTES 0x0080u
#define FILE_WRITE_ATTRIBUTES 0x0100u
#define FILE_ALL_ACCESS 0x001F01FFu
#define FILE_GENERIC_READ 0x00120089u
#define FILE_GENERIC_WRITE 0x00120116u
#define FILE_GENERIC_EXECUTE 0x001200A0u

#define FILE_SHARE_READ 1u
#define FILE_SHARE_WRITE 2u
#define FILE_SHARE_DELETE 4u

#define CREATE_NEW 1u
#define CREATE_ALWAYS 2u
#define OPEN_EXISTING 3u
#define OPEN_ALWAYS 4u
#define TRUNCATE_EXISTING 5u

#define FILE_FLAG_WRITE_THROUGH 0x80000000u
#define FILE_FLAG_OVERLAPPED 0x40000000u
#define FILE_FLAG_NO_BUFFERING 0x20000000u
#define FILE_FLAG_RANDOM_ACCESS 0x10000000u
#define FILE_FLAG_SEQUENTIAL_SCAN 0x08000000u
#define FILE_FLAG_DELETE_ON_CLOSE 0x04000000u
#define FILE_FLAG_BACKUP_SEMANTICS 0x02000000u
#define FILE_FLAG_POSIX_SEMANTICS 0x01000000u
#define FILE_FLAG_OPEN_REPARSE_POINT 0x00200000u
#define FILE_FLAG_OPEN_NO_RECALL 0x00100000u

#define FILE_ATTRIBUTE_READONLY 0x00000001u
#define FILE_ATTRIBUTE_HIDDEN 0x00000002u
#define FILE_ATTRIBUTE_SYSTEM 0x00000004u
#define FILE_ATTRIBUTE_DIRECTORY 0x00000010u
#define FILE_ATTRIBUTE_ARCHIVE 0x00000020u
#define FILE_ATTRIBUTE_NORMAL 0x00000080u
#define FILE_ATTRIBUTE_TEMPORARY 0x00000100u
#define FILE_ATTRIBUTE_SPARSE_FILE 0x00000200u
#define FILE_ATTRIBUTE_REPARSE_POINT 0x00000400u
#define FILE_ATTRIBUTE_COMPRESSED 0x00000800u
#define FILE_ATTRIBUTE_OFFLINE 0x00001000u
#define FILE_ATTRIBUTE_NOT_CONTENT_INDEXED 0x00002000u
#define FILE_ATTRIBUTE_ENCRYPTED 0x00004000u

#define FILE_BEGIN 0u
#define FILE_CURRENT 1u
#define FILE_END 2u

#define MOVEFILE_REPLACE_EXISTING 1u
#define MOVEFILE_COPY_ALLOWED 2u
#define MOVEFILE_DELAY_UNTIL_REBOOT 4u
#define MOVEFILE_WRITE_THROUGH 8u
#define SYMBOLIC_LINK_FLAG_DIRECTORY 1u
#define SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE 2u
#define FILE_DISPOSITION_FLAG_DO_NOT_DELETE 0u
#define FILE_DISPOSITION_FLAG_DELETE 1u
#define FILE_DISPOSITION_FLAG_POSIX_SEMANTICS 2u
#define FILE_DISPOSITION_FLAG_FORCE_IMAGE_SECTION_CHECK 4u
#define FILE_DISPOSITION_FLAG_ON_CLOSE 8u
#define FILE_DISPOSITION_FLAG_IGNORE_READONLY_ATTRIBUTE 0x10u
#define FILE_RENAME_FLAG_REPLACE_IF_EXISTS 1u
#define FILE_RENAME_FLAG_POSIX_SEMANTICS 2u
#define FILE_NAME_NORMALIZED 0u
#define FILE_NAME_OPENED 8u
#define VOLUME_NAME_DOS 0u
#define VOLUME_NAME_GUID 1u
#define VOLUME_NAME_NT 2u
#define VOLUME_NAME_NONE 4u
#define FILE_SKIP_COMPLETION_PORT_ON_SUCCESS 1
#define FILE_SKIP_SET_EVENT_ON_HANDLE 2

#define STATUS_WAIT_0 ((DWORD)0x00000000)
#define STATUS_TIMEOUT ((DWORD)0x00000102)
#define STATUS_PENDING ((DWORD)0x00000103)
#define WAIT_OBJECT_0 0u
#define WAIT_ABANDONED 0x80u
#define WAIT_TIMEOUT 258L
#define NO_ERROR 0L
#define WAIT_FAILED 0xFFFFFFFFu
#define STILL_ACTIVE STATUS_PENDING
#define MAXIMUM_WAIT_OBJECTS 64
#define HasOverlappedIoCompleted(overlapped) \
    ((DWORD)__atomic_load_n(&(overlapped)->Internal, __ATOMIC_ACQUIRE) != STATUS_PENDING)

#define SE_CREATE_SYMBOLIC_LINK_NAME TEXT("SeCreateSymbolicLinkPrivilege")
#define SE_BACKUP_NAME TEXT("SeBackupPrivilege")
#define SE_RESTORE_NAME TEXT("SeRestorePrivilege")
#define SE_PRIVILEGE_ENABLED_BY_DEFAULT 1u
#define SE_PRIVILEGE_ENABLED 2u
#define SE_PRIVILEGE_REMOVED 4u
#define TOKEN_QUERY 0x0008u
#define TOKEN_ADJUST_PRIVILEGES 0x0020u
#define TOKEN_ALL_ACCESS 0x000F01FFu

#define FILE_DEVICE_FILE_SYSTEM 9u
#define METHOD_BUFFERED 0u
#define METHOD_IN_DIRECT 1u
#define METHOD_OUT_DIRECT 2u
#define METHOD_NEITHER 3u
#define FILE_ANY_ACCESS 0u
#define FILE_SPECIAL_ACCESS FILE_ANY_ACCESS
#define FILE_READ_ACCESS 1u
#define FILE_WRITE_ACCESS 2u
#define CTL_CODE(device, function, method, access) \
    (((device) << 16) | ((access) << 14) | ((function) << 2) | (method))
#define FSCTL_SET_REPARSE_POINT CTL_CODE(FILE_DEVICE_FILE_SYSTEM, 41u, METHOD_BUFFERED, FILE_SPECIAL_ACCESS)
#define FSCTL_GET_REPARSE_POINT CTL_CODE(FILE_DEVICE_FILE_SYSTEM, 42u, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define FSCTL_DELETE_REPARSE_POINT CTL_CODE(FILE_DEVICE_FILE_SYSTEM, 43u, METHOD_BUFFERED, FILE_SPECIAL_ACCESS)
#define FSCTL_SET_REPARSE_POINT_EX CTL_CODE(FILE_DEVICE_FILE_SYSTEM, 259u, METHOD_BUFFERED, FILE_SPECIAL_ACCESS)

#define MAXIMUM_REPARSE_DATA_BUFFER_SIZE (16 * 1024)
#define FIELD_OFFSET(type, field) ((LONG)offsetof(type, field))
#define REPARSE_GUID_DATA_BUFFER_HEADER_SIZE FIELD_OFFSET(REPARSE_GUID_DATA_BUFFER, GenericReparseBuffer)
#define IsReparseTagMicrosoft(tag) (((tag) & 0x80000000u) != 0)
#define IsReparseTagNameSurrogate(tag) (((tag) & 0x20000000u) != 0)
#define IsReparseTagDirectory(tag) (((tag) & 0x10000000u) != 0)

#define ZeroMemory(to, len) memset((to), 0, (len))
#define CopyMemory(to, from, len) memcpy((to), (from), (len))
#define MoveMemory(to, from, len) memmove((to), (from), (len))
#define FillMemory(to, len, byte) memset((to), (byte), (len))
#define UNREFERENCED_PARAMETER(name) ((void)(name))

/* --- Calls -------------------------------------------------------------------------------------------------------- */

#define GetLastError PointsmanGetLastError
#define SetLastError PointsmanSetLastError
#define CreateFileW PointsmanCreateFileW
#define CreateFileA PointsmanCreateFileA
#define CloseHandle PointsmanCloseHandle
#define DeviceIoControl PointsmanDeviceIoControl
#define ReadFile PointsmanReadFile
#define WriteFile PointsmanWriteFile
#define FlushFileBuffers PointsmanFlushFileBuffers
#define GetOverlappedResult PointsmanGetOverlappedResult
#define GetOverlappedResultEx PointsmanGetOverlappedResultEx
#define CancelIo PointsmanCancelIo
#define CancelIoEx PointsmanCancelIoEx
#define SetFileCompletionNotificationModes PointsmanSetFileCompletionNotificationModes
#define CreateEventW PointsmanCreateEventW
#define CreateEventA PointsmanCreateEventA
#define SetEvent PointsmanSetEvent
#define ResetEvent PointsmanResetEvent
#define WaitForSingleObject PointsmanWaitForSingleObject
#define WaitForMultipleObjects PointsmanWaitForMultipleObjects
#define CreateIoCompletionPort PointsmanCreateIoCompletionPort
#define GetQueuedCompletionStatus PointsmanGetQueuedCompletionStatus
#define GetQueuedCompletionStatusEx PointsmanGetQueuedCompletionStatusEx
#define PostQueuedCompletionStatus PointsmanPostQueuedCompletionStatus
#define DeleteFileW PointsmanDeleteFileW
#define DeleteFileA PointsmanDeleteFileA
#define RemoveDirectoryW PointsmanRemoveDirectoryW
#define RemoveDirectoryA PointsmanRemoveDirectoryA
#define CreateDirectoryW PointsmanCreateDirectoryW
#define CreateDirectoryA PointsmanCreateDirectoryA
#define MoveFileExW PointsmanMoveFileExW
#define MoveFileExA PointsmanMoveFileExA
#define CreateHardLinkW PointsmanCreateHardLinkW
#define CreateHardLinkA PointsmanCreateHardLinkA
#define CreateSymbolicLinkW PointsmanCreateSymbolicLinkW
#define CreateSymbolicLinkA PointsmanCreateSymbolicLinkA
#define GetFileAttributesW PointsmanGetFileAttributesW
#define GetFileAttributesA PointsmanGetFileAttributesA
#define SetFileAttributesW PointsmanSetFileAttributesW
#define SetFileAttributesA PointsmanSetFileAttributesA
#define FindFirstFileW PointsmanFindFirstFileW
#define FindFirstFileExW PointsmanFindFirstFileExW
#define FindNextFileW PointsmanFindNextFileW
#define FindClose PointsmanFindClose
#define GetFileInformationByHandleEx PointsmanGetFileInformationByHandleEx
#define SetFileInformationByHandle PointsmanSetFileInformationByHandle
#define GetFinalPathNameByHandleW PointsmanGetFinalPathNameByHandleW
#define MultiByteToWideChar PointsmanMultiByteToWideChar
#define WideCharToMultiByte PointsmanWideCharToMultiByte
#define GetFullPathNameW PointsmanGetFullPathNameW
#define GetCurrentProcess PointsmanGetCurrentProcess
#define OpenProcessToken PointsmanOpenProcessToken
#define LookupPrivilegeValueW PointsmanLookupPrivilegeValueW
#define LookupPrivilegeValueA PointsmanLookupPrivilegeValueA
#define AdjustTokenPrivileges PointsmanAdjustTokenPrivileges
#define GetTokenInformation PointsmanGetTokenInformation
#define NtCreateFile PointsmanNtCreateFile
#define NtFsControlFile PointsmanNtFsControlFile
#define NtClose PointsmanNtClose
#define RtlNtStatusToDosError(status) PointsmanRtlNtStatusToDosError(status)

/* Its argument is a LARGE_INTEGER: a structure to Windows, a number to the library. */
static inline BOOL PointsmanSetFilePointerEx_(HANDLE hFile, LARGE_INTEGER liDistanceToMove,
                                              PLARGE_INTEGER lpNewFilePointer, DWORD dwMoveMethod)
{
    return PointsmanSetFilePointerEx(hFile, liDistanceToMove.QuadPart,
                                     lpNewFilePointer ? &lpNewFilePointer->QuadPart : NULL, dwMoveMethod);
}
#define SetFilePointerEx PointsmanSetFilePointerEx_

#ifdef UNICODE
#define CreateFile CreateFileW
#define CreateEvent CreateEventW
#define DeleteFile DeleteFileW
#define RemoveDirectory RemoveDirectoryW
#define CreateDirectory CreateDirectoryW
#define MoveFileEx MoveFileExW
#define CreateHardLink CreateHardLinkW
#define CreateSymbolicLink CreateSymbolicLinkW
#define GetFileAttributes GetFileAttributesW
#define SetFileAttributes SetFileAttributesW
#define LookupPrivilegeValue LookupPrivilegeValueW
#define FindFirstFile FindFirstFileW
#define FindFirstFileEx FindFirstFileExW
#define FindNextFile FindNextFileW
#define GetFinalPathNameByHandle GetFinalPathNameByHandleW
#define GetFullPathName GetFullPathNameW
typedef WIN32_FIND_DATAW WIN32_FIND_DATA, *PWIN32_FIND_DATA, *LPWIN32_FIND_DATA;
#else
#define CreateFile CreateFileA
#define CreateEvent CreateEventA
#define DeleteFile DeleteFileA
#define RemoveDirectory RemoveDirectoryA
#define CreateDirectory CreateDirectoryA
#define MoveFileEx MoveFileExA
#define CreateHardLink CreateHardLinkA
#define CreateSymbolicLink CreateSymbolicLinkA
#define GetFileAttributes GetFileAttributesA
#define SetFileAttributes SetFileAttributesA
#define LookupPrivilegeValue LookupPrivilegeValueA
#endif

#define MoveFileW(from, to) MoveFileExW((from), (to), MOVEFILE_COPY_ALLOWED)
#define MoveFileA(from, to) MoveFileExA((from), (to), MOVEFILE_COPY_ALLOWED)
#ifdef UNICODE
#define MoveFile MoveFileW
#else
#define MoveFile MoveFileA
#endif

#endif /* POINTSMAN_WINDOWS_NAMES_H */
