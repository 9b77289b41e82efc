/* DeviceIoControl and its neighbours on Linux: libpointsman.
 *
 * Every call is `Pointsman` and the Windows name, and does what the Windows reference says of its namesake; where it
 * differs, docs/CAPI.md says so. A call that is not built is not declared.
 *
 * The Windows names themselves, of calls, types and constants, come with
 *
 *     #define POINTSMAN_WINDOWS_NAMES
 *     #include <pointsman/winioctl.h>
 *
 * or with `pointsman/compat` in the include path, where <windows.h>, <winioctl.h> and <winternl.h> are found.
 *
 * A character is 16 bits: char16_t and u"..", or, with -fshort-wchar, wchar_t and L"..".
 */
#ifndef POINTSMAN_WINIOCTL_H
#define POINTSMAN_WINIOCTL_H

#include <stddef.h>
#include <stdint.h>

#if UINTPTR_MAX != UINT64_MAX
#error "libpointsman is for 64-bit machines"
#endif

#if __SIZEOF_WCHAR_T__ == 2
typedef wchar_t PointsmanWchar;
#elif defined(__cplusplus)
typedef char16_t PointsmanWchar;
#else
#include <uchar.h>
typedef char16_t PointsmanWchar;
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* --- Types -------------------------------------------------------------------------------------------------------- */

typedef void *PointsmanHandle;
typedef int32_t PointsmanBool;

/* Status, bytes, offset, event. Internal is STATUS_PENDING (0x103) until the request has ended. */
typedef struct PointsmanOverlapped {
    uintptr_t Internal;
    uintptr_t InternalHigh;
    __extension__ union {
        __extension__ struct {
            uint32_t Offset;
            uint32_t OffsetHigh;
        };
        void *Pointer;
    };
    PointsmanHandle hEvent;
} PointsmanOverlapped;

typedef struct PointsmanOverlappedEntry {
    uintptr_t lpCompletionKey;
    PointsmanOverlapped *lpOverlapped;
    uintptr_t Internal;
    uint32_t dwNumberOfBytesTransferred;
} PointsmanOverlappedEntry;

typedef struct PointsmanSecurityAttributes {
    uint32_t nLength;
    void *lpSecurityDescriptor;
    PointsmanBool bInheritHandle;
} PointsmanSecurityAttributes;

typedef struct PointsmanFileTime {
    uint32_t dwLowDateTime;
    uint32_t dwHighDateTime;
} PointsmanFileTime;

/* dwReserved0 is the tag of a reparse point. */
typedef struct PointsmanFindData {
    uint32_t dwFileAttributes;
    PointsmanFileTime ftCreationTime;
    PointsmanFileTime ftLastAccessTime;
    PointsmanFileTime ftLastWriteTime;
    uint32_t nFileSizeHigh;
    uint32_t nFileSizeLow;
    uint32_t dwReserved0;
    uint32_t dwReserved1;
    PointsmanWchar cFileName[260];
    PointsmanWchar cAlternateFileName[14];
} PointsmanFindData;

typedef struct PointsmanLuid {
    uint32_t LowPart;
    int32_t HighPart;
} PointsmanLuid;

typedef struct PointsmanLuidAndAttributes {
    PointsmanLuid Luid;
    uint32_t Attributes;
} PointsmanLuidAndAttributes;

typedef struct PointsmanTokenPrivileges {
    uint32_t PrivilegeCount;
    PointsmanLuidAndAttributes Privileges[1];
} PointsmanTokenPrivileges;

typedef struct PointsmanUnicodeString {
    uint16_t Length;
    uint16_t MaximumLength;
    PointsmanWchar *Buffer;
} PointsmanUnicodeString;

typedef struct PointsmanObjectAttributes {
    uint32_t Length;
    PointsmanHandle RootDirectory;
    PointsmanUnicodeString *ObjectName;
    uint32_t Attributes;
    void *SecurityDescriptor;
    void *SecurityQualityOfService;
} PointsmanObjectAttributes;

typedef struct PointsmanIoStatusBlock {
    __extension__ union {
        int32_t Status;
        void *Pointer;
    };
    uintptr_t Information;
} PointsmanIoStatusBlock;

/* --- Control codes ------------------------------------------------------------------------------------------------ */

