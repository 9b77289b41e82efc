/* Calls on names: what they do to a link, and what to its target. */
#include "check.h"

static void find(void)
{
    WIN32_FIND_DATAW found;
    HANDLE search = FindFirstFileW(L"C:\\tree\\*", &found);
    int links = 0, all = 0;

    CHECK(search != INVALID_HANDLE_VALUE);
    do {
        all++;
        if (found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) {
            links++;
            CHECK(found.dwReserved0 == IO_REPARSE_TAG_SYMLINK);
        } else {
            CHECK(found.dwReserved0 == 0);
        }
    } while (FindNextFileW(search, &found));
    CHECK(GetLastError() == ERROR_NO_MORE_FILES);
    CHECK(all == 5 && links == 1); /* . .. file link directory */
    FAILS(CloseHandle(search), ERROR_INVALID_HANDLE);
    CHECK(FindClose(search));
    FAILS(FindClose(search), ERROR_INVALID_HANDLE);
    FAILS(FindNextFileW(search, &found), ERROR_INVALID_HANDLE);

    search = FindFirstFileW(L"C:\\tree\\LI?K", &found);
    CHECK(search != INVALID_HANDLE_VALUE && same_text(found.cFileName, L"link") && FindClose(search));
    search = FindFirstFileExW(L"C:\\tree\\file.*", FindExInfoBasic, &found, FindExSearchNameMatch, NULL, 0);
    CHECK(search != INVALID_HANDLE_VALUE && found.nFileSizeLow == 4 && FindClose(search));
    FAILS(FindFirstFileW(L"C:\\tree\\none*", &found) != INVALID_HANDLE_VALUE, ERROR_FILE_NOT_FOUND);
    FAILS(FindFirstFileW(L"C:\\none\\*", &found) != INVALID_HANDLE_VALUE, ERROR_PATH_NOT_FOUND);
    FAILS(FindFirstFileW(L"C:\\tree\\", &found) != INVALID_HANDLE_VALUE, ERROR_FILE_NOT_FOUND);
}

/* What is known of an open file. */
static void information(void)
{
    FILE_BASIC_INFO basic;
    FILE_STANDARD_INFO standard;
    FILE_ID_INFO id, other;
    BYTE room[64];
    FILE_RENAME_INFO *rename = (FILE_RENAME_INFO *)room;
    FILE_DISPOSITION_INFO disposition = {TRUE};
    HANDLE file = open_at(L"C:\\tree\\file.txt", GENERIC_READ | GENERIC_WRITE | DELETE, 0);
    HANDLE link = open_at(L"C:\\tree\\link", 0, ITSELF);

    CHECK(GetFileInformationByHandleEx(file, FileBasicInfo, &basic, sizeof basic));
    FAILS(GetFileInformationByHandleEx(file, FileBasicInfo, &basic, 8), ERROR_BAD_LENGTH);
    FAILS(GetFileInformationByHandleEx(file, (FILE_INFO_BY_HANDLE_CLASS)99, &basic, sizeof basic), ERROR_INVALID_PARAMETER);
    basic.LastWriteTime.QuadPart -= 10000000;
    CHECK(SetFileInformationByHandle(file, FileBasicInfo, &basic, sizeof basic));
    CHECK(GetFileInformationByHandleEx(file, FileStandardInfo, &standard, sizeof standard));
    CHECK(standard.EndOfFile.QuadPart == 4 && standard.NumberOfLinks == 1 && !standard.Directory);
    CHECK(GetFileInformationByHandleEx(file, FileIdInfo, &id, sizeof id));
    CHECK(GetFileInformationByHandleEx(link, FileIdInfo, &other, sizeof other));
    CHECK(memcmp(&id.FileId, &other.FileId, sizeof id.FileId) != 0);
    CHECK(CloseHandle(link));

    memset(room, 0, sizeof room);
    rename->FileNameLength = (DWORD)(units(L"C:\\tree\\renamed") * sizeof(WCHAR));
    memcpy(rename->FileName, L"C:\\tree\\renamed", rename->FileNameLength);
    CHECK(SetFileInformationByHandle(file, FileRenameInfo, rename, sizeof room));
    CHECK(GetFileAttributesW(L"C:\\tree\\renamed") != INVALID_FILE_ATTRIBUTES);
    CHECK(SetFileInformationByHandle(file, FileDispositionInfo, &disposition, sizeof disposition));
    CHECK(CloseHandle(file));
    FAILS(GetFileAttributesW(L"C:\\tree\\renamed") != INVALID_FILE_ATTRIBUTES, ERROR_FILE_NOT_FOUND);
    make_file(L"C:\\tree\\file.txt", "data");
}

