/* Wrong on purpose, for those who look for faults: `thread` races through the library, `address` uses a buffer that is gone. */
#include "check.h"
#include <pthread.h>
#include <stdlib.h>

static Point point;
static DWORD size;

/* Both threads write where the library puts what it got. */
static void *get(void *name)
{
    static Point got;
    DWORD returned;
    HANDLE handle = CreateFileW((const WCHAR *)name, 0, SHARE_ALL, NULL, OPEN_EXISTING, ITSELF, NULL);
    int turn;

    for (turn = 0; turn < 1000; turn++)
        control(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &got, sizeof got, &returned);
    CloseHandle(handle);
    return NULL;
}

int main(int count, char **words)
{
    const char *what = words[count - 1];
    static WCHAR name[] = L"C:\\link";
    DWORD returned;
    HANDLE handle;

    size = symlink_to(&point, L"target");
    make_file(name, "");
    handle = open_at(name, GENERIC_WRITE, ITSELF);
    if (strcmp(what, "thread") == 0) {
        pthread_t other;
        CHECK(control(handle, FSCTL_SET_REPARSE_POINT, &point, size, NULL, 0, &returned));
        pthread_create(&other, NULL, get, name);
        get(name);
        pthread_join(other, NULL);
    } else {
        BYTE *short_lived = (BYTE *)malloc(size);
        memcpy(short_lived, &point, size);
        free(short_lived);
        control(handle, FSCTL_SET_REPARSE_POINT, short_lived, size, NULL, 0, &returned);
    }
    CHECK(CloseHandle(handle));
    FINISH("wrong");
}