#define POINTSMAN_FSCTL_SET_REPARSE_POINT 0x000900A4u
#define POINTSMAN_FSCTL_GET_REPARSE_POINT 0x000900A8u
#define POINTSMAN_FSCTL_DELETE_REPARSE_POINT 0x000900ACu
#define POINTSMAN_FSCTL_SET_REPARSE_POINT_EX 0x0009040Cu

/* --- The drive map: the one call that Windows does not have --------------------------------------------------------- */

/* How a mapped volume behaves: what file system it poses as, and whether it can be changed. */
#define POINTSMAN_VOLUME_NTFS 0u
#define POINTSMAN_VOLUME_REFS 1u
#define POINTSMAN_VOLUME_CSVFS 2u
#define POINTSMAN_VOLUME_FAT 3u
#define POINTSMAN_VOLUME_READ_ONLY 0x10u

/* `name` (C:, \\server\share, Volume{guid}) is from now on the directory `directory`, or nothing for NULL. Both are UTF-8.
 * The environment's map, POINTSMAN_DRIVES=C:=/srv/c;D:=/srv/d, is read before the first call of this. */
PointsmanBool PointsmanMapDrive(const char *name, const char *directory, uint32_t flags);

/* --- Errors ------------------------------------------------------------------------------------------------------- */

uint32_t PointsmanGetLastError(void);
void PointsmanSetLastError(uint32_t dwErrCode);
uint32_t PointsmanRtlNtStatusToDosError(int32_t Status);

/* --- Files -------------------------------------------------------------------------------------------------------- */

PointsmanHandle PointsmanCreateFileW(const PointsmanWchar *lpFileName, uint32_t dwDesiredAccess, uint32_t dwShareMode,
                                     PointsmanSecurityAttributes *lpSecurityAttributes, uint32_t dwCreationDisposition,
                                     uint32_t dwFlagsAndAttributes, PointsmanHandle hTemplateFile);
PointsmanHandle PointsmanCreateFileA(const char *lpFileName, uint32_t dwDesiredAccess, uint32_t dwShareMode,
                                     PointsmanSecurityAttributes *lpSecurityAttributes, uint32_t dwCreationDisposition,
                                     uint32_t dwFlagsAndAttributes, PointsmanHandle hTemplateFile);
PointsmanBool PointsmanCloseHandle(PointsmanHandle hObject);
PointsmanBool PointsmanDeviceIoControl(PointsmanHandle hDevice, uint32_t dwIoControlCode, const void *lpInBuffer,
                                       uint32_t nInBufferSize, void *lpOutBuffer, uint32_t nOutBufferSize,
                                       uint32_t *lpBytesReturned, PointsmanOverlapped *lpOverlapped);
PointsmanBool PointsmanReadFile(PointsmanHandle hFile, void *lpBuffer, uint32_t nNumberOfBytesToRead,
                                uint32_t *lpNumberOfBytesRead, PointsmanOverlapped *lpOverlapped);
PointsmanBool PointsmanWriteFile(PointsmanHandle hFile, const void *lpBuffer, uint32_t nNumberOfBytesToWrite,
                                 uint32_t *lpNumberOfBytesWritten, PointsmanOverlapped *lpOverlapped);
PointsmanBool PointsmanSetFilePointerEx(PointsmanHandle hFile, int64_t liDistanceToMove, int64_t *lpNewFilePointer,
                                        uint32_t dwMoveMethod);
PointsmanBool PointsmanFlushFileBuffers(PointsmanHandle hFile);

/* --- Requests under way ------------------------------------------------------------------------------------------- */

PointsmanBool PointsmanGetOverlappedResult(PointsmanHandle hFile, PointsmanOverlapped *lpOverlapped,
                                           uint32_t *lpNumberOfBytesTransferred, PointsmanBool bWait);
PointsmanBool PointsmanGetOverlappedResultEx(PointsmanHandle hFile, PointsmanOverlapped *lpOverlapped,
                                             uint32_t *lpNumberOfBytesTransferred, uint32_t dwMilliseconds,
                                             PointsmanBool bAlertable);
PointsmanBool PointsmanCancelIo(PointsmanHandle hFile);
PointsmanBool PointsmanCancelIoEx(PointsmanHandle hFile, PointsmanOverlapped *lpOverlapped);
PointsmanBool PointsmanSetFileCompletionNotificationModes(PointsmanHandle FileHandle, uint8_t Flags);

/* --- Events and waiting ------------------------------------------------------------------------------------------- */

PointsmanHandle PointsmanCreateEventW(PointsmanSecurityAttributes *lpEventAttributes, PointsmanBool bManualReset,
                                      PointsmanBool bInitialState, const PointsmanWchar *lpName);
