/* Every error number that a reparse point can give: by its status, and as calls raise it. */
#include "check.h"
#include <winternl.h>

#ifndef FSCTL_SET_REPARSE_POINT_EX
#define FSCTL_SET_REPARSE_POINT_EX CTL_CODE(FILE_DEVICE_FILE_SYSTEM, 259, METHOD_BUFFERED, FILE_SPECIAL_ACCESS)
#endif
#ifndef OBJ_DONT_REPARSE
#define OBJ_DONT_REPARSE 0x00001000L
#endif

/* spec/reparse-semantics.md 4.2: the status, and the number of GetLastError. */
static const DWORD table[][2] = {
    {0x00000104, 741},  {0x00000118, 755},  {0x8000002D, 681},  {0xC0000275, 4390}, {0xC00002B2, 4391}, {0xC0000278, 4392},
    {0xC0000276, 4393}, {0xC0000277, 4394}, {0xC000050B, 4395}, {0xC0000279, 1920}, {0xC0000280, 1921}, {0xC0000281, 161},
    {0xC0000715, 1463}, {0xC00004BC, 448},  {0xC0000101, 145},  {0xC0000103, 267},  {0xC000004F, 282},  {0xC0000061, 1314},
    {0xC0000022, 5},    {0xC00000BA, 5},    {0xC0000056, 5},    {0xC00000A2, 19},   {0xC000029C, 1},    {0xC0000010, 1},
    {0xC00000BB, 50},   {0xC000000D, 87},   {0xC0000003, 87},   {0xC0000206, 1784}, {0xC00000E8, 1784}, {0xC0000023, 122},
    {0x80000005, 234},  {0xC0000004, 24},   {0xC0000033, 123},  {0xC0000034, 2},    {0xC000003A, 3},    {0xC0000035, 183},
    {0xC0000128, 6},    {0xC0000120, 995},  {0x00000103, 997},  {0xC000019C, 588},  {0xC0000043, 32},
};

static void by_status(void)
{
    size_t row;
    for (row = 0; row < sizeof table / sizeof *table; row++) {
        const DWORD number = RtlNtStatusToDosError((NTSTATUS)table[row][0]);
        CHECK(number == table[row][1]);
        if (number != table[row][1])
            printf("status %08lx gives %lu and not %lu\n", (unsigned long)table[row][0], (unsigned long)number, (unsigned long)table[row][1]);
    }
}

/* A third party's point: tag, GUID, four bytes. */
static DWORD owned(Point *point, BYTE owner)
{
    memset(point, 0, sizeof *point);
    point->tag = 0x00004711;
    point->length = 4;
    memset(point->data, owner, 16);
    return 24 + 4;
}

