/* FSCTL_SET_REPARSE_POINT as its reference page calls it: on Windows, and here on a directory, in an NTFS image and on a share,
 * with the same answers. The folder holds the directories `at` and `full`, the latter not empty, and the file `file`. */
#include <stdio.h>
#include <windows.h>
#include <winioctl.h>

static HANDLE open_it(const char *folder, const char *name)
{
    char path[MAX_PATH];
    snprintf(path, sizeof path, "%s\\%s", folder, name);
    return CreateFileA(path, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING,
                       FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS, NULL);
}

static void set(const char *what, HANDLE hDevice, void *lpInBuffer, DWORD nInBufferSize, DWORD nOutBufferSize)
{
    DWORD lpBytesReturned = 0;
    BOOL done = DeviceIoControl(hDevice, FSCTL_SET_REPARSE_POINT, lpInBuffer, nInBufferSize,
                                nOutBufferSize ? lpInBuffer : NULL, nOutBufferSize, &lpBytesReturned, NULL);
    printf("%s: %lu\n", what, done ? 0UL : (unsigned long)GetLastError());
}

int main(int count, char **words)
{
    /* A junction: tag, length, the places of two names, \??\C:\to and an empty print name. */
    WORD junction[] = {3, 0xA000, 30, 0, 0, 18, 20, 0, '\\', '?', '?', '\\', 'C', ':', '\\', 't', 'o', 0, 0};
    WORD other_tag[] = {0xDEAD, 0x8000, 0, 0};
    const char *folder = count > 1 ? words[1] : "C:";
    HANDLE at = open_it(folder, "at"), full = open_it(folder, "full"), file = open_it(folder, "file");

    set("a mount point on a directory", at, junction, sizeof junction, 0);
    set("no input", at, NULL, 0, 0);
    set("an output buffer", at, junction, sizeof junction, 8);
    set("a byte too few", at, junction, sizeof junction - 1, 0);
    set("another tag than is there", at, other_tag, sizeof other_tag, 0);
    set("a mount point on a file", file, junction, sizeof junction, 0);
    set("a directory with entries", full, junction, sizeof junction, 0);
    return !(CloseHandle(at) && CloseHandle(full) && CloseHandle(file));
}
