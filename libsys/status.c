/*
 * Sentences for the kernel's status codes.
 */
#include <cordon/slot.h>

static const char *const texts[STATUS_CODES] = {
    [OK] = "done",
    [ERR_OPERATION] = "no such operation",
    [ERR_CAPABILITY] = "no such capability, or one of another type",
    [ERR_RIGHTS] = "the capability lacks a right for this",
    [ERR_ARGUMENT] = "an argument is outside its bounds",
    [ERR_OCCUPIED] = "the destination is in use",
    [ERR_NO_MEMORY] = "the memory that the policy grants is used up",
    [ERR_NEED_TABLES] = "the space needs more memory for its page tables",
    [ERR_TIMEOUT] = "no answer in time",
    [ERR_GONE] = "the other side is gone",
    [ERR_BUSY] = "the object's state does not allow it now",
    [ERR_UNCONFIRMED] = "not confirmed by hardware; memory is quarantined",
    [ERR_NO_ISOLATION] = "the machine has no usable IOMMU",
    [ERR_LIMIT] = "a table of fixed size is full",
    [ERR_DEPTH] = "capabilities are derived too deeply",
};

const char *status_text(uint64_t status)
{
    enum status code = STATUS_CODE(status);

    return code < STATUS_CODES ? texts[code] : "unknown status";
}
