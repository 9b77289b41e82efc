/* What it declares, as far as libpointsman has it, comes with <windows.h>. */
#include "windows.h"
