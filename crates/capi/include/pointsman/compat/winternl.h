/* <winternl.h>: the NT calls of libpointsman, and the constants they take. */
#ifndef POINTSMAN_WINTERNL_H
#define POINTSMAN_WINTERNL_H
#include "windows.h"

typedef void(NTAPI *PIO_APC_ROUTINE)(PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, ULONG Reserved);

#define NT_SUCCESS(status) (((NTSTATUS)(status)) >= 0)
#define OBJ_INHERIT 0x00000002u
#define OBJ_CASE_INSENSITIVE 0x00000040u
#define OBJ_DONT_REPARSE 0x00001000u

#define FILE_SUPERSEDE 0u
#define FILE_OPEN 1u
#define FILE_CREATE 2u
#define FILE_OPEN_IF 3u
#define FILE_OVERWRITE 4u
#define FILE_OVERWRITE_IF 5u

#define FILE_SUPERSEDED 0u
#define FILE_OPENED 1u
#define FILE_CREATED 2u
#define FILE_OVERWRITTEN 3u

#define FILE_DIRECTORY_FILE 0x00000001u
#define FILE_WRITE_THROUGH 0x00000002u
#define FILE_SEQUENTIAL_ONLY 0x00000004u
#define FILE_NO_INTERMEDIATE_BUFFERING 0x00000008u
#define FILE_SYNCHRONOUS_IO_ALERT 0x00000010u
#define FILE_SYNCHRONOUS_IO_NONALERT 0x00000020u
#define FILE_NON_DIRECTORY_FILE 0x00000040u
#define FILE_DELETE_ON_CLOSE 0x00001000u
#define FILE_OPEN_FOR_BACKUP_INTENT 0x00004000u
#define FILE_OPEN_REPARSE_POINT 0x00200000u

#define InitializeObjectAttributes(object, name, attributes, root, descriptor) \
    {                                                                          \
        (object)->Length = sizeof(OBJECT_ATTRIBUTES);                          \
        (object)->RootDirectory = (root);                                      \
        (object)->Attributes = (attributes);                                   \
        (object)->ObjectName = (name);                                         \
        (object)->SecurityDescriptor = (descriptor);                           \
        (object)->SecurityQualityOfService = NULL;                             \
    }

#endif /* POINTSMAN_WINTERNL_H */
