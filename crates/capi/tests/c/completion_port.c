/* Completion ports: packets of requests that succeed, that fail, that want none, and that a program posts itself. */
#include "check.h"

#define REQUESTS 200

int main(void)
{
    static OVERLAPPED overlapped[REQUESTS], *which;
    static Point got[REQUESTS];
    static OVERLAPPED_ENTRY entries[REQUESTS];
    int seen[REQUESTS] = {0}, at, total;
    Point point;
    DWORD moved, size = symlink_to(&point, L"somewhere");
    ULONG count;
    ULONG_PTR key;
    HANDLE handle, port, event, synchronous;

    make_file(L"C:\\link", "");
    handle = open_at(L"C:\\link", GENERIC_READ | GENERIC_WRITE, FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_OVERLAPPED);
    port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    CHECK(port != NULL);
    CHECK(CreateIoCompletionPort(handle, port, 42, 0) == port);
    FAILS(CreateIoCompletionPort(handle, port, 43, 0), ERROR_INVALID_PARAMETER);
    synchronous = open_at(L"C:\\link", GENERIC_READ, FILE_FLAG_OPEN_REPARSE_POINT);
    FAILS(CreateIoCompletionPort(synchronous, port, 44, 0), ERROR_INVALID_PARAMETER);
    CHECK(CloseHandle(synchronous));

    /* A success. */
    REQUIRE(DeviceIoControl(handle, FSCTL_SET_REPARSE_POINT, &point, size, NULL, 0, NULL, &overlapped[0])
          || GetLastError() == ERROR_IO_PENDING);
    CHECK(GetQueuedCompletionStatus(port, &moved, &key, &which, INFINITE) && key == 42 && which == &overlapped[0] && moved == 0);

    /* A partial output: FALSE with an OVERLAPPED, and the count is valid. */
    CHECK(!DeviceIoControl(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &got[0], 30, NULL, &overlapped[0]));
    if (GetLastError() == ERROR_IO_PENDING || GetLastError() == ERROR_MORE_DATA) {
        FAILS(GetQueuedCompletionStatus(port, &moved, &key, &which, INFINITE), ERROR_MORE_DATA);
        CHECK(which == &overlapped[0] && moved == 30);
    }

    /* None: the time is over, and there is no OVERLAPPED. */
    FAILS(GetQueuedCompletionStatus(port, &moved, &key, &which, 20), WAIT_TIMEOUT);
    CHECK(which == NULL);

    /* The lowest bit of the event says that no packet is wanted. */
    event = CreateEventW(NULL, TRUE, FALSE, NULL);
    memset(&overlapped[0], 0, sizeof overlapped[0]);
    overlapped[0].hEvent = (HANDLE)((ULONG_PTR)event | 1);
    CHECK(DeviceIoControl(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &got[0], sizeof got[0], NULL, &overlapped[0])
          || GetLastError() == ERROR_IO_PENDING);
    CHECK(WaitForSingleObject(event, INFINITE) == WAIT_OBJECT_0);
    FAILS(GetQueuedCompletionStatus(port, &moved, &key, &which, 0), WAIT_TIMEOUT);

    /* Posted. */
    CHECK(PostQueuedCompletionStatus(port, 7, 8, &overlapped[9]));
    CHECK(GetQueuedCompletionStatus(port, &moved, &key, &which, 0) && moved == 7 && key == 8 && which == &overlapped[9]);

    /* Many, each once. */
    memset(overlapped, 0, sizeof overlapped);
    for (at = 0; at < REQUESTS; at++)
        CHECK(DeviceIoControl(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &got[at], sizeof got[at], NULL, &overlapped[at])
              || GetLastError() == ERROR_IO_PENDING);
    for (total = 0; total < REQUESTS; total += (int)count) {
        CHECK(GetQueuedCompletionStatusEx(port, entries, REQUESTS, &count, 60000, FALSE) && count > 0);
        for (at = 0; at < (int)count; at++) {
            CHECK(entries[at].dwNumberOfBytesTransferred == size);
            seen[entries[at].lpOverlapped - overlapped]++;
        }
        if (failures)
            break;
    }
    for (at = 0; at < REQUESTS; at++)
        CHECK(seen[at] == 1);

    /* The port closed before the request ends: no packet, and no harm. */
    CHECK(CloseHandle(port));
    memset(&overlapped[0], 0, sizeof overlapped[0]);
    CHECK(DeviceIoControl(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &got[0], sizeof got[0], NULL, &overlapped[0])
          || GetLastError() == ERROR_IO_PENDING);
    CHECK(GetOverlappedResult(handle, &overlapped[0], &moved, TRUE) && moved == size);
    FAILS(GetQueuedCompletionStatus(port, &moved, &key, &which, 0), ERROR_INVALID_HANDLE);
    CHECK(CloseHandle(handle) && CloseHandle(event));
    FINISH("completion_port");
}
