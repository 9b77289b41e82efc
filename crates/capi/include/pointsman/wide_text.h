/* Text of 16-bit characters, as Windows programs handle it: the lstr calls, and, where wchar_t has 16 bits, the C library's
 * own names, whose functions here expect 32 bits. Case is that of ASCII. <windows.h> includes this. */
#ifndef POINTSMAN_WIDE_TEXT_H
#define POINTSMAN_WIDE_TEXT_H

#include <stdlib.h>
#ifdef __cplusplus
#include <cstring>
#include <cwchar>
#else
#include <string.h>
#include <wchar.h>
#endif

#define POINTSMAN_INLINE_ static __inline__ __attribute__((unused))

POINTSMAN_INLINE_ size_t PointsmanWideLength(const WCHAR *text)
{
    size_t count = 0;
    while (text[count] != 0)
        count++;
    return count;
}

POINTSMAN_INLINE_ size_t PointsmanWideLengthWithin(const WCHAR *text, size_t most)
{
    size_t count = 0;
    while (text != NULL && count < most && text[count] != 0)
        count++;
    return count;
}

POINTSMAN_INLINE_ WCHAR *PointsmanWideCopyWithin(WCHAR *to, const WCHAR *from, size_t count)
{
    size_t at = 0;
    for (; at < count && from[at] != 0; at++)
        to[at] = from[at];
    for (; at < count; at++)
        to[at] = 0;
    return to;
}

POINTSMAN_INLINE_ WCHAR *PointsmanWideCopy(WCHAR *to, const WCHAR *from)
{
    return PointsmanWideCopyWithin(to, from, PointsmanWideLength(from) + 1);
}

POINTSMAN_INLINE_ WCHAR *PointsmanWideAppendWithin(WCHAR *to, const WCHAR *from, size_t most)
{
    size_t length = PointsmanWideLength(to), count = PointsmanWideLengthWithin(from, most);
    memcpy(to + length, from, count * sizeof(WCHAR));
    to[length + count] = 0;
    return to;
}

POINTSMAN_INLINE_ WCHAR *PointsmanWideAppend(WCHAR *to, const WCHAR *from)
{
    return PointsmanWideAppendWithin(to, from, PointsmanWideLength(from));
}

POINTSMAN_INLINE_ WCHAR PointsmanWideLower(WCHAR unit)
{
    return unit >= 'A' && unit <= 'Z' ? (WCHAR)(unit + 32) : unit;
}

POINTSMAN_INLINE_ int PointsmanWideCompareWithin(const WCHAR *a, const WCHAR *b, size_t most)
{
    size_t at = 0;
    for (; at < most; at++)
        if (a[at] != b[at] || a[at] == 0)
            return (int)(uint16_t)a[at] - (int)(uint16_t)b[at];
    return 0;
}

POINTSMAN_INLINE_ int PointsmanWideCompare(const WCHAR *a, const WCHAR *b)
{
    return PointsmanWideCompareWithin(a, b, (size_t)-1);
}

POINTSMAN_INLINE_ int PointsmanWideCompareCaselessWithin(const WCHAR *a, const WCHAR *b, size_t most)
{
    size_t at = 0;
    for (; at < most; at++) {
        WCHAR x = PointsmanWideLower(a[at]), y = PointsmanWideLower(b[at]);
        if (x != y || x == 0)
            return (int)(uint16_t)x - (int)(uint16_t)y;
    }
    return 0;
}

POINTSMAN_INLINE_ int PointsmanWideCompareCaseless(const WCHAR *a, const WCHAR *b)
{
    return PointsmanWideCompareCaselessWithin(a, b, (size_t)-1);
}

POINTSMAN_INLINE_ WCHAR *PointsmanWideFind(const WCHAR *text, WCHAR unit)
{
    for (; *text != unit; text++)
        if (*text == 0)
            return NULL;
    return (WCHAR *)text;
}

POINTSMAN_INLINE_ WCHAR *PointsmanWideFindLast(const WCHAR *text, WCHAR unit)
{
    const WCHAR *at = text + PointsmanWideLength(text);
    for (; *at != unit; at--)
        if (at == text)
            return NULL;
    return (WCHAR *)at;
}

