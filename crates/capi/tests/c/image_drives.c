/* `D:` is the directory `sub` of the volume that `C:` is. */
#include "check.h"

static void set(const WCHAR *name, Point *point, DWORD size)
{
    DWORD returned;
    HANDLE handle = open_at(name, GENERIC_WRITE, ITSELF);
    CHECK(control(handle, FSCTL_SET_REPARSE_POINT, point, size, NULL, 0, &returned));
    CHECK(CloseHandle(handle));
}

int main(void)
{
    Point point;
    DWORD size;
    WCHAR path[64];
    HANDLE handle;

    CHECK(CreateDirectoryW(L"C:\\sub", NULL) && CreateDirectoryW(L"C:\\outside", NULL));
    CHECK(CreateDirectoryW(L"D:\\made", NULL) && CreateDirectoryW(L"D:\\way", NULL));
    CHECK(GetFileAttributesW(L"C:\\sub\\made") == FILE_ATTRIBUTE_DIRECTORY);
    CHECK(CreateDirectoryW(L"D:\\made\\below", NULL));
    FAILS(CreateDirectoryW(L"C:\\sub\\made\\below", NULL), ERROR_ALREADY_EXISTS);

    /* Up to the other drive, and down from it. */
    size = junction(&point, L"\\??\\C:\\outside", L"");
    set(L"D:\\way", &point, size);
    CHECK(CreateDirectoryW(L"D:\\way\\in", NULL));
    CHECK(GetFileAttributesW(L"C:\\outside\\in") == FILE_ATTRIBUTE_DIRECTORY);
    CHECK(CreateDirectoryW(L"C:\\down", NULL));
    size = junction(&point, L"\\??\\D:\\made", L"");
    set(L"C:\\down", &point, size);
    handle = open_at(L"C:\\down\\below", 0, FILE_FLAG_BACKUP_SEMANTICS);
    CHECK(GetFinalPathNameByHandleW(handle, path, 64, VOLUME_NAME_NONE) == units(L"\\sub\\made\\below"));
    CHECK(same_text(path, L"\\sub\\made\\below"));
    CHECK(CloseHandle(handle));
    handle = open_at(L"D:\\made", 0, FILE_FLAG_BACKUP_SEMANTICS);
    CHECK(GetFinalPathNameByHandleW(handle, path, 64, VOLUME_NAME_DOS) == units(L"\\\\?\\D:\\made"));
    CHECK(same_text(path, L"\\\\?\\D:\\made"));
    CHECK(CloseHandle(handle));

    /* Nothing is above a drive's root. */
    CHECK(GetFileAttributesW(L"D:\\..\\outside") == INVALID_FILE_ATTRIBUTES);
    CHECK(CreateSymbolicLinkW(L"D:\\up", L"..\\outside", SYMBOLIC_LINK_FLAG_DIRECTORY));
    handle = CreateFileW(L"D:\\up", 0, SHARE_ALL, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    CHECK(handle == INVALID_HANDLE_VALUE);
    FINISH("image_drives");
}
