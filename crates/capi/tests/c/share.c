/* On a share, `S:`: files, directories, listings, names, requests in the background. With a word on the command line, a
 * number, that is what FSCTL_SET_REPARSE_POINT gives there. */
#include "check.h"
#include <stdlib.h>

static void data_and_names(void)
{
    static char text[100000], back[100000];
    DWORD moved = 0;
    FILE_ATTRIBUTE_TAG_INFO tag;
    FILE_STANDARD_INFO standard;
    LARGE_INTEGER start;
    WCHAR path[100];
    HANDLE file;
    size_t at;

    start.QuadPart = 0;
    for (at = 0; at < sizeof text; at++)
        text[at] = (char)at;
    CHECK(CreateDirectoryW(L"S:\\d", NULL));
    FAILS(CreateDirectoryW(L"S:\\d", NULL), ERROR_ALREADY_EXISTS);
    file = CreateFileW(L"S:\\d\\one", GENERIC_READ | GENERIC_WRITE, SHARE_ALL, NULL, CREATE_NEW, 0, NULL);
    CHECK(file != INVALID_HANDLE_VALUE);
    CHECK(WriteFile(file, text, sizeof text, &moved, NULL) && moved == sizeof text);
    CHECK(FlushFileBuffers(file));
    CHECK(SetFilePointerEx(file, start, NULL, FILE_BEGIN));
    CHECK(ReadFile(file, back, sizeof back, &moved, NULL) && moved == sizeof back && memcmp(text, back, sizeof back) == 0);
    CHECK(ReadFile(file, back, 1, &moved, NULL) && moved == 0);
    CHECK(GetFileInformationByHandleEx(file, FileStandardInfo, &standard, sizeof standard));
    CHECK(standard.EndOfFile.QuadPart == (long long)sizeof text && !standard.Directory);
    CHECK(GetFileInformationByHandleEx(file, FileAttributeTagInfo, &tag, sizeof tag) && tag.ReparseTag == 0);
    CHECK(GetFinalPathNameByHandleW(file, path, 100, VOLUME_NAME_DOS) == 12 && same_text(path, L"\\\\?\\S:\\d\\one"));
    CHECK(CloseHandle(file));
    CHECK(MoveFileExW(L"S:\\d\\one", L"S:\\d\\two", 0));
    CHECK(GetFileAttributesW(L"S:\\d\\one") == INVALID_FILE_ATTRIBUTES && GetLastError() == ERROR_FILE_NOT_FOUND);
    FAILS(RemoveDirectoryW(L"S:\\d"), ERROR_DIR_NOT_EMPTY);
}

static void listing(void)
{
    WIN32_FIND_DATAW found;
    HANDLE find = FindFirstFileW(L"S:\\d\\t*", &found);
    CHECK(find != INVALID_HANDLE_VALUE && same_text(found.cFileName, L"two"));
    FAILS(FindNextFileW(find, &found), ERROR_NO_MORE_FILES);
    CHECK(FindClose(find));
}

static void in_the_background(DWORD wanted)
{
    static Point point = {0x80004711, 4, 0, {1, 2, 3, 4}};
    enum { COUNT = 50 };
    OVERLAPPED overlapped[COUNT];
    Point got;
    DWORD moved = 0;
    int number;
    HANDLE file = CreateFileW(L"S:\\d\\two", GENERIC_READ | GENERIC_WRITE, SHARE_ALL, NULL, OPEN_EXISTING,
                              ITSELF | FILE_FLAG_OVERLAPPED, NULL);

    CHECK(file != INVALID_HANDLE_VALUE);
    memset(overlapped, 0, sizeof overlapped);
    for (number = 0; number < COUNT; number++) {
        overlapped[number].hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
        FAILS(DeviceIoControl(file, FSCTL_SET_REPARSE_POINT, &point, 12, NULL, 0, NULL, &overlapped[number]), ERROR_IO_PENDING);
    }
    for (number = 0; number < COUNT; number++) {
        BOOL done = GetOverlappedResult(file, &overlapped[number], &moved, TRUE);
        CHECK((done ? 0 : GetLastError()) == wanted);
        CHECK(CloseHandle(overlapped[number].hEvent));
    }
    CHECK(CloseHandle(file));
    file = CreateFileW(L"S:\\d\\two", GENERIC_READ | GENERIC_WRITE, SHARE_ALL, NULL, OPEN_EXISTING, ITSELF, NULL);
    if (wanted == 0) {
        CHECK(DeviceIoControl(file, FSCTL_GET_REPARSE_POINT, NULL, 0, &got, sizeof got, &moved, NULL) && moved == 12);
        CHECK(got.tag == point.tag && memcmp(got.data, point.data, 4) == 0);
        point.length = 0;
        CHECK(DeviceIoControl(file, FSCTL_DELETE_REPARSE_POINT, &point, 8, NULL, 0, &moved, NULL));
    }
    FAILS(DeviceIoControl(file, FSCTL_GET_REPARSE_POINT, NULL, 0, &got, sizeof got, &moved, NULL), ERROR_NOT_A_REPARSE_POINT);
    CHECK(CloseHandle(file));
}

int main(int count, char **words)
{
    data_and_names();
    listing();
    in_the_background(count > 1 ? (DWORD)atoi(words[1]) : 0);
    CHECK(DeleteFileW(L"S:\\d\\two"));
    CHECK(RemoveDirectoryW(L"S:\\d"));
    FINISH("share");
}
