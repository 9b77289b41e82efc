#!/usr/bin/env python3
"""Sets a junction, reads it back and takes it away: DeviceIoControl from Python, with nothing but ctypes.

    POINTSMAN_DRIVES=C:=/srv/c python3 examples/junction.py [libpointsman.so.0]
"""
import ctypes
import struct
import sys

lib = ctypes.CDLL(sys.argv[1] if len(sys.argv) > 1 else "libpointsman.so.0")
HANDLE, DWORD = ctypes.c_void_p, ctypes.c_uint32
INVALID = ctypes.c_void_p(-1).value
GENERIC_WRITE, SHARE_ALL, OPEN_EXISTING, ITSELF = 0x40000000, 7, 3, 0x02200000
SET, GET, DELETE = 0x000900A4, 0x000900A8, 0x000900AC

lib.PointsmanCreateFileW.restype = HANDLE
lib.PointsmanCreateFileW.argtypes = [ctypes.c_char_p, DWORD, DWORD, ctypes.c_void_p, DWORD, DWORD, HANDLE]
lib.PointsmanDeviceIoControl.argtypes = [
    HANDLE, DWORD, ctypes.c_char_p, DWORD, ctypes.c_void_p, DWORD, ctypes.POINTER(DWORD), ctypes.c_void_p]
lib.PointsmanCreateDirectoryW.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
lib.PointsmanCloseHandle.argtypes = [HANDLE]
lib.PointsmanGetLastError.restype = DWORD


def wide(text):
    """A string of 16-bit characters. (c_wchar_p has 32-bit ones here.)"""
    return text.encode("utf-16-le") + b"\0\0"


def check(done):
    if not done:
        raise OSError(lib.PointsmanGetLastError(), "Win32 error %d" % lib.PointsmanGetLastError())


def control(handle, code, data=b"", room=0):
    output, returned = ctypes.create_string_buffer(room or 1), DWORD()
    check(lib.PointsmanDeviceIoControl(
        handle, code, data, len(data), output if room else None, room, ctypes.byref(returned), None))
    return output.raw[:returned.value]


def mount_point(target):
    substitute, shown = ("\\??\\" + target).encode("utf-16-le"), target.encode("utf-16-le")
    names = substitute + b"\0\0" + shown + b"\0\0"
    places = struct.pack("<4H", 0, len(substitute), len(substitute) + 2, len(shown))
    return struct.pack("<IHH", 0xA0000003, len(places + names), 0) + places + names


check(lib.PointsmanCreateDirectoryW(wide(r"C:\from-python"), None))
handle = lib.PointsmanCreateFileW(wide(r"C:\from-python"), GENERIC_WRITE, SHARE_ALL, None, OPEN_EXISTING, ITSELF, None)
check(handle != INVALID)
control(handle, SET, mount_point(r"C:\somewhere"))
point = control(handle, GET, room=16384)
print("read back:", point[8 + 8:].decode("utf-16-le").split("\0")[0])
control(handle, DELETE, point[:4] + bytes(4))
try:
    control(handle, GET, room=16384)
except OSError as error:
    print("and gone:", error.errno)
check(lib.PointsmanCloseHandle(handle))