POINTSMAN_INLINE_ WCHAR *PointsmanWideFindText(const WCHAR *text, const WCHAR *part)
{
    size_t length = PointsmanWideLength(part);
    for (; PointsmanWideCompareWithin(text, part, length) != 0; text++)
        if (*text == 0)
            return NULL;
    return (WCHAR *)text;
}

POINTSMAN_INLINE_ WCHAR *PointsmanWideDuplicate(const WCHAR *text)
{
    WCHAR *copy = (WCHAR *)malloc((PointsmanWideLength(text) + 1) * sizeof(WCHAR));
    return copy == NULL ? NULL : PointsmanWideCopy(copy, text);
}

POINTSMAN_INLINE_ WCHAR *PointsmanWideMemoryCopy(WCHAR *to, const WCHAR *from, size_t count)
{
    return (WCHAR *)memcpy(to, from, count * sizeof(WCHAR));
}

POINTSMAN_INLINE_ WCHAR *PointsmanWideMemoryMove(WCHAR *to, const WCHAR *from, size_t count)
{
    return (WCHAR *)memmove(to, from, count * sizeof(WCHAR));
}

POINTSMAN_INLINE_ WCHAR *PointsmanWideMemorySet(WCHAR *to, WCHAR unit, size_t count)
{
    size_t at = 0;
    for (; at < count; at++)
        to[at] = unit;
    return to;
}

POINTSMAN_INLINE_ int PointsmanWideMemoryCompare(const WCHAR *a, const WCHAR *b, size_t count)
{
    size_t at = 0;
    for (; at < count; at++)
        if (a[at] != b[at])
            return (int)(uint16_t)a[at] - (int)(uint16_t)b[at];
    return 0;
}

/* lstrcpyn: at most so many units, the closing NUL among them. */
POINTSMAN_INLINE_ WCHAR *PointsmanWideCopyFitting(WCHAR *to, const WCHAR *from, int room)
{
    if (room <= 0)
        return NULL;
    PointsmanWideCopyWithin(to, from, (size_t)room);
    to[room - 1] = 0;
    return to;
}

#define lstrlenW(text) ((text) == NULL ? 0 : (int)PointsmanWideLength(text))
#define lstrcpyW PointsmanWideCopy
#define lstrcpynW PointsmanWideCopyFitting
#define lstrcatW PointsmanWideAppend
#define lstrcmpW PointsmanWideCompare
#define lstrcmpiW PointsmanWideCompareCaseless
#define lstrlenA(text) ((text) == NULL ? 0 : (int)strlen(text))
#define lstrcpyA strcpy
#define lstrcatA strcat
#define lstrcmpA strcmp
#define lstrcmpiA strcasecmp

#if __SIZEOF_WCHAR_T__ == 2
#define wmemcpy PointsmanWideMemoryCopy
#define wmemmove PointsmanWideMemoryMove
#define wmemset PointsmanWideMemorySet
#define wmemcmp PointsmanWideMemoryCompare
#define wcslen PointsmanWideLength
#define wcsnlen PointsmanWideLengthWithin
#define wcsnlen_s PointsmanWideLengthWithin
#define wcscpy PointsmanWideCopy
#define wcsncpy PointsmanWideCopyWithin
#define wcscat PointsmanWideAppend
#define wcsncat PointsmanWideAppendWithin
#define wcscmp PointsmanWideCompare
#define wcsncmp PointsmanWideCompareWithin
#define _wcsicmp PointsmanWideCompareCaseless
#define _wcsnicmp PointsmanWideCompareCaselessWithin
#define wcschr PointsmanWideFind
#define wcsrchr PointsmanWideFindLast
#define wcsstr PointsmanWideFindText
#define _wcsdup PointsmanWideDuplicate
#define wcsdup PointsmanWideDuplicate
#endif

#ifdef UNICODE
#define lstrlen lstrlenW
#define lstrcpy lstrcpyW
#define lstrcpyn lstrcpynW
#define lstrcat lstrcatW
#define lstrcmp lstrcmpW
#define lstrcmpi lstrcmpiW
#else
#define lstrlen lstrlenA
#define lstrcpy lstrcpyA
#define lstrcat lstrcatA
#define lstrcmp lstrcmpA
#define lstrcmpi lstrcmpiA
#endif

#endif /* POINTSMAN_WIDE_TEXT_H */
