/* Win32 error numbers. */
#include "../winerror.h"
