/* The NT calls beneath: statuses and not errors, a status block that a failure leaves alone. */
#include "check.h"
#include <winternl.h>

static WCHAR text[64];
static UNICODE_STRING name;
static OBJECT_ATTRIBUTES object;
static IO_STATUS_BLOCK block;

static NTSTATUS open_it(HANDLE *handle, HANDLE root, const WCHAR *path, ULONG access, ULONG disposition, ULONG options)
{
    memcpy(text, path, (units(path) + 1u) * sizeof(WCHAR));
    name.Buffer = text;
    name.Length = (USHORT)(units(path) * sizeof(WCHAR));
    name.MaximumLength = sizeof text;
    InitializeObjectAttributes(&object, &name, OBJ_CASE_INSENSITIVE, root, NULL);
    return NtCreateFile(handle, access, &object, &block, NULL, FILE_ATTRIBUTE_NORMAL, SHARE_ALL, disposition, options, NULL, 0);
}

static NTSTATUS call(HANDLE handle, HANDLE event, ULONG code, void *in, ULONG size, void *out, ULONG room)
{
    return NtFsControlFile(handle, event, NULL, NULL, &block, code, in, size, out, room);
}

int main(void)
{
    const ULONG synchronous = FILE_SYNCHRONOUS_IO_NONALERT | FILE_OPEN_REPARSE_POINT;
    Point point, got;
    ULONG size = symlink_to(&point, L"target");
    HANDLE handle, directory, event;
    NTSTATUS status;

    CHECK(open_it(&directory, NULL, L"\\??\\C:\\dir", FILE_LIST_DIRECTORY | SYNCHRONIZE, FILE_CREATE, FILE_DIRECTORY_FILE | synchronous) == 0);
    CHECK(block.Information == FILE_CREATED);
    CHECK(open_it(&handle, directory, L"file", GENERIC_WRITE | SYNCHRONIZE, FILE_OPEN_IF, synchronous) == 0);
    CHECK(call(handle, NULL, FSCTL_SET_REPARSE_POINT, &point, size, NULL, 0) == 0 && block.Information == 0);

    /* An error leaves the block as it was; a warning fills it. */
    block.Information = 77;
    CHECK(call(handle, NULL, FSCTL_GET_REPARSE_POINT, NULL, 0, &got, 27) == (NTSTATUS)0xC0000023L && block.Information == 77);
    CHECK(call(handle, NULL, FSCTL_GET_REPARSE_POINT, NULL, 0, &got, 28) == (NTSTATUS)0x80000005L && block.Information == 28);
    CHECK(call(handle, NULL, FSCTL_GET_REPARSE_POINT, NULL, 0, &got, sizeof got) == 0 && block.Information == size);
    CHECK(call(handle, NULL, FSCTL_GET_REPARSE_POINT, NULL, 0, NULL, 0) == (NTSTATUS)0xC00000E8L);
    CHECK(call(handle, NULL, FSCTL_SET_REPARSE_POINT, NULL, 0, NULL, 0) == (NTSTATUS)0xC0000206L);
    CHECK(NtClose(handle) == 0 && NtClose(handle) == (NTSTATUS)0xC0000008L);
    CHECK(call(handle, NULL, FSCTL_GET_REPARSE_POINT, NULL, 0, &got, 28) == (NTSTATUS)0xC0000008L);

    /* Without a synchronous option requests go on in the background. */
    CHECK(open_it(&handle, NULL, L"\\??\\C:\\dir\\file", FILE_READ_ATTRIBUTES, FILE_OPEN, FILE_OPEN_REPARSE_POINT) == 0);
    event = CreateEventW(NULL, FALSE, FALSE, NULL);
    status = call(handle, event, FSCTL_GET_REPARSE_POINT, NULL, 0, &got, sizeof got);
    CHECK(status == 0 || status == 0x103);
    /* What was refused never sets its event: then there is nothing to wait for. */
    CHECK(WaitForSingleObject(event, status >= 0 ? INFINITE : 0) == WAIT_OBJECT_0);
    CHECK(block.Status == 0 && block.Information == size && memcmp(&got, &point, size) == 0);
    CHECK(NtClose(handle) == 0 && NtClose(event) == 0);

    /* Names. */
    CHECK(open_it(&handle, NULL, L"C:\\dir\\file", SYNCHRONIZE, FILE_OPEN, synchronous) < 0);
    CHECK(open_it(&handle, directory, L"none", SYNCHRONIZE, FILE_OPEN, synchronous) == (NTSTATUS)0xC0000034L);
    CHECK(NtClose(directory) == 0);

    CHECK(RtlNtStatusToDosError((NTSTATUS)0xC0000275L) == ERROR_NOT_A_REPARSE_POINT);
    CHECK(RtlNtStatusToDosError((NTSTATUS)0xC0000061L) == ERROR_PRIVILEGE_NOT_HELD);
    CHECK(RtlNtStatusToDosError(0) == ERROR_SUCCESS);
    FINISH("native");
}