PointsmanHandle PointsmanCreateEventA(PointsmanSecurityAttributes *lpEventAttributes, PointsmanBool bManualReset,
                                      PointsmanBool bInitialState, const char *lpName);
PointsmanBool PointsmanSetEvent(PointsmanHandle hEvent);
PointsmanBool PointsmanResetEvent(PointsmanHandle hEvent);
uint32_t PointsmanWaitForSingleObject(PointsmanHandle hHandle, uint32_t dwMilliseconds);
uint32_t PointsmanWaitForMultipleObjects(uint32_t nCount, const PointsmanHandle *lpHandles, PointsmanBool bWaitAll,
                                         uint32_t dwMilliseconds);

/* --- Completion ports --------------------------------------------------------------------------------------------- */

PointsmanHandle PointsmanCreateIoCompletionPort(PointsmanHandle FileHandle, PointsmanHandle ExistingCompletionPort,
                                                uintptr_t CompletionKey, uint32_t NumberOfConcurrentThreads);
PointsmanBool PointsmanGetQueuedCompletionStatus(PointsmanHandle CompletionPort, uint32_t *lpNumberOfBytesTransferred,
                                                 uintptr_t *lpCompletionKey, PointsmanOverlapped **lpOverlapped,
                                                 uint32_t dwMilliseconds);
PointsmanBool PointsmanGetQueuedCompletionStatusEx(PointsmanHandle CompletionPort,
                                                   PointsmanOverlappedEntry *lpCompletionPortEntries, uint32_t ulCount,
                                                   uint32_t *ulNumEntriesRemoved, uint32_t dwMilliseconds,
                                                   PointsmanBool fAlertable);
PointsmanBool PointsmanPostQueuedCompletionStatus(PointsmanHandle CompletionPort, uint32_t dwNumberOfBytesTransferred,
                                                  uintptr_t dwCompletionKey, PointsmanOverlapped *lpOverlapped);

/* --- Names -------------------------------------------------------------------------------------------------------- */

PointsmanBool PointsmanDeleteFileW(const PointsmanWchar *lpFileName);
PointsmanBool PointsmanDeleteFileA(const char *lpFileName);
PointsmanBool PointsmanRemoveDirectoryW(const PointsmanWchar *lpPathName);
PointsmanBool PointsmanRemoveDirectoryA(const char *lpPathName);
PointsmanBool PointsmanCreateDirectoryW(const PointsmanWchar *lpPathName,
                                        PointsmanSecurityAttributes *lpSecurityAttributes);
PointsmanBool PointsmanCreateDirectoryA(const char *lpPathName, PointsmanSecurityAttributes *lpSecurityAttributes);
PointsmanBool PointsmanMoveFileExW(const PointsmanWchar *lpExistingFileName, const PointsmanWchar *lpNewFileName,
                                   uint32_t dwFlags);
PointsmanBool PointsmanMoveFileExA(const char *lpExistingFileName, const char *lpNewFileName, uint32_t dwFlags);
PointsmanBool PointsmanCreateHardLinkW(const PointsmanWchar *lpFileName, const PointsmanWchar *lpExistingFileName,
                                       PointsmanSecurityAttributes *lpSecurityAttributes);
PointsmanBool PointsmanCreateHardLinkA(const char *lpFileName, const char *lpExistingFileName,
                                       PointsmanSecurityAttributes *lpSecurityAttributes);
uint8_t PointsmanCreateSymbolicLinkW(const PointsmanWchar *lpSymlinkFileName, const PointsmanWchar *lpTargetFileName,
                                     uint32_t dwFlags);
uint8_t PointsmanCreateSymbolicLinkA(const char *lpSymlinkFileName, const char *lpTargetFileName, uint32_t dwFlags);
uint32_t PointsmanGetFileAttributesW(const PointsmanWchar *lpFileName);
uint32_t PointsmanGetFileAttributesA(const char *lpFileName);
PointsmanBool PointsmanSetFileAttributesW(const PointsmanWchar *lpFileName, uint32_t dwFileAttributes);
PointsmanBool PointsmanSetFileAttributesA(const char *lpFileName, uint32_t dwFileAttributes);

