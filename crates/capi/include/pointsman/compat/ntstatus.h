/* NTSTATUS values. */
#include "windows.h"
#include "../ntstatus.h"
