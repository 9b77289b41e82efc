/* Eight threads, each with requests of its own on shared handles, and an error of its own. */
#include "check.h"
#include <pthread.h>

#define THREADS 8
#define ROUNDS 200
#define AT_ONCE 16

static HANDLE shared;
static Point point;
static DWORD size;

static void *work(void *number)
{
    OVERLAPPED overlapped[AT_ONCE];
    Point got[AT_ONCE];
    HANDLE mine;
    DWORD moved;
    int round, at;
    WCHAR name[] = L"C:\\thread0";

    name[9] = (WCHAR)(L'0' + (int)(size_t)number);
    mine = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, SHARE_ALL, NULL, CREATE_ALWAYS, FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_OVERLAPPED, NULL);
    CHECK(mine != INVALID_HANDLE_VALUE);
    SetLastError(1000 + (DWORD)(size_t)number);
    for (round = 0; round < ROUNDS; round++) {
        memset(overlapped, 0, sizeof overlapped);
        for (at = 0; at < AT_ONCE; at++) {
            BOOL set = at % 2;
            DWORD code = set ? FSCTL_SET_REPARSE_POINT : FSCTL_GET_REPARSE_POINT;
            if (!DeviceIoControl(set ? mine : shared, code, set ? &point : NULL, set ? size : 0, set ? NULL : &got[at], set ? 0 : sizeof got[at], NULL, &overlapped[at]))
                CHECK(GetLastError() == ERROR_IO_PENDING);
        }
        for (at = 0; at < AT_ONCE; at++)
            CHECK(GetOverlappedResult(at % 2 ? mine : shared, &overlapped[at], &moved, TRUE) && moved == (at % 2 ? 0 : size));
        if (round % 16 == 0) /* handles come and go meanwhile */
            CHECK(CloseHandle(open_at(name, 0, FILE_FLAG_OPEN_REPARSE_POINT)));
    }
    SetLastError(1000 + (DWORD)(size_t)number);
    CHECK(GetLastError() == 1000 + (DWORD)(size_t)number);
    CHECK(CloseHandle(mine));
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    DWORD returned;
    HANDLE handle;
    size_t at;

    size = symlink_to(&point, L"somewhere");
    make_file(L"C:\\shared", "");
    handle = open_at(L"C:\\shared", GENERIC_WRITE, FILE_FLAG_OPEN_REPARSE_POINT);
    CHECK(control(handle, FSCTL_SET_REPARSE_POINT, &point, size, NULL, 0, &returned) && CloseHandle(handle));
    shared = open_at(L"C:\\shared", GENERIC_READ, FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_OVERLAPPED);
    for (at = 0; at < THREADS; at++)
        CHECK(pthread_create(&threads[at], NULL, work, (void *)at) == 0);
    for (at = 0; at < THREADS; at++)
        CHECK(pthread_join(threads[at], NULL) == 0);
    CHECK(CloseHandle(shared));
    FINISH("threads");
}
