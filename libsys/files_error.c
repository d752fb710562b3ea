/*
 * The file service's errors for people and for POSIX programs.
 */
#include <cordon/files.h>

#include <errno.h>

static const struct {
    const char *text;
    int number; /* errno */
} errors[] = {
    {"malformed request to the file service", EINVAL},
    {"no such file or directory", ENOENT},
    {"not a directory", ENOTDIR},
    {"is a directory", EISDIR},
    {"too many levels of symbolic links", ELOOP},
    {"file name too long or not a name", ENAMETOOLONG},
    {"the disk could not be read or written", EIO},
    {"the file system is damaged", EIO},
    {"file is not open", EBADF},
    {"too many open files", EMFILE},
    {"the file service has too many clients", ENFILE},
    {"there is no disk", ENODEV},
    {"not a symbolic link", EINVAL},
    {"out of memory", ENOMEM},
    {"the file service does not answer", EIO},
    {"the file service has been restarted", EIO},
    {"there is a file of that name", EEXIST},
    {"directory not empty", ENOTEMPTY},
    {"the disk is full", ENOSPC},
    {"the file system is read-only", EROFS},
    {"not allowed to write", EACCES},
    {"file too large", EFBIG},
};
#define FIRST FILES_ERR_REQUEST
#define COUNT ((int)(sizeof(errors) / sizeof(errors[0])))
_Static_assert(FILES_ERR_TOO_LARGE - FIRST + 1 ==
                   sizeof(errors) / sizeof(errors[0]),
               "a line for each error");

const char *files_error_text(int error)
{
    if (error == FILES_OK)
        return "no error";
    if (error < FIRST || error - FIRST >= COUNT)
        return "unknown error of the file service";
    return errors[error - FIRST].text;
}

int files_error_errno(int error)
{
    if (error == FILES_OK)
        return 0;
    if (error < FIRST || error - FIRST >= COUNT)
        return EIO;
    return errors[error - FIRST].number;
}
