/* <windows.h> for programs that use the calls of libpointsman under their Windows names. */
#ifndef POINTSMAN_WINDOWS_NAMES
#define POINTSMAN_WINDOWS_NAMES 1
#endif
#include "../winioctl.h"
#include "../wide_text.h"
