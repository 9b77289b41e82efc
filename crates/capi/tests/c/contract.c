/* The contract of DeviceIoControl on a synchronous handle: what it takes, what it returns, how it fails. */
#include "check.h"

static void set_get_delete(void)
{
    Point point, got;
    DWORD returned = 77, size = symlink_to(&point, L"target");
    HANDLE handle;

    make_file(L"C:\\link", "");
    handle = open_at(L"C:\\link", GENERIC_WRITE, FILE_FLAG_OPEN_REPARSE_POINT);
    FAILS(control(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &got, 1, &returned), ERROR_NOT_A_REPARSE_POINT);
    CHECK(control(handle, FSCTL_SET_REPARSE_POINT, &point, size, NULL, 0, &returned) && returned == 0);
    CHECK(GetFileAttributesW(L"C:\\link") & FILE_ATTRIBUTE_REPARSE_POINT);

    /* Whole, exactly as it was set; with room to spare; and not a byte more is written. */
    memset(&got, 0xEE, sizeof got);
    CHECK(control(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &got, sizeof got, &returned) && returned == size);
    CHECK(memcmp(&got, &point, size) == 0 && ((BYTE *)&got)[size] == 0xEE);
    /* In part: FALSE, and yet data, from 28 bytes on. */
    memset(&got, 0xEE, sizeof got);
    FAILS(control(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &got, size - 1, &returned), ERROR_MORE_DATA);
    CHECK(returned == size - 1 && memcmp(&got, &point, size - 1) == 0 && ((BYTE *)&got)[size - 1] == 0xEE);
    FAILS(control(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &got, 28, &returned), ERROR_MORE_DATA);
    CHECK(returned == 28);
    FAILS(control(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &got, 27, &returned), ERROR_INSUFFICIENT_BUFFER);
    CHECK(returned == 0);
    FAILS(control(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, NULL, 0, &returned), ERROR_INVALID_USER_BUFFER);
    FAILS(control(handle, FSCTL_GET_REPARSE_POINT, &point, size, &got, sizeof got, &returned), ERROR_INVALID_PARAMETER);

    /* Deleting: the header alone, its length 0. */
    FAILS(control(handle, FSCTL_DELETE_REPARSE_POINT, &point, POINT_HEADER, NULL, 0, &returned), ERROR_INVALID_REPARSE_DATA);
    point.length = 0;
    FAILS(control(handle, FSCTL_DELETE_REPARSE_POINT, NULL, 0, NULL, 0, &returned), ERROR_INVALID_USER_BUFFER);
    FAILS(control(handle, FSCTL_DELETE_REPARSE_POINT, &point, 28, NULL, 0, &returned), ERROR_INVALID_REPARSE_DATA);
    FAILS(control(handle, FSCTL_DELETE_REPARSE_POINT, &point, POINT_HEADER, &got, 4, &returned), ERROR_INVALID_PARAMETER);
    point.tag = 0xA0000003;
    FAILS(control(handle, FSCTL_DELETE_REPARSE_POINT, &point, POINT_HEADER, NULL, 0, &returned), ERROR_REPARSE_TAG_MISMATCH);
    point.tag = 0xA000000C;
    CHECK(control(handle, FSCTL_DELETE_REPARSE_POINT, &point, POINT_HEADER, NULL, 0, &returned) && returned == 0);
    FAILS(control(handle, FSCTL_DELETE_REPARSE_POINT, &point, POINT_HEADER, NULL, 0, &returned), ERROR_NOT_A_REPARSE_POINT);
    CHECK(!(GetFileAttributesW(L"C:\\link") & FILE_ATTRIBUTE_REPARSE_POINT));
    CHECK(CloseHandle(handle));
}

