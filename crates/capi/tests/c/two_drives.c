/* Links between drives, and out of one: what has a drive's name is found there, nothing else is. */
#include "check.h"

int main(void)
{
    Point point;
    DWORD returned, size;
    char text[16] = {0};
    HANDLE handle;
    WCHAR path[64];

    CHECK(CreateDirectoryW(L"D:\\far", NULL));
    make_file(L"D:\\far\\file", "far");
    CHECK(CreateDirectoryW(L"C:\\way", NULL));
    handle = open_at(L"C:\\way", GENERIC_WRITE, ITSELF);
    size = junction(&point, L"\\??\\D:\\far\\", L"");
    CHECK(control(handle, FSCTL_SET_REPARSE_POINT, &point, size, NULL, 0, &returned) && CloseHandle(handle));
    CHECK(CreateSymbolicLinkW(L"C:\\link", L"way\\file", 0));

    /* A link to a junction to another drive. */
    handle = open_at(L"C:\\link", GENERIC_READ, 0);
    CHECK(ReadFile(handle, text, sizeof text, &returned, NULL) && strcmp(text, "far") == 0);
    CHECK(GetFinalPathNameByHandleW(handle, path, 64, VOLUME_NAME_DOS) > 0 && same_text(path, L"\\\\?\\D:\\far\\file"));
    CHECK(CloseHandle(handle));
    FAILS(MoveFileExW(L"C:\\link", L"D:\\link", 0), ERROR_NOT_SAME_DEVICE);

    /* Round and round between the two. */
    CHECK(CreateSymbolicLinkW(L"C:\\round", L"D:\\round", 0) && CreateSymbolicLinkW(L"D:\\round", L"C:\\round", 0));
    FAILS(CreateFileW(L"C:\\round", GENERIC_READ, SHARE_ALL, NULL, OPEN_EXISTING, 0, NULL) != INVALID_HANDLE_VALUE,
          ERROR_CANT_RESOLVE_FILENAME);

    /* To a drive that is none, and above the root. */
    CHECK(CreateSymbolicLinkW(L"C:\\nowhere", L"Q:\\x", 0) && CreateSymbolicLinkW(L"C:\\above", L"..\\x", 0));
    FAILS(CreateFileW(L"C:\\nowhere", GENERIC_READ, SHARE_ALL, NULL, OPEN_EXISTING, 0, NULL) != INVALID_HANDLE_VALUE,
          ERROR_PATH_NOT_FOUND);
    FAILS(CreateFileW(L"C:\\above", GENERIC_READ, SHARE_ALL, NULL, OPEN_EXISTING, 0, NULL) != INVALID_HANDLE_VALUE,
          ERROR_INVALID_REPARSE_DATA);
    FINISH("two_drives");
}
