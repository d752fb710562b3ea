/*
 * Exceptions by number: Intel SDM 3A, table 6-1.
 */
#include "servers/init/fault_text.h"

#include <stdio.h>

static const char *const exceptions[32] = {
    [0] = "division error",
    [1] = "debug exception",
    [3] = "breakpoint",
    [4] = "overflow",
    [5] = "bound range exceeded",
    [6] = "invalid instruction",
    [7] = "no FPU",
    [10] = "invalid TSS",
    [11] = "segment not present",
    [12] = "stack fault",
    [13] = "general protection fault",
    [14] = "page fault",
    [16] = "x87 floating-point error",
    [17] = "alignment check",
    [19] = "SIMD floating-point error",
    [21] = "control protection",
};

static void page_fault(const uint64_t w[FAULT_WORDS], char *out, size_t size)
{
    uint32_t code = (uint32_t)w[FAULT_CODE];

    snprintf(out, size, "page fault %s 0x%llx at ip 0x%llx (%s)",
             (code & PAGE_FAULT_FETCH) != 0   ? "executing"
             : (code & PAGE_FAULT_WRITE) != 0 ? "writing"
                                              : "reading",
             (unsigned long long)w[FAULT_ADDRESS],
             (unsigned long long)w[FAULT_IP],
             (code & PAGE_FAULT_PRESENT) != 0 ? "not allowed" : "not mapped");
}

void fault_text(const uint64_t w[FAULT_WORDS], char *out, size_t size)
{
    uint32_t vector = (uint32_t)(w[FAULT_CODE] >> 32);
    const char *name = vector < 32 ? exceptions[vector] : NULL;

    if (w[FAULT_KIND] == FAULT_PAGE) {
        page_fault(w, out, size);
        return;
    }
    if (name != NULL)
        snprintf(out, size, "%s at ip 0x%llx", name,
                 (unsigned long long)w[FAULT_IP]);
    else
        snprintf(out, size, "exception %u (error code 0x%x) at ip 0x%llx",
                 vector, (uint32_t)w[FAULT_CODE],
                 (unsigned long long)w[FAULT_IP]);
}
