/* Events, and waiting for one, for any and for all. */
#include "check.h"

int main(void)
{
    HANDLE manual = CreateEventW(NULL, TRUE, FALSE, NULL), automatic = CreateEventA(NULL, FALSE, TRUE, NULL);
    HANDLE both[2], twice[2];

    both[0] = manual;
    both[1] = automatic;
    CHECK(manual != NULL && automatic != NULL);
    CHECK(WaitForSingleObject(manual, 0) == WAIT_TIMEOUT);
    CHECK(WaitForMultipleObjects(2, both, TRUE, 10) == WAIT_TIMEOUT);
    CHECK(WaitForMultipleObjects(2, both, FALSE, INFINITE) == WAIT_OBJECT_0 + 1);
    CHECK(WaitForSingleObject(automatic, 0) == WAIT_TIMEOUT);
    CHECK(SetEvent(manual) && SetEvent(automatic));
    CHECK(WaitForMultipleObjects(2, both, TRUE, INFINITE) == WAIT_OBJECT_0);
    CHECK(WaitForSingleObject(automatic, 0) == WAIT_TIMEOUT);
    CHECK(WaitForSingleObject(manual, 0) == WAIT_OBJECT_0);
    CHECK(ResetEvent(manual) && WaitForSingleObject(manual, 0) == WAIT_TIMEOUT);

    twice[0] = twice[1] = manual;
    FAILS(WaitForMultipleObjects(2, twice, TRUE, 0) != WAIT_FAILED, ERROR_INVALID_PARAMETER);
    FAILS(WaitForMultipleObjects(0, both, FALSE, 0) != WAIT_FAILED, ERROR_INVALID_PARAMETER);
    CHECK(CloseHandle(automatic));
    FAILS(WaitForMultipleObjects(2, both, FALSE, 0) != WAIT_FAILED, ERROR_INVALID_HANDLE);
    FAILS(SetEvent(automatic), ERROR_INVALID_HANDLE);
    CHECK(CloseHandle(manual));
    FINISH("events");
}
