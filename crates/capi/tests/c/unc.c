/* `\\127.0.0.1\share`, which no drive is. With a word on the command line, a number, that is what FSCTL_SET_REPARSE_POINT
 * gives there. */
#include "check.h"
#include <stdlib.h>

#define SHARE L"\\\\127.0.0.1\\share"

int main(int count, char **words)
{
    const DWORD wanted = count > 1 ? (DWORD)atoi(words[count - 1]) : 0;
    static Point point = {0x80004711, 4, 0, {1, 2, 3, 4}};
    Point got;
    DWORD moved = 0;
    WIN32_FIND_DATAW found;
    WCHAR path[100];
    HANDLE handle, find;

    REQUIRE(CreateDirectoryW(SHARE L"\\dir", NULL));
    FAILS(CreateDirectoryW(L"//127.0.0.1/share/dir", NULL), ERROR_ALREADY_EXISTS);
    CHECK(GetFileAttributesW(L"\\\\?\\UNC\\127.0.0.1\\share\\dir") & FILE_ATTRIBUTE_DIRECTORY);
    CHECK(GetFileAttributesW(L"\\??\\UNC\\127.0.0.1\\share\\DIR") & FILE_ATTRIBUTE_DIRECTORY);
    make_file(SHARE L"\\dir\\file", "");

    handle = open_at(SHARE L"\\dir\\..\\dir\\file", GENERIC_WRITE, ITSELF);
    SetLastError(0);
    CHECK(control(handle, FSCTL_SET_REPARSE_POINT, &point, 12, NULL, 0, &moved) == (wanted == 0) && GetLastError() == wanted);
    if (wanted == 0) {
        CHECK(control(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &got, sizeof got, &moved) && moved == 12);
        CHECK(memcmp(&got, &point, 12) == 0);
        find = FindFirstFileW(SHARE L"\\dir\\f*", &found);
        CHECK(find != INVALID_HANDLE_VALUE && found.dwReserved0 == 0x80004711 && same_text(found.cFileName, L"file"));
        CHECK(FindClose(find));
    }
    CHECK(GetFinalPathNameByHandleW(handle, path, 100, VOLUME_NAME_DOS) == units(L"\\\\?\\UNC\\127.0.0.1\\share\\dir\\file"));
    CHECK(same_text(path, L"\\\\?\\UNC\\127.0.0.1\\share\\dir\\file"));
    CHECK(CloseHandle(handle));
    CHECK(MoveFileExW(SHARE L"\\dir\\file", SHARE L"\\dir\\moved", 0));
    FAILS(GetFileAttributesW(SHARE L"\\dir\\file") != INVALID_FILE_ATTRIBUTES, ERROR_FILE_NOT_FOUND);
    CHECK(DeleteFileW(SHARE L"\\dir\\moved"));
    FAILS(GetFileAttributesW(L"\\\\127.0.0.1\\none\\dir") != INVALID_FILE_ATTRIBUTES, ERROR_BAD_NET_NAME);
    FAILS(GetFileAttributesW(L"\\\\127.0.0.1") != INVALID_FILE_ATTRIBUTES, ERROR_BAD_PATHNAME);
    CHECK(RemoveDirectoryW(SHARE L"\\dir"));
    FINISH("unc");
}
