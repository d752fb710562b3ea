/*
 * What a service's error means: for people, for newlib's callers.
 */
#include <errno.h>

#include <cordon/service.h>

static const struct {
    const char *text;
    int number;
} errors[SERVICE_ERRORS] = {
    [SERVICE_OK] = {"done", 0},
    [SERVICE_BAD_REQUEST] = {"the request is malformed", EINVAL},
    [SERVICE_UNKNOWN] = {"the service has no such operation", ENOSYS},
    [SERVICE_DENIED] = {"the policy does not allow it", EACCES},
    [SERVICE_NOT_FOUND] = {"not found", ENOENT},
    [SERVICE_NO_MEMORY] = {"the service has no memory left for it", ENOMEM},
    [SERVICE_TOO_LARGE] = {"beyond what the service takes", E2BIG},
    [SERVICE_BUSY] = {"busy, try again later", EBUSY},
    [SERVICE_IO] = {"the device failed", EIO},
    [SERVICE_GONE] = {"what it depends on is gone", ENODEV},
    [SERVICE_TIMEOUT] = {"no answer in time", ETIMEDOUT},
    [SERVICE_UNSUPPORTED] = {"not supported here", ENOTSUP},
    [SERVICE_READ_ONLY] = {"read-only", EROFS},
    [SERVICE_EXISTS] = {"exists already", EEXIST},
    [SERVICE_CORRUPT] = {"the data is damaged", EIO},
    [SERVICE_QUARANTINED] = {"quarantined: the device did not reset", EIO},
};

const char *service_error_text(uint64_t error)
{
    return error < SERVICE_ERRORS ? errors[error].text : "unknown error";
}

int service_error_errno(uint64_t error)
{
    return error < SERVICE_ERRORS ? errors[error].number : EIO;
}

enum service_error service_error_of(uint64_t status)
{
    switch (STATUS_CODE(status)) {
    case OK:
        return SERVICE_OK;
    case ERR_TIMEOUT:
        return SERVICE_TIMEOUT;
    case ERR_NO_MEMORY:
    case ERR_LIMIT:
        return SERVICE_NO_MEMORY;
    case ERR_CAPABILITY:
    case ERR_RIGHTS:
        return SERVICE_DENIED;
    case ERR_GONE:
        return SERVICE_GONE;
    default:
        return SERVICE_BAD_REQUEST;
    }
}
