/* <tchar.h>: the text macros. */
#ifndef POINTSMAN_TCHAR_H
#define POINTSMAN_TCHAR_H
#include "windows.h"
#define _T(text) TEXT(text)
#endif /* POINTSMAN_TCHAR_H */