static void refusals_of_set(void)
{
    Point point;
    DWORD returned, size = symlink_to(&point, L"target");
    HANDLE handle;

    make_file(L"C:\\data", "some");
    handle = open_at(L"C:\\data", GENERIC_WRITE, FILE_FLAG_OPEN_REPARSE_POINT);
    FAILS(control(handle, FSCTL_SET_REPARSE_POINT, NULL, 0, NULL, 0, &returned), ERROR_INVALID_USER_BUFFER);
    FAILS(control(handle, FSCTL_SET_REPARSE_POINT, &point, size, &point, 4, &returned), ERROR_INVALID_PARAMETER);
    FAILS(control(handle, FSCTL_SET_REPARSE_POINT, &point, size + 1, NULL, 0, &returned), ERROR_INVALID_REPARSE_DATA);
    FAILS(control(handle, FSCTL_SET_REPARSE_POINT, &point, size, NULL, 0, &returned), ERROR_INVALID_REPARSE_DATA); /* it has data */
    size = junction(&point, L"\\??\\C:\\nowhere\\", L"");
    FAILS(control(handle, FSCTL_SET_REPARSE_POINT, &point, size, NULL, 0, &returned), ERROR_DIRECTORY);
    CHECK(CloseHandle(handle));

    /* Any one of the rights to write is enough, none is not. */
    make_file(L"C:\\rights", "");
    size = symlink_to(&point, L"target");
    handle = open_at(L"C:\\rights", GENERIC_READ, FILE_FLAG_OPEN_REPARSE_POINT);
    FAILS(control(handle, FSCTL_SET_REPARSE_POINT, &point, size, NULL, 0, &returned), ERROR_ACCESS_DENIED);
    CHECK(CloseHandle(handle));
    handle = open_at(L"C:\\rights", FILE_WRITE_ATTRIBUTES, FILE_FLAG_OPEN_REPARSE_POINT);
    CHECK(control(handle, FSCTL_SET_REPARSE_POINT, &point, size, NULL, 0, &returned));
    CHECK(CloseHandle(handle));
}

/* Where Windows would fault, or has no such thing. */
static void wrong_calls(void)
{
    Point point;
    DWORD returned, size = symlink_to(&point, L"target");
    HANDLE handle;

    make_file(L"C:\\wrong", "");
    handle = open_at(L"C:\\wrong", GENERIC_WRITE, FILE_FLAG_OPEN_REPARSE_POINT);
    FAILS(control(handle, FSCTL_SET_REPARSE_POINT, NULL, 8, NULL, 0, &returned), ERROR_NOACCESS);
    /* Windows 7 faults here, later ones take it. */
    CHECK(control(handle, FSCTL_SET_REPARSE_POINT, &point, size, NULL, 0, NULL));
    FAILS(control(handle, CTL_CODE(FILE_DEVICE_FILE_SYSTEM, 0xFFF, METHOD_BUFFERED, FILE_ANY_ACCESS), &point, size, NULL, 0, &returned), ERROR_INVALID_FUNCTION);
    CHECK(CloseHandle(handle));
    FAILS(control(handle, FSCTL_SET_REPARSE_POINT, &point, size, NULL, 0, &returned), ERROR_INVALID_HANDLE);
    FAILS(CloseHandle(handle), ERROR_INVALID_HANDLE);
    FAILS(control(NULL, FSCTL_SET_REPARSE_POINT, &point, size, NULL, 0, &returned), ERROR_INVALID_HANDLE);
    FAILS(CloseHandle(NULL), ERROR_INVALID_HANDLE);
}

