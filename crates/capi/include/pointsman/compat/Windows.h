/* <windows.h>, as some programs spell it. */
#include "windows.h"
