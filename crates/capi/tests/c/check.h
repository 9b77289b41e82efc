/* What the test programs share. The programs are plain Windows programs: they compile against the real <windows.h> too. */
#ifndef CHECK_H
#define CHECK_H
#include <stdio.h>
#include <string.h>
#include <windows.h>
#include <winioctl.h>

static int failures;

#ifdef TELL_FACTS
/* For a judge: a line for each fact, `where<TAB>pass|fail<TAB>why`. */
#define TELL(held, fact, why, number)                                      \
    do {                                                                   \
        const unsigned long check_told = (unsigned long)(number);          \
        failures += !(held);                                               \
        if (held)                                                          \
            printf("%s: %s\tpass\t\n", __func__, fact);                    \
        else                                                               \
            printf("%s: %s\tfail\t" why "\n", __func__, fact, check_told); \
        fflush(stdout);                                                    \
    } while (0)
#define CHECK_AS(fact, text)                                           \
    do {                                                               \
        const int check_held = !!(fact);                               \
        const DWORD check_error = GetLastError();                      \
        TELL(check_held, text, "not so, last error %lu", check_error); \
    } while (0)
#define FAILS(call, wanted)                                                                           \
    do {                                                                                              \
        int check_done;                                                                               \
        DWORD check_error;                                                                            \
        SetLastError(0xDEAD);                                                                         \
        check_done = !!(call);                                                                        \
        check_error = check_done ? 0 : GetLastError();                                                \
        TELL(check_error == (DWORD)(wanted), #call " fails with " #wanted, "gives %lu", check_error); \
    } while (0)
#else
#define CHECK_AS(fact, text)                                                                                         \
    do {                                                                                                             \
        if (!(fact)) {                                                                                               \
            printf("%s:%d: not so: %s (last error %lu)\n", __FILE__, __LINE__, text, (unsigned long)GetLastError()); \
            failures++;                                                                                              \
        }                                                                                                            \
    } while (0)

/* States that a call fails with an error number. */
#define FAILS(call, error)                                                                                                \
    do {                                                                                                                  \
        SetLastError(0xDEAD);                                                                                             \
        if (call) {                                                                                                       \
            printf("%s:%d: succeeded: %s\n", __FILE__, __LINE__, #call);                                                  \
            failures++;                                                                                                   \
        } else if (GetLastError() != (DWORD)(error)) {                                                                    \
            printf("%s:%d: %s gives %lu and not %s\n", __FILE__, __LINE__, #call, (unsigned long)GetLastError(), #error); \
            failures++;                                                                                                   \
        }                                                                                                                 \
    } while (0)
#endif

/* States a fact. */
#define CHECK(fact) CHECK_AS(fact, #fact)

/* States a fact without which the rest of a program means nothing, or never ends. */
#define REQUIRE(fact)                      \
    do {                                   \
        const int check_before = failures; \
        CHECK_AS(fact, #fact);             \
        if (failures != check_before)      \
            return 1;                      \
    } while (0)

#define FINISH(name)                                          \
    do {                                                      \
        printf("%s: %s\n", name, failures ? "FAILED" : "ok"); \
        return failures ? 1 : 0;                              \
    } while (0)

/* REPARSE_DATA_BUFFER: the header, and data. */
typedef struct Point {
    DWORD tag;
    WORD length;
    WORD reserved;
    BYTE data[1024];
} Point;

#define POINT_HEADER 8u
#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
#define ITSELF (FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS)

static inline WORD units(const WCHAR *text)
{
    WORD count = 0;
    while (text[count] != 0)
        count++;
    return count;
}

static inline int same_text(const WCHAR *a, const WCHAR *b)
{
    return units(a) == units(b) && memcmp(a, b, units(a) * sizeof(WCHAR)) == 0;
}

static inline void put_word(Point *point, WORD at, WORD value)
{
    memcpy(point->data + at, &value, sizeof value);
}

/* A mount point as Windows wants it: both names, each with a NUL. Gives the size of the buffer. */
static inline DWORD junction(Point *point, const WCHAR *substitute, const WCHAR *print)
{
    WORD first = (WORD)(units(substitute) * 2), second = (WORD)(units(print) * 2);
    memset(point, 0, sizeof *point);
    point->tag = 0xA0000003;
    point->length = (WORD)(first + second + 12);
    put_word(point, 2, first);
    put_word(point, 4, (WORD)(first + 2));
    put_word(point, 6, second);
    memcpy(point->data + 8, substitute, first);
    memcpy(point->data + 8 + first + 2, print, second);
    return POINT_HEADER + point->length;
}

/* A relative symbolic link. Gives the size of the buffer. */
static inline DWORD symlink_to(Point *point, const WCHAR *target)
{
    WORD length = (WORD)(units(target) * 2);
    memset(point, 0, sizeof *point);
    point->tag = 0xA000000C;
    point->length = (WORD)(2 * length + 12);
    put_word(point, 0, length);
    put_word(point, 2, length);
    put_word(point, 6, length);
    point->data[8] = 1;
    memcpy(point->data + 12, target, length);
    memcpy(point->data + 12 + length, target, length);
    return POINT_HEADER + point->length;
}

static inline HANDLE open_at(const WCHAR *name, DWORD access, DWORD flags)
{
    HANDLE handle = CreateFileW(name, access, SHARE_ALL, NULL, OPEN_EXISTING, flags, NULL);
    CHECK(handle != INVALID_HANDLE_VALUE);
    return handle;
}

static inline void make_file(const WCHAR *name, const char *data)
{
    DWORD written = 0;
    HANDLE handle = CreateFileW(name, GENERIC_WRITE, SHARE_ALL, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    CHECK(handle != INVALID_HANDLE_VALUE);
    CHECK(WriteFile(handle, data, (DWORD)strlen(data), &written, NULL) && written == strlen(data));
    CHECK(CloseHandle(handle));
}

static inline BOOL control(HANDLE handle, DWORD code, const void *in, DWORD size, void *out, DWORD room, DWORD *returned)
{
    return DeviceIoControl(handle, code, (LPVOID)in, size, out, room, returned, NULL);
}

#endif
