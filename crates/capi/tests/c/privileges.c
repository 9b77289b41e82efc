/* SeCreateSymbolicLinkPrivilege: needed for symbolic links and nothing else, and looked at when the file is opened. */
#include "check.h"

int main(void)
{
    Point link, mount;
    DWORD returned, link_size = symlink_to(&link, L"target"), mount_size = junction(&mount, L"\\??\\C:\\x", L"");
    TOKEN_PRIVILEGES drop, before;
    HANDLE token, file, directory, with;
    BYTE extended[32 + sizeof(Point)] = {0};

    make_file(L"C:\\file", "");
    CHECK(CreateDirectoryW(L"C:\\directory", NULL));
    with = open_at(L"C:\\file", GENERIC_WRITE, ITSELF);

    CHECK(OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token));
    drop.PrivilegeCount = 1;
    CHECK(LookupPrivilegeValueW(NULL, L"SeCreateSymbolicLinkPrivilege", &drop.Privileges[0].Luid));
    FAILS(LookupPrivilegeValueW(NULL, L"SeNoSuchPrivilege", &before.Privileges[0].Luid), ERROR_NO_SUCH_PRIVILEGE);
    drop.Privileges[0].Attributes = 0;
    CHECK(AdjustTokenPrivileges(token, FALSE, &drop, sizeof before, &before, &returned) && GetLastError() == ERROR_SUCCESS);
    CHECK(before.PrivilegeCount == 1 && before.Privileges[0].Attributes == SE_PRIVILEGE_ENABLED);

    file = open_at(L"C:\\file", GENERIC_WRITE, ITSELF);
    directory = open_at(L"C:\\directory", GENERIC_WRITE, ITSELF);
    FAILS(control(file, FSCTL_SET_REPARSE_POINT, &link, link_size, NULL, 0, &returned), ERROR_PRIVILEGE_NOT_HELD);
    FAILS(control(directory, FSCTL_SET_REPARSE_POINT, &link, link_size, NULL, 0, &returned), ERROR_PRIVILEGE_NOT_HELD);
    /* The extended call asks for it too: Flags, no tag, no GUID, Reserved, and the link. */
    memcpy(extended + 32, &link, link_size);
    FAILS(control(file, CTL_CODE(FILE_DEVICE_FILE_SYSTEM, 259, METHOD_BUFFERED, FILE_SPECIAL_ACCESS), extended, 32 + link_size,
                  NULL, 0, &returned), ERROR_PRIVILEGE_NOT_HELD);
    CHECK(control(directory, FSCTL_SET_REPARSE_POINT, &mount, mount_size, NULL, 0, &returned));
    FAILS(CreateSymbolicLinkW(L"C:\\none", L"target", 0), ERROR_PRIVILEGE_NOT_HELD);
    CHECK(GetFileAttributesW(L"C:\\none") == INVALID_FILE_ATTRIBUTES);
    CHECK(CreateSymbolicLinkW(L"C:\\none", L"target", SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE));

    /* What was opened with it may still. */
    CHECK(control(with, FSCTL_SET_REPARSE_POINT, &link, link_size, NULL, 0, &returned));

    /* Back, and then gone for good. */
    CHECK(AdjustTokenPrivileges(token, FALSE, &before, 0, NULL, NULL) && GetLastError() == ERROR_SUCCESS);
    CHECK(CreateSymbolicLinkW(L"C:\\one", L"target", 0));
    drop.Privileges[0].Attributes = SE_PRIVILEGE_REMOVED;
    CHECK(AdjustTokenPrivileges(token, FALSE, &drop, 0, NULL, NULL) && GetLastError() == ERROR_SUCCESS);
    CHECK(AdjustTokenPrivileges(token, FALSE, &before, 0, NULL, NULL) && GetLastError() == ERROR_NOT_ALL_ASSIGNED);
    FAILS(CreateSymbolicLinkW(L"C:\\two", L"target", 0), ERROR_PRIVILEGE_NOT_HELD);

    CHECK(CloseHandle(token));
    FAILS(AdjustTokenPrivileges(token, FALSE, &drop, 0, NULL, NULL), ERROR_INVALID_HANDLE);
    CHECK(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
    FAILS(AdjustTokenPrivileges(token, FALSE, &drop, 0, NULL, NULL), ERROR_ACCESS_DENIED);
    CHECK(CloseHandle(token) && CloseHandle(file) && CloseHandle(directory) && CloseHandle(with));
    FINISH("privileges");
}