/* On a synchronous handle the OVERLAPPED makes nothing wait: it is filled before the call returns. */
static void overlapped_on_a_synchronous_handle(void)
{
    Point point, got;
    DWORD returned, size = symlink_to(&point, L"target");
    OVERLAPPED overlapped;
    HANDLE handle;

    make_file(L"C:\\sync", "");
    handle = open_at(L"C:\\sync", GENERIC_WRITE, FILE_FLAG_OPEN_REPARSE_POINT);
    memset(&overlapped, 0, sizeof overlapped);
    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    CHECK(DeviceIoControl(handle, FSCTL_SET_REPARSE_POINT, &point, size, NULL, 0, NULL, &overlapped));
    CHECK(WaitForSingleObject(overlapped.hEvent, 0) == WAIT_OBJECT_0);
    CHECK(DeviceIoControl(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &got, sizeof got, NULL, &overlapped));
    CHECK(GetOverlappedResult(handle, &overlapped, &returned, FALSE) && returned == size);
    FAILS(DeviceIoControl(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &got, 30, NULL, &overlapped), ERROR_MORE_DATA);
    FAILS(GetOverlappedResult(handle, &overlapped, &returned, FALSE), ERROR_MORE_DATA);
    CHECK(returned == 30);
    CHECK(CloseHandle(overlapped.hEvent) && CloseHandle(handle));
}

static void opening(void)
{
    HANDLE handle;

    CHECK(CreateDirectoryW(L"C:\\dir", NULL));
    FAILS(CreateDirectoryW(L"C:\\dir", NULL), ERROR_ALREADY_EXISTS);
#define OPENS(name, access, how, flags) \
    ((handle = CreateFileW(name, access, SHARE_ALL, NULL, how, flags, NULL)) != INVALID_HANDLE_VALUE)
    FAILS(OPENS(L"C:\\dir", GENERIC_READ, OPEN_EXISTING, 0), ERROR_ACCESS_DENIED);
    FAILS(OPENS(L"C:\\none", GENERIC_READ, OPEN_EXISTING, 0), ERROR_FILE_NOT_FOUND);
    FAILS(OPENS(L"C:\\none\\none", GENERIC_READ, OPEN_EXISTING, 0), ERROR_PATH_NOT_FOUND);
    FAILS(OPENS(L"Q:\\none", GENERIC_READ, OPEN_EXISTING, 0), ERROR_PATH_NOT_FOUND);
    FAILS(OPENS(L"C:\\a?b", GENERIC_READ, OPEN_EXISTING, 0), ERROR_INVALID_NAME);
    FAILS(OPENS(L"C:\\dir", GENERIC_READ, 99, 0), ERROR_INVALID_PARAMETER);
    CHECK(OPENS(L"C:\\new", GENERIC_READ | GENERIC_WRITE, CREATE_NEW, 0) && CloseHandle(handle));
    FAILS(OPENS(L"C:\\new", GENERIC_READ, CREATE_NEW, 0), ERROR_FILE_EXISTS);
    FAILS(OPENS(L"C:\\new", GENERIC_READ, TRUNCATE_EXISTING, 0), ERROR_INVALID_PARAMETER);
    SetLastError(1);
    CHECK(OPENS(L"C:\\new", GENERIC_READ, OPEN_ALWAYS, 0) && GetLastError() == ERROR_ALREADY_EXISTS && CloseHandle(handle));
    SetLastError(1);
    CHECK(OPENS(L"C:\\newer", GENERIC_READ, OPEN_ALWAYS, 0) && GetLastError() == 0 && CloseHandle(handle));
    CHECK(OPENS(L"C:\\dir\\..\\new", 0, OPEN_EXISTING, 0) && CloseHandle(handle));
    CHECK(OPENS(L"C:/NEW", 0, OPEN_EXISTING, 0) && CloseHandle(handle));
    CHECK(OPENS(L"\\\\?\\C:\\new", 0, OPEN_EXISTING, 0) && CloseHandle(handle));
    FAILS(OPENS(L"\\\\?\\C:\\dir\\..\\new", 0, OPEN_EXISTING, 0), ERROR_INVALID_NAME);
    CHECK(OPENS(L"C:\\gone", DELETE, CREATE_NEW, FILE_FLAG_DELETE_ON_CLOSE) && CloseHandle(handle));
    CHECK(GetFileAttributesW(L"C:\\gone") == INVALID_FILE_ATTRIBUTES);
}

int main(void)
{
    set_get_delete();
    refusals_of_set();
    wrong_calls();
    overlapped_on_a_synchronous_handle();
    opening();
    FINISH("contract");
}
