/* Without the Windows names: nothing but what begins with Pointsman is declared, and the drive map. */
#include <pointsman/winioctl.h>
#include <stdio.h>
#if defined(CreateFileW) || defined(GENERIC_WRITE) || defined(ERROR_SUCCESS)
#error "Windows names that nobody asked for"
#endif
typedef struct DWORD { /* a program may have its own */
    int HANDLE;
} DWORD;

static uint32_t error_of(PointsmanBool done)
{
    return done ? 0 : PointsmanGetLastError();
}

static PointsmanBool set_on(const PointsmanWchar *name)
{
    static const unsigned char wsl_fifo[8] = {0x24, 0, 0, 0x80, 0, 0, 0, 0};
    uint32_t returned;
    PointsmanHandle handle = PointsmanCreateFileW(name, 0x40000000u, 7, NULL, 4, 0x00200000u, NULL);
    PointsmanBool done = PointsmanDeviceIoControl(handle, POINTSMAN_FSCTL_SET_REPARSE_POINT, wsl_fifo, 8, NULL, 0, &returned, NULL);
    uint32_t error = error_of(done);
    PointsmanCloseHandle(handle);
    PointsmanSetLastError(error);
    return done;
}

int main(int count, char **words)
{
    int failed = count != 2;
    /* Which volumes refuse, and how. */
    failed |= !PointsmanMapDrive("X:", words[1], POINTSMAN_VOLUME_REFS) || error_of(set_on(u"X:\\refs")) != 0;
    failed |= !PointsmanMapDrive("X:", words[1], POINTSMAN_VOLUME_CSVFS) || error_of(set_on(u"X:\\csv")) != 1;
    failed |= !PointsmanMapDrive("X:", words[1], POINTSMAN_VOLUME_FAT) || error_of(set_on(u"X:\\fat")) != 1;
    failed |= !PointsmanMapDrive("X:", words[1], POINTSMAN_VOLUME_READ_ONLY) || error_of(set_on(u"X:\\new")) == 0;
    failed |= error_of(PointsmanMapDrive("X:", "smb://server", 0)) != 123;
    failed |= !PointsmanMapDrive("X:", "smb://nobody@127.0.0.1:1/share", 0);
    failed |= error_of(PointsmanMapDrive("nonsense", words[1], 0)) != 123;
    failed |= !PointsmanMapDrive("\\\\server\\share", words[1], 0) || error_of(set_on(u"\\\\server\\share\\f")) != 0;
    failed |= !PointsmanMapDrive("X:", NULL, 0) || error_of(set_on(u"X:\\none")) != 6;
    printf("plain_names: %s\n", failed ? "FAILED" : "ok");
    return failed;
}
