/*
 * The DMAR reader on any bytes: it returns, with counts within their arrays
 * and every scope's unit in the table.
 *
 * links: boot/vtd/dmar.c
 */
#include <stdlib.h>
#include <string.h>

#include "boot/vtd/dmar.h"

static void check(const struct dmar *d)
{
    if (d->unit_count > DMAR_MAX_UNITS || d->scope_count > DMAR_MAX_SCOPES ||
        d->reserved_count > DMAR_MAX_RESERVED)
        abort();
    for (unsigned i = 0; i < d->scope_count; i++)
        if (d->scopes[i].unit >= d->unit_count || d->scopes[i].steps == 0 ||
            d->scopes[i].steps > DMAR_MAX_PATH)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dmar d;
    uint8_t *copy = malloc(size + 1);

    memcpy(copy, data, size);
    dmar_read(copy, size, &d);
    if (size >= 48) {
        /* Repair signature, length and checksum, to get further. */
        uint32_t length = (uint32_t)size;
        uint8_t sum = 0;
        memcpy(copy, "DMAR", 4);
        memcpy(copy + 4, &length, 4);
        for (size_t i = 0; i < size; i++)
            sum = (uint8_t)(sum + copy[i]);
        copy[9] = (uint8_t)(copy[9] - sum);
        if (dmar_read(copy, size, &d) == NULL)
            check(&d);
    }
    free(copy);
    return 0;
}
