/* A junction the way installers make it: make the directory, set the mount point, go through it, take it away again. */
#include "check.h"

int main(void)
{
    Point point;
    DWORD returned = 0, size;
    BYTE header[24] = {0x03, 0, 0, 0xA0};
    WCHAR path[64];
    char text[16] = {0};
    FILE_ATTRIBUTE_TAG_INFO tag;
    HANDLE handle;

    CHECK(CreateDirectoryW(L"C:\\versions", NULL) && CreateDirectoryW(L"C:\\versions\\2", NULL));
    make_file(L"C:\\versions\\2\\program.txt", "two");
    CHECK(CreateDirectoryW(L"C:\\current", NULL));

    handle = open_at(L"C:\\current", GENERIC_READ | GENERIC_WRITE, ITSELF);
    size = junction(&point, L"\\??\\C:\\versions\\2", L"C:\\versions\\2");
    CHECK(control(handle, FSCTL_SET_REPARSE_POINT, &point, size, NULL, 0, &returned));
    CHECK(GetFileInformationByHandleEx(handle, FileAttributeTagInfo, &tag, sizeof tag));
    CHECK(tag.ReparseTag == IO_REPARSE_TAG_MOUNT_POINT);
    CHECK(tag.FileAttributes == (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT));
    CHECK(CloseHandle(handle));

    /* Through it. */
    handle = open_at(L"C:\\current\\program.txt", GENERIC_READ, 0);
    CHECK(ReadFile(handle, text, sizeof text, &returned, NULL) && returned == 3 && strcmp(text, "two") == 0);
    CHECK(ReadFile(handle, text, sizeof text, &returned, NULL) && returned == 0);
    CHECK(GetFinalPathNameByHandleW(handle, path, 64, VOLUME_NAME_DOS) == units(L"\\\\?\\C:\\versions\\2\\program.txt"));
    CHECK(same_text(path, L"\\\\?\\C:\\versions\\2\\program.txt"));
    CHECK(GetFinalPathNameByHandleW(handle, path, 4, VOLUME_NAME_DOS) == (DWORD)units(L"\\\\?\\C:\\versions\\2\\program.txt") + 1);
    CHECK(CloseHandle(handle));

    /* To another version, in place. */
    CHECK(CreateDirectoryW(L"C:\\versions\\3", NULL));
    handle = open_at(L"C:\\current", GENERIC_WRITE, ITSELF);
    size = junction(&point, L"\\??\\C:\\versions\\3", L"C:\\versions\\3");
    CHECK(control(handle, FSCTL_SET_REPARSE_POINT, &point, size, NULL, 0, &returned));
    CHECK(GetFileAttributesW(L"C:\\current\\program.txt") == INVALID_FILE_ATTRIBUTES);

    /* Away: what it led to stays. */
    CHECK(control(handle, FSCTL_DELETE_REPARSE_POINT, header, sizeof header, NULL, 0, &returned));
    CHECK(CloseHandle(handle));
    CHECK(RemoveDirectoryW(L"C:\\current"));
    CHECK(GetFileAttributesW(L"C:\\versions\\2\\program.txt") != INVALID_FILE_ATTRIBUTES);
    FINISH("installer_junction");
}
