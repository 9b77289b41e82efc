/* A thousand requests in flight on one handle, and what can happen to them. */
#include "check.h"

#define REQUESTS 1000

static OVERLAPPED overlapped[REQUESTS];
static Point got[REQUESTS];
static Point point;
static DWORD size;

static void in_flight(HANDLE handle)
{
    DWORD returned;
    int at;

    for (at = 0; at < REQUESTS; at++) {
        memset(&overlapped[at], 0, sizeof overlapped[at]);
        overlapped[at].hEvent = CreateEventW(NULL, TRUE, TRUE, NULL);
        CHECK(DeviceIoControl(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &got[at], sizeof got[at], NULL, &overlapped[at])
              || GetLastError() == ERROR_IO_PENDING);
    }
    for (at = 0; at < REQUESTS; at++) {
        CHECK(GetOverlappedResult(handle, &overlapped[at], &returned, TRUE) && returned == size);
        CHECK(HasOverlappedIoCompleted(&overlapped[at]));
        CHECK(memcmp(&got[at], &point, size) == 0);
        CHECK(WaitForSingleObject(overlapped[at].hEvent, 1000) == WAIT_OBJECT_0);
        CHECK(CloseHandle(overlapped[at].hEvent));
    }
}

/* Each request ends once, by itself or by being cancelled; none is lost. */
static void cancelled(HANDLE handle)
{
    DWORD returned;
    int at, done = 0, stopped = 0;

    for (at = 0; at < REQUESTS; at++) {
        memset(&overlapped[at], 0, sizeof overlapped[at]);
        CHECK(DeviceIoControl(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &got[at], sizeof got[at], NULL, &overlapped[at])
              || GetLastError() == ERROR_IO_PENDING);
    }
    CHECK(CancelIoEx(handle, NULL) || GetLastError() == ERROR_NOT_FOUND);
    for (at = 0; at < REQUESTS; at++) {
        if (GetOverlappedResult(handle, &overlapped[at], &returned, TRUE))
            done++;
        else if (GetLastError() == ERROR_OPERATION_ABORTED && returned == 0)
            stopped++;
    }
    CHECK(done + stopped == REQUESTS);
    FAILS(CancelIoEx(handle, NULL), ERROR_NOT_FOUND);
    CHECK(CancelIo(handle));
}

/* The event or the file closed before the request ends: it ends all the same. */
static void closed_early(void)
{
    HANDLE handle = open_at(L"C:\\link", 0, FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_OVERLAPPED);
    int at;

    for (at = 0; at < 100; at++) {
        memset(&overlapped[at], 0, sizeof overlapped[at]);
        overlapped[at].hEvent = CreateEventW(NULL, FALSE, FALSE, NULL);
        CHECK(DeviceIoControl(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &got[at], sizeof got[at], NULL, &overlapped[at])
              || GetLastError() == ERROR_IO_PENDING);
        if (at % 2 == 0)
            CHECK(CloseHandle(overlapped[at].hEvent));
    }
    CHECK(CloseHandle(handle));
    for (at = 0; at < 100; at++) {
        if (at % 2 == 1) {
            CHECK(WaitForSingleObject(overlapped[at].hEvent, 60000) == WAIT_OBJECT_0);
            CHECK(CloseHandle(overlapped[at].hEvent));
        }
        while (!HasOverlappedIoCompleted(&overlapped[at]))
            ;
        CHECK(overlapped[at].Internal == 0 && overlapped[at].InternalHigh == size);
    }
}

