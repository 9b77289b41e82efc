/* Text: between its two forms, in 16-bit characters, and names that are made whole. */
#include "check.h"
#define STRSAFE_NO_DEPRECATE
#include <strsafe.h>
#include <wchar.h>

static void forms(void)
{
    WCHAR wide[16];
    char narrow[16];
    BOOL used = TRUE;

    /* a, e acute, an astral character, NUL: 8 bytes, 5 units. */
    static const char text[] = "a\xC3\xA9\xF0\x9F\x98\x80";
    CHECK(MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0) == 5);
    CHECK(MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, 16) == 5);
    CHECK(wide[0] == 'a' && wide[1] == 0xE9 && wide[2] == 0xD83D && wide[3] == 0xDE00 && wide[4] == 0);
    CHECK(MultiByteToWideChar(CP_UTF8, 0, text, 3, wide, 2) == 2);
    FAILS(MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, 4), ERROR_INSUFFICIENT_BUFFER);
    FAILS(MultiByteToWideChar(CP_UTF8, 0, text, 0, wide, 16), ERROR_INVALID_PARAMETER);
    FAILS(MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, "\xFF", 1, wide, 16), ERROR_NO_UNICODE_TRANSLATION);
    CHECK(MultiByteToWideChar(CP_UTF8, 0, "\xFF", 1, wide, 16) == 1 && wide[0] == 0xFFFD);

    CHECK(MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, 16) == 5);
    CHECK(WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL) == 8);
    CHECK(WideCharToMultiByte(CP_UTF8, 0, wide, 5, narrow, 16, NULL, NULL) == 8 && memcmp(narrow, text, 8) == 0);
    FAILS(WideCharToMultiByte(CP_UTF8, 0, wide, -1, narrow, 7, NULL, NULL), ERROR_INSUFFICIENT_BUFFER);
    FAILS(WideCharToMultiByte(CP_UTF8, 0, wide, -1, narrow, 16, NULL, &used), ERROR_INVALID_PARAMETER);
    FAILS(WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, wide + 2, 1, narrow, 16, NULL, NULL), ERROR_NO_UNICODE_TRANSLATION);
}

static void wide_functions(void)
{
    WCHAR text[16] = L"one";
    size_t length = 0;

    CHECK(wcslen(L"abc") == 3 && lstrlenW(L"abc") == 3 && lstrlenW(NULL) == 0);
    CHECK(wcscmp(wcscat(text, L"\\two"), L"one\\two") == 0 && wcscmp(L"b", L"a") > 0 && wcscmp(L"a", L"ab") < 0);
    CHECK(wcsncmp(L"abc", L"abd", 2) == 0 && wcsncmp(L"abc", L"abd", 3) < 0 && lstrcmpiW(L"ABC", L"abc") == 0);
    CHECK(wcschr(text, L'e') == text + 2 && wcsrchr(text, L'o') == text + 6 && wcschr(text, L'x') == NULL);
    CHECK(wcsstr(text, L"two") == text + 4 && wcsstr(text, L"three") == NULL && wcsstr(text, L"") == text);
    wmemcpy(text, L"abcd", 3);
    CHECK(wmemcmp(text, L"abc\\two", 8) == 0 && wmemcmp(wmemmove(text + 1, text, 2), L"ab", 2) == 0 && text[3] == L'\\');
    CHECK(wmemset(text, L'x', 2) == text && wmemcmp(text, L"xxb", 3) == 0);
    wcsncpy(text, L"abcdef", 3);
    CHECK(wcscmp(text, L"abc\\two") == 0 && wcscmp(wcscpy(text, L"x"), L"x") == 0);
    CHECK(lstrcpynW(text, L"abcdef", 4) == text && wcscmp(text, L"abc") == 0);
    CHECK(StringCchCopyW(text, 4, L"abcd") == STRSAFE_E_INSUFFICIENT_BUFFER && wcscmp(text, L"abc") == 0);
    CHECK(StringCchCatW(text, 16, L"def") == S_OK && wcscmp(text, L"abcdef") == 0);
    CHECK(StringCchLengthW(text, 16, &length) == S_OK && length == 6);
    CHECK(FAILED(StringCchLengthW(text, 6, &length)));
}

static void whole_names(void)
{
    WCHAR path[64], *last = NULL;

    CHECK(GetFullPathNameW(L"C:\\a\\..\\b\\.\\c", 64, path, &last) == 6 && wcscmp(path, L"C:\\b\\c") == 0 && last == path + 5);
    CHECK(GetFullPathNameW(L"C:\\b\\c", 6, path, NULL) == 7);
    CHECK(GetFullPathNameW(L"C:/b/", 64, path, &last) == 5 && wcscmp(path, L"C:\\b\\") == 0 && last == NULL);
    CHECK(GetFullPathNameW(L"\\\\server\\share\\a\\..\\b", 64, path, NULL) == 16);
    CHECK(wcscmp(path, L"\\\\server\\share\\b") == 0);
}

int main(void)
{
    forms();
    wide_functions();
    whole_names();
    FINISH("text");
}
