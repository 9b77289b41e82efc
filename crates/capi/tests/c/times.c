/* The time stamps of a file right after the call, seen through another handle, buffered and not: ChangeTime moves, LastWriteTime
 * does not. The reference page warns of remote files: `C:` may be a share. */
#include "check.h"

static FILE_BASIC_INFO times(const WCHAR *name, DWORD flags)
{
    FILE_BASIC_INFO basic;
    HANDLE handle = CreateFileW(name, FILE_READ_ATTRIBUTES, SHARE_ALL, NULL, OPEN_EXISTING, ITSELF | flags, NULL);
    memset(&basic, 0, sizeof basic);
    CHECK(GetFileInformationByHandleEx(handle, FileBasicInfo, &basic, sizeof basic));
    CHECK(CloseHandle(handle));
    return basic;
}

static void pause_a_moment(void)
{
    HANDLE never = CreateEventW(NULL, TRUE, FALSE, NULL);
    CHECK(WaitForSingleObject(never, 50) == WAIT_TIMEOUT);
    CHECK(CloseHandle(never));
}

static void stamps(const WCHAR *name, DWORD flags)
{
    static Point point = {0x80004711, 4, 0, {1, 2, 3, 4}};
    DWORD returned;
    FILE_BASIC_INFO before, set, gone;
    HANDLE handle = CreateFileW(name, GENERIC_WRITE, SHARE_ALL, NULL, OPEN_ALWAYS, ITSELF | flags, NULL);

    CHECK(handle != INVALID_HANDLE_VALUE);
    before = times(name, flags);
    pause_a_moment();
    CHECK(DeviceIoControl(handle, FSCTL_SET_REPARSE_POINT, &point, 12, NULL, 0, &returned, NULL));
    set = times(name, flags);
    CHECK(set.ChangeTime.QuadPart > before.ChangeTime.QuadPart);
    CHECK(set.LastWriteTime.QuadPart == before.LastWriteTime.QuadPart);
    CHECK(set.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT);
    pause_a_moment();
    point.length = 0;
    CHECK(DeviceIoControl(handle, FSCTL_DELETE_REPARSE_POINT, &point, 8, NULL, 0, &returned, NULL));
    point.length = 4;
    gone = times(name, flags);
    CHECK(gone.ChangeTime.QuadPart > set.ChangeTime.QuadPart);
    CHECK(gone.LastWriteTime.QuadPart == before.LastWriteTime.QuadPart);
    CHECK(!(gone.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT));
    CHECK(CloseHandle(handle));
}

int main(void)
{
    stamps(L"C:\\buffered", 0);
    stamps(L"C:\\unbuffered", FILE_FLAG_NO_BUFFERING);
    FINISH("times");
}