static void by_calls(void)
{
    Point point, other;
    DWORD returned, size = owned(&point, 7);
    BYTE extended[32 + sizeof(Point)];
    WCHAR text[] = L"\\??\\C:\\owned";
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES object;
    IO_STATUS_BLOCK block;
    HANDLE handle, second;

    make_file(L"C:\\owned", "");
    handle = open_at(L"C:\\owned", GENERIC_WRITE, ITSELF);
    CHECK(control(handle, FSCTL_SET_REPARSE_POINT, &point, size, NULL, 0, &returned));
    size = owned(&other, 8);
    FAILS(control(handle, FSCTL_SET_REPARSE_POINT, &other, size, NULL, 0, &returned), ERROR_REPARSE_ATTRIBUTE_CONFLICT);
    other.tag = 0x00004712;
    FAILS(control(handle, FSCTL_SET_REPARSE_POINT, &other, size, NULL, 0, &returned), ERROR_REPARSE_TAG_MISMATCH);
    other.tag = 1;
    FAILS(control(handle, FSCTL_SET_REPARSE_POINT, &other, size, NULL, 0, &returned), ERROR_REPARSE_TAG_INVALID);

    /* Another tag than is there, said which: FSCTL_SET_REPARSE_POINT_EX. Flags, the tag that is there, its GUID, Reserved. */
    size = symlink_to(&other, L"target");
    memset(extended, 0, sizeof extended);
    memcpy(extended + 4, &point.tag, 4);
    memset(extended + 8, 9, 16);
    memcpy(extended + 32, &other, size);
    FAILS(control(handle, FSCTL_SET_REPARSE_POINT_EX, extended, 32 + size, NULL, 0, &returned), ERROR_REPARSE_ATTRIBUTE_CONFLICT);
    memset(extended + 8, 7, 16);
    FAILS(control(handle, FSCTL_SET_REPARSE_POINT_EX, extended, 31, NULL, 0, &returned), ERROR_INVALID_REPARSE_DATA);
    CHECK(control(handle, FSCTL_SET_REPARSE_POINT_EX, extended, 32 + size, NULL, 0, &returned));
    FAILS(control(handle, FSCTL_SET_REPARSE_POINT_EX, extended, 32 + size, NULL, 0, &returned), ERROR_REPARSE_TAG_MISMATCH);
    CHECK(control(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &point, sizeof point, &returned) && returned == size);
    CHECK(memcmp(&point, &other, size) == 0);
    CHECK(CloseHandle(handle));

    /* A link that may not be met, a tag that nobody handles, a file that is somebody's alone. */
    name.Buffer = text;
    name.Length = (USHORT)(units(text) * sizeof(WCHAR));
    name.MaximumLength = sizeof text;
    InitializeObjectAttributes(&object, &name, OBJ_CASE_INSENSITIVE | OBJ_DONT_REPARSE, NULL, NULL);
    CHECK(NtCreateFile(&handle, SYNCHRONIZE, &object, &block, NULL, 0, SHARE_ALL, FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0)
          == (NTSTATUS)0xC000050B);
    make_file(L"C:\\unhandled", "");
    memset(&point, 0, sizeof point);
    point.tag = 0x80004711;
    handle = open_at(L"C:\\unhandled", GENERIC_WRITE, ITSELF);
    CHECK(control(handle, FSCTL_SET_REPARSE_POINT, &point, 8, NULL, 0, &returned));
    FAILS(CreateFileW(L"C:\\unhandled", GENERIC_READ, SHARE_ALL, NULL, OPEN_EXISTING, 0, NULL) != INVALID_HANDLE_VALUE, ERROR_CANT_ACCESS_FILE);
    FAILS(CreateFileW(L"C:\\unhandled", GENERIC_READ, 0, NULL, OPEN_EXISTING, ITSELF, NULL) != INVALID_HANDLE_VALUE, ERROR_SHARING_VIOLATION);
    CHECK(CloseHandle(handle));
    FAILS(CreateFileA("C:\\unhandled\\below", GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL) != INVALID_HANDLE_VALUE,
          ERROR_CANT_ACCESS_FILE);

    /* Both at once are no question. */
    handle = CreateFileA("C:\\through", GENERIC_WRITE, 0, NULL, CREATE_NEW, ITSELF | FILE_FLAG_WRITE_THROUGH | FILE_FLAG_NO_BUFFERING, NULL);
    CHECK(handle != INVALID_HANDLE_VALUE);
    CHECK(control(handle, FSCTL_SET_REPARSE_POINT, &point, 8, NULL, 0, &returned));
    FAILS((second = CreateFileA("C:\\through", FILE_READ_DATA, SHARE_ALL, NULL, OPEN_EXISTING, ITSELF, NULL)) != INVALID_HANDLE_VALUE,
          ERROR_SHARING_VIOLATION);
    CHECK(second == INVALID_HANDLE_VALUE && CloseHandle(handle));
}

/* A packet and an event are suppressed as the program wishes; what ends later gives its packet all the same. */
static void notification_modes(void)
{
    OVERLAPPED overlapped, *which;
    Point got;
    DWORD moved;
    ULONG_PTR key;
    HANDLE handle = open_at(L"C:\\through", 0, ITSELF | FILE_FLAG_OVERLAPPED);
    HANDLE port = CreateIoCompletionPort(handle, NULL, 5, 0);

    CHECK(port != NULL);
    CHECK(SetFileCompletionNotificationModes(handle, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE));
    memset(&overlapped, 0, sizeof overlapped);
    if (DeviceIoControl(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, &got, sizeof got, NULL, &overlapped)) {
        FAILS(GetQueuedCompletionStatus(port, &moved, &key, &which, 0), WAIT_TIMEOUT);
    } else {
        CHECK(GetLastError() == ERROR_IO_PENDING);
        CHECK(GetQueuedCompletionStatus(port, &moved, &key, &which, INFINITE) && which == &overlapped && key == 5 && moved == 8);
    }
    CHECK(WaitForSingleObject(handle, 0) == WAIT_TIMEOUT);
    CHECK(CloseHandle(port) && CloseHandle(handle));
}

/* The call resets the event that was set, and the end sets it: also when the end is a failure. */
static void event_of_a_failure(void)
{
    OVERLAPPED overlapped;
    DWORD moved;
    HANDLE handle = open_at(L"C:\\through", 0, ITSELF | FILE_FLAG_OVERLAPPED);

    memset(&overlapped, 0, sizeof overlapped);
    overlapped.hEvent = CreateEventW(NULL, TRUE, TRUE, NULL);
    FAILS(DeviceIoControl(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, NULL, 0, NULL, &overlapped)
              || (GetLastError() == ERROR_IO_PENDING && GetOverlappedResult(handle, &overlapped, &moved, TRUE)),
          ERROR_INVALID_USER_BUFFER);
    CHECK(ResetEvent(overlapped.hEvent) && WaitForSingleObject(overlapped.hEvent, 0) == WAIT_TIMEOUT);
    CHECK(CloseHandle(overlapped.hEvent) && CloseHandle(handle));
}

int main(void)
{
    by_status();
    by_calls();
    notification_modes();
    event_of_a_failure();
    FINISH("numbers");
}
