/* The call of the reference page "FSCTL_SET_REPARSE_POINT IOCTL": once as it should be, and in six ways that fail. */
#include <stdio.h>
#include <windows.h>
#include <winioctl.h>

static void set(const char *what, HANDLE hDevice, void *lpInBuffer, DWORD nInBufferSize, void *out, DWORD room)
{
    OVERLAPPED overlapped;
    LPOVERLAPPED lpOverlapped = &overlapped;
    DWORD returned = 0;
    BOOL done;

    ZeroMemory(lpOverlapped, sizeof overlapped);
    done = DeviceIoControl((HANDLE)hDevice,             // handle to file or directory
                           FSCTL_SET_REPARSE_POINT,     // dwIoControlCode
                           (LPVOID)lpInBuffer,          // input buffer
                           (DWORD)nInBufferSize,        // size of input buffer
                           out,                         // lpOutBuffer: NULL
                           room,                        // nOutBufferSize: 0
                           NULL,                        // lpBytesReturned
                           (LPOVERLAPPED)lpOverlapped); // OVERLAPPED structure
    if (!done && GetLastError() == ERROR_IO_PENDING)
        done = GetOverlappedResult(hDevice, lpOverlapped, &returned, TRUE);
    printf("%s: %lu\n", what, done ? 0ul : (unsigned long)GetLastError());
}

static HANDLE open_it(const WCHAR *name, DWORD how)
{
    return CreateFileW(name, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, how,
                       FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED, NULL);
}

int main(void)
{
    /* A mount point: tag, length, the places of two names, \??\C:\to and an empty print name. */
    static WORD mount_point[] = {3, 0xA000, 32, 0, 0, 20, 22, 0, '\\', '?', '?', '\\', 'C', ':', '\\', 't', 'o', 0, 0, 0};
    static WORD another_tag[] = {0xDEAD, 0x8000, 0, 0};
    HANDLE directory, full, file;

    CreateDirectoryW(L"C:\\at", NULL);
    CreateDirectoryW(L"C:\\full", NULL);
    CreateDirectoryW(L"C:\\full\\inside", NULL);
    directory = open_it(L"C:\\at", OPEN_EXISTING);
    full = open_it(L"C:\\full", OPEN_EXISTING);
    file = open_it(L"C:\\file", CREATE_ALWAYS);

    set("a mount point on a directory", directory, mount_point, sizeof mount_point, NULL, 0);
    set("no input", directory, NULL, 0, NULL, 0);
    set("an output buffer", directory, mount_point, sizeof mount_point, mount_point, 8);
    set("a byte too few", directory, mount_point, sizeof mount_point - 1, NULL, 0);
    set("another tag than is there", directory, another_tag, sizeof another_tag, NULL, 0);
    set("a mount point on a file", file, mount_point, sizeof mount_point, NULL, 0);
    set("a directory with entries", full, mount_point, sizeof mount_point, NULL, 0);
    return !(CloseHandle(directory) && CloseHandle(full) && CloseHandle(file));
}
