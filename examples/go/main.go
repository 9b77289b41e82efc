// Sets a WSL FIFO's reparse point on a file and reads its tag back: DeviceIoControl from Go.
//
//	POINTSMAN_DRIVES=C:=/srv/c go run ./examples/go
//
// CGO_CFLAGS and CGO_LDFLAGS say where the header and the library are; pkg-config knows, once it is installed.
package main

/*
#cgo LDFLAGS: -lpointsman
#include <pointsman/winioctl.h>
*/
import "C"

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"unicode/utf16"
	"unsafe"
)

const (
	genericWrite = 0x40000000
	openAlways   = 4
	shareAll     = 7
	itself       = 0x00200000
)

func wide(text string) *C.PointsmanWchar {
	units := append(utf16.Encode([]rune(text)), 0)
	return (*C.PointsmanWchar)(unsafe.Pointer(&units[0]))
}

func check(done C.PointsmanBool) {
	if done == 0 {
		fmt.Println("Win32 error", C.PointsmanGetLastError())
		os.Exit(1)
	}
}

func main() {
	runtime.LockOSThread() // the last error is the thread's
	handle := C.PointsmanCreateFileW(wide(`C:\from-go`), genericWrite, shareAll, nil, openAlways, itself, nil)
	point := []byte{0x24, 0x00, 0x00, 0x80, 0, 0, 0, 0}
	var got [16384]byte
	var returned C.uint32_t
	check(C.PointsmanDeviceIoControl(handle, C.POINTSMAN_FSCTL_SET_REPARSE_POINT,
		unsafe.Pointer(&point[0]), C.uint32_t(len(point)), nil, 0, &returned, nil))
	check(C.PointsmanDeviceIoControl(handle, C.POINTSMAN_FSCTL_GET_REPARSE_POINT,
		nil, 0, unsafe.Pointer(&got[0]), C.uint32_t(len(got)), &returned, nil))
	fmt.Printf("read back: 0x%08X, %d bytes\n", binary.LittleEndian.Uint32(got[:]), returned)
	check(C.PointsmanCloseHandle(handle))
}
