/* <strsafe.h>: copies that say when something did not fit. */
#ifndef POINTSMAN_STRSAFE_H
#define POINTSMAN_STRSAFE_H
#include "windows.h"

#define STRSAFE_MAX_CCH 2147483647u
#define STRSAFE_E_INSUFFICIENT_BUFFER ((HRESULT)0x8007007A)
#define STRSAFE_E_INVALID_PARAMETER ((HRESULT)0x80070057)

/* Each for both kinds of characters: what does not fit is cut, with a NUL at its end. */
#define POINTSMAN_STRSAFE_(suffix, unit)                                                                           \
    POINTSMAN_INLINE_ HRESULT StringCchLength##suffix(const unit *text, size_t most, size_t *length)               \
    {                                                                                                              \
        size_t count = 0;                                                                                          \
        while (text != NULL && count < most && text[count] != 0)                                                   \
            count++;                                                                                               \
        if (length != NULL)                                                                                        \
            *length = text != NULL && count < most ? count : 0;                                                    \
        return text != NULL && count < most ? S_OK : STRSAFE_E_INVALID_PARAMETER;                                  \
    }                                                                                                              \
    POINTSMAN_INLINE_ HRESULT StringCchCopyN##suffix(unit *to, size_t room, const unit *from, size_t most)         \
    {                                                                                                              \
        size_t at = 0;                                                                                             \
        if (room == 0 || room > STRSAFE_MAX_CCH)                                                                   \
            return STRSAFE_E_INVALID_PARAMETER;                                                                    \
        for (; at < most && at + 1 < room && from[at] != 0; at++)                                                  \
            to[at] = from[at];                                                                                     \
        to[at] = 0;                                                                                                \
        return at == most || from[at] == 0 ? S_OK : STRSAFE_E_INSUFFICIENT_BUFFER;                                 \
    }                                                                                                              \
    POINTSMAN_INLINE_ HRESULT StringCchCopy##suffix(unit *to, size_t room, const unit *from)                       \
    {                                                                                                              \
        return StringCchCopyN##suffix(to, room, from, (size_t)-1);                                                 \
    }                                                                                                              \
    POINTSMAN_INLINE_ HRESULT StringCchCat##suffix(unit *to, size_t room, const unit *from)                        \
    {                                                                                                              \
        size_t length = 0;                                                                                         \
        HRESULT outcome = StringCchLength##suffix(to, room, &length);                                              \
        return outcome != S_OK ? outcome : StringCchCopy##suffix(to + length, room - length, from);                \
    }                                                                                                              \
    POINTSMAN_INLINE_ HRESULT StringCbCopy##suffix(unit *to, size_t room, const unit *from)                        \
    {                                                                                                              \
        return StringCchCopy##suffix(to, room / sizeof(unit), from);                                               \
    }                                                                                                              \
    POINTSMAN_INLINE_ HRESULT StringCbCat##suffix(unit *to, size_t room, const unit *from)                         \
    {                                                                                                              \
        return StringCchCat##suffix(to, room / sizeof(unit), from);                                                \
    }

POINTSMAN_STRSAFE_(W, WCHAR)
POINTSMAN_STRSAFE_(A, char)

#ifdef UNICODE
#define StringCchLength StringCchLengthW
#define StringCchCopyN StringCchCopyNW
#define StringCchCopy StringCchCopyW
#define StringCchCat StringCchCatW
#define StringCbCopy StringCbCopyW
#define StringCbCat StringCbCatW
#else
#define StringCchLength StringCchLengthA
#define StringCchCopyN StringCchCopyNA
#define StringCchCopy StringCchCopyA
#define StringCchCat StringCchCatA
#define StringCbCopy StringCbCopyA
#define StringCbCat StringCbCatA
#endif

#endif /* POINTSMAN_STRSAFE_H */