static void move_and_delete(void)
{
    FAILS(MoveFileExW(L"C:\\tree\\link", L"C:\\tree\\directory", 0), ERROR_ALREADY_EXISTS);
    CHECK(MoveFileExW(L"C:\\tree\\link", L"C:\\tree\\moved", 0));
    CHECK(GetFileAttributesW(L"C:\\tree\\moved") & FILE_ATTRIBUTE_REPARSE_POINT);
    CHECK(CreateHardLinkW(L"C:\\tree\\again", L"C:\\tree\\moved", NULL));
    CHECK(GetFileAttributesW(L"C:\\tree\\again") & FILE_ATTRIBUTE_REPARSE_POINT);
    CHECK(DeleteFileW(L"C:\\tree\\moved") && DeleteFileW(L"C:\\tree\\again"));
    CHECK(GetFileAttributesW(L"C:\\tree\\file.txt") != INVALID_FILE_ATTRIBUTES);
    FAILS(DeleteFileW(L"C:\\tree\\directory"), ERROR_ACCESS_DENIED);
    FAILS(RemoveDirectoryW(L"C:\\tree\\file.txt"), ERROR_DIRECTORY);
    FAILS(RemoveDirectoryW(L"C:\\tree"), ERROR_DIR_NOT_EMPTY);

    /* A link to a directory goes, though its target has entries. */
    CHECK(CreateSymbolicLinkW(L"C:\\to tree", L"tree", SYMBOLIC_LINK_FLAG_DIRECTORY));
    CHECK(GetFileAttributesW(L"C:\\to tree\\file.txt") != INVALID_FILE_ATTRIBUTES);
    CHECK(RemoveDirectoryW(L"C:\\to tree"));
    CHECK(GetFileAttributesW(L"C:\\tree\\file.txt") != INVALID_FILE_ATTRIBUTES);

    CHECK(SetFileAttributesW(L"C:\\tree\\file.txt", FILE_ATTRIBUTE_READONLY));
    FAILS(DeleteFileW(L"C:\\tree\\file.txt"), ERROR_ACCESS_DENIED);
    CHECK(SetFileAttributesW(L"C:\\tree\\file.txt", FILE_ATTRIBUTE_NORMAL));
}

static void links(void)
{
    HANDLE handle;
    WCHAR path[64];

    CHECK(CreateSymbolicLinkW(L"C:\\absolute", L"C:\\tree\\file.txt", 0));
    handle = open_at(L"C:\\absolute", GENERIC_READ, 0);
    CHECK(GetFinalPathNameByHandleW(handle, path, 64, VOLUME_NAME_NONE) == units(L"\\tree\\file.txt"));
    CHECK(same_text(path, L"\\tree\\file.txt"));
    CHECK(CloseHandle(handle) && DeleteFileW(L"C:\\absolute"));
    FAILS(CreateSymbolicLinkW(L"C:\\tree\\file.txt", L"x", 0), ERROR_ALREADY_EXISTS);
    CHECK(CreateSymbolicLinkW(L"C:\\loop", L"loop", 0));
    FAILS(CreateFileW(L"C:\\loop", GENERIC_READ, SHARE_ALL, NULL, OPEN_EXISTING, 0, NULL) != INVALID_HANDLE_VALUE,
          ERROR_CANT_RESOLVE_FILENAME);
    CHECK(DeleteFileW(L"C:\\loop"));
}

int main(void)
{
    CHECK(CreateDirectoryW(L"C:\\tree", NULL) && CreateDirectoryW(L"C:\\tree\\directory", NULL));
    make_file(L"C:\\tree\\file.txt", "data");
    CHECK(CreateSymbolicLinkW(L"C:\\tree\\link", L"file.txt", 0));
    find();
    links();
    information();
    move_and_delete();
    FINISH("names");
}
