/* Without -fshort-wchar: the header by itself, its Windows names asked for, characters written u"..". */
#define POINTSMAN_WINDOWS_NAMES
#define UNICODE
#include <pointsman/winioctl.h>
#include <stdio.h>

int main(void)
{
    HANDLE handle = CreateFile(TEXT("C:\\u"), GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
    DWORD returned;
    int failed = sizeof(WCHAR) != 2 || handle == INVALID_HANDLE_VALUE || !CloseHandle(handle);

    failed |= GetFileAttributesW(u"C:\\U") == INVALID_FILE_ATTRIBUTES;
    failed |= DeviceIoControl(handle, FSCTL_GET_REPARSE_POINT, NULL, 0, NULL, 0, &returned, NULL);
    failed |= GetLastError() != ERROR_INVALID_HANDLE;
    printf("u_strings: %s\n", failed ? "FAILED" : "ok");
    return failed;
}