PointsmanHandle PointsmanFindFirstFileW(const PointsmanWchar *lpFileName, PointsmanFindData *lpFindFileData);
PointsmanHandle PointsmanFindFirstFileExW(const PointsmanWchar *lpFileName, uint32_t fInfoLevelId,
                                          PointsmanFindData *lpFindFileData, uint32_t fSearchOp, void *lpSearchFilter,
                                          uint32_t dwAdditionalFlags);
PointsmanBool PointsmanFindNextFileW(PointsmanHandle hFindFile, PointsmanFindData *lpFindFileData);
PointsmanBool PointsmanFindClose(PointsmanHandle hFindFile);

/* --- Information -------------------------------------------------------------------------------------------------- */

PointsmanBool PointsmanGetFileInformationByHandleEx(PointsmanHandle hFile, uint32_t FileInformationClass,
                                                    void *lpFileInformation, uint32_t dwBufferSize);
PointsmanBool PointsmanSetFileInformationByHandle(PointsmanHandle hFile, uint32_t FileInformationClass,
                                                  const void *lpFileInformation, uint32_t dwBufferSize);
uint32_t PointsmanGetFinalPathNameByHandleW(PointsmanHandle hFile, PointsmanWchar *lpszFilePath, uint32_t cchFilePath,
                                            uint32_t dwFlags);

/* --- Text and names ----------------------------------------------------------------------------------------------- */

int PointsmanMultiByteToWideChar(uint32_t CodePage, uint32_t dwFlags, const char *lpMultiByteStr, int cbMultiByte,
                                 PointsmanWchar *lpWideCharStr, int cchWideChar);
int PointsmanWideCharToMultiByte(uint32_t CodePage, uint32_t dwFlags, const PointsmanWchar *lpWideCharStr, int cchWideChar,
                                 char *lpMultiByteStr, int cbMultiByte, const char *lpDefaultChar,
                                 PointsmanBool *lpUsedDefaultChar);
uint32_t PointsmanGetFullPathNameW(const PointsmanWchar *lpFileName, uint32_t nBufferLength, PointsmanWchar *lpBuffer,
                                   PointsmanWchar **lpFilePart);

/* --- Privileges --------------------------------------------------------------------------------------------------- */

PointsmanHandle PointsmanGetCurrentProcess(void);
PointsmanBool PointsmanOpenProcessToken(PointsmanHandle ProcessHandle, uint32_t DesiredAccess,
                                        PointsmanHandle *TokenHandle);
PointsmanBool PointsmanLookupPrivilegeValueW(const PointsmanWchar *lpSystemName, const PointsmanWchar *lpName,
                                             PointsmanLuid *lpLuid);
PointsmanBool PointsmanLookupPrivilegeValueA(const char *lpSystemName, const char *lpName, PointsmanLuid *lpLuid);
PointsmanBool PointsmanAdjustTokenPrivileges(PointsmanHandle TokenHandle, PointsmanBool DisableAllPrivileges,
                                             const PointsmanTokenPrivileges *NewState, uint32_t BufferLength,
                                             PointsmanTokenPrivileges *PreviousState, uint32_t *ReturnLength);
PointsmanBool PointsmanGetTokenInformation(PointsmanHandle TokenHandle, uint32_t TokenInformationClass,
                                           void *TokenInformation, uint32_t TokenInformationLength,
                                           uint32_t *ReturnLength);

/* --- The NT calls beneath ----------------------------------------------------------------------------------------- */

int32_t PointsmanNtCreateFile(PointsmanHandle *FileHandle, uint32_t DesiredAccess,
                              PointsmanObjectAttributes *ObjectAttributes, PointsmanIoStatusBlock *IoStatusBlock,
                              const void *AllocationSize, uint32_t FileAttributes, uint32_t ShareAccess,
                              uint32_t CreateDisposition, uint32_t CreateOptions, void *EaBuffer, uint32_t EaLength);
int32_t PointsmanNtFsControlFile(PointsmanHandle FileHandle, PointsmanHandle Event, const void *ApcRoutine,
                                 void *ApcContext, PointsmanIoStatusBlock *IoStatusBlock, uint32_t FsControlCode,
                                 const void *InputBuffer, uint32_t InputBufferLength, void *OutputBuffer,
                                 uint32_t OutputBufferLength);
int32_t PointsmanNtClose(PointsmanHandle Handle);

#ifdef __cplusplus
}
#endif

#endif /* POINTSMAN_WINIOCTL_H */

#if defined(POINTSMAN_WINDOWS_NAMES) && !defined(POINTSMAN_WINDOWS_NAMES_H)
#include "windows_names.h"
#endif
