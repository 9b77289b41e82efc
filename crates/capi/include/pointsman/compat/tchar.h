/* <tchar.h>: the text macros. */
#ifndef POINTSMAN_TCHAR_H
#define POINTSMAN_TCHAR_H
#include "windows.h"
#define _T(text) TEXT(text)
#if defined(UNICODE) || defined(_UNICODE)
#define _tcslen PointsmanWideLength
#define _tcscpy PointsmanWideCopy
#define _tcsncpy PointsmanWideCopyWithin
#define _tcscat PointsmanWideAppend
#define _tcscmp PointsmanWideCompare
#define _tcsncmp PointsmanWideCompareWithin
#define _tcsicmp PointsmanWideCompareCaseless
#define _tcschr PointsmanWideFind
#define _tcsrchr PointsmanWideFindLast
#define _tcsstr PointsmanWideFindText
#define _tcsdup PointsmanWideDuplicate
#else
#define _tcslen strlen
#define _tcscpy strcpy
#define _tcsncpy strncpy
#define _tcscat strcat
#define _tcscmp strcmp
#define _tcsncmp strncmp
#define _tcsicmp strcasecmp
#define _tcschr strchr
#define _tcsrchr strrchr
#define _tcsstr strstr
#define _tcsdup strdup
#endif
#endif /* POINTSMAN_TCHAR_H */