static void wrong_calls(HANDLE handle)
{
    DWORD returned;
    OVERLAPPED one;

    memset(&one, 0, sizeof one);
    FAILS(control(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &got[0], sizeof got[0], &returned), ERROR_INVALID_PARAMETER);
    one.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    CHECK(CloseHandle(one.hEvent));
    FAILS(DeviceIoControl(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &got[0], sizeof got[0], NULL, &one), ERROR_INVALID_HANDLE);
    one.hEvent = handle;
    FAILS(DeviceIoControl(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &got[0], sizeof got[0], NULL, &one), ERROR_INVALID_HANDLE);
    /* A failure is told at the end, like a success. */
    one.hEvent = NULL;
    CHECK(!DeviceIoControl(handle, FSCTL_SET_REPARSE_POINT, &point, size, NULL, 0, NULL, &one));
    CHECK(GetLastError() == ERROR_IO_PENDING || GetLastError() == ERROR_ACCESS_DENIED);
    if (GetLastError() == ERROR_IO_PENDING)
        FAILS(GetOverlappedResult(handle, &one, &returned, TRUE), ERROR_ACCESS_DENIED);
    one.Internal = 0x103;
    FAILS(GetOverlappedResult(handle, &one, &returned, FALSE), ERROR_IO_INCOMPLETE);
    FAILS(GetOverlappedResultEx(handle, &one, &returned, 10, FALSE), WAIT_TIMEOUT);
}

static void data(void)
{
    HANDLE handle = CreateFileW(L"C:\\data", GENERIC_READ | GENERIC_WRITE, SHARE_ALL, NULL, CREATE_NEW, FILE_FLAG_OVERLAPPED, NULL);
    static char text[4] = "abc";
    DWORD moved, at;

    CHECK(handle != INVALID_HANDLE_VALUE);
    for (at = 0; at < 100; at++) {
        memset(&overlapped[at], 0, sizeof overlapped[at]);
        overlapped[at].Offset = at * 3;
        CHECK(WriteFile(handle, text, 3, NULL, &overlapped[at]) || GetLastError() == ERROR_IO_PENDING);
    }
    for (at = 0; at < 100; at++)
        CHECK(GetOverlappedResult(handle, &overlapped[at], &moved, TRUE) && moved == 3);
    memset(&overlapped[0], 0, sizeof overlapped[0]);
    overlapped[0].Offset = 297;
    CHECK(ReadFile(handle, &got[0], sizeof got[0], NULL, &overlapped[0]) || GetLastError() == ERROR_IO_PENDING);
    CHECK(GetOverlappedResult(handle, &overlapped[0], &moved, TRUE) && moved == 3 && memcmp(&got[0], "abc", 3) == 0);
    overlapped[0].Offset = 300;
    if (ReadFile(handle, &got[0], sizeof got[0], NULL, &overlapped[0]) || GetLastError() == ERROR_IO_PENDING)
        FAILS(GetOverlappedResult(handle, &overlapped[0], &moved, TRUE), ERROR_HANDLE_EOF);
    CHECK(CloseHandle(handle));
}

/* Who has heard of the end of the last request and closes the handle has closed the file: once deleted, its name is free. */
static void closed_when_told(void)
{
    int round;

    for (round = 0; round < REQUESTS; round++) {
        HANDLE handle = CreateFileW(L"C:\\gone", GENERIC_READ, SHARE_ALL, NULL, CREATE_NEW, FILE_FLAG_OVERLAPPED, NULL);

        CHECK(handle != INVALID_HANDLE_VALUE);
        if (handle == INVALID_HANDLE_VALUE)
            return;
        memset(&overlapped[0], 0, sizeof overlapped[0]);
        overlapped[0].hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
        FAILS(DeviceIoControl(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &got[0], sizeof got[0], NULL, &overlapped[0]), ERROR_IO_PENDING);
        CHECK(WaitForSingleObject(overlapped[0].hEvent, 10000) == WAIT_OBJECT_0);
        CHECK(CloseHandle(handle) && CloseHandle(overlapped[0].hEvent));
        CHECK(DeleteFileW(L"C:\\gone"));
    }
}

int main(void)
{
    HANDLE handle;
    DWORD returned;

    size = symlink_to(&point, L"somewhere");
    make_file(L"C:\\link", "");
    handle = open_at(L"C:\\link", GENERIC_WRITE, FILE_FLAG_OPEN_REPARSE_POINT);
    REQUIRE(control(handle, FSCTL_SET_REPARSE_POINT, &point, size, NULL, 0, &returned));
    CHECK(CloseHandle(handle));

    handle = open_at(L"C:\\link", 0, FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_OVERLAPPED);
    in_flight(handle);
    cancelled(handle);
    wrong_calls(handle);
    CHECK(CloseHandle(handle));
    closed_early();
    closed_when_told();
    data();
    FINISH("overlapped");
}
