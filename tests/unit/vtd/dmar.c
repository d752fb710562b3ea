/* The ACPI table that describes the model's units. */
#include "tests/unit/vtd/unit.h"

#include <string.h>

size_t model_dmar(uint8_t *out, unsigned n)
{
    /* Endpoint 00:04.0; bridge 00:1c.0; I/O APIC 9 at f0:1f.0. */
    static const uint8_t scopes[] = {
        1, 8, 0,    0, 0, 0, 4, 0, 2, 8,    0,    0,
        0, 0, 0x1c, 0, 3, 8, 0, 0, 9, 0xf0, 0x1f, 0,
    };
    static const uint8_t rmrr[] = {
        1, 0, 24, 0, 0,    0,    0,    0, 0, 0, 0xd0, 0,
        0, 0, 0,  0, 0xff, 0xff, 0xd0, 0, 0, 0, 0,    0,
    };
    size_t size = 48;

    memset(out, 0, 48);
    memcpy(out, "DMAR", 4);
    out[36] = 47;
    out[37] = 1;
    for (unsigned i = 0; i < n; i++) {
        uint64_t base = MODEL_BASE + i * UNIT_STRIDE;
        size_t extra = i == 0 ? sizeof(scopes) : 0;
        uint8_t *p = out + size;
        memset(p, 0, 16);
        p[2] = (uint8_t)(16 + extra);
        p[4] = i > 0 && i == n - 1;
        memcpy(p + 8, &base, 8);
        memcpy(p + 16, scopes, extra);
        size += 16 + extra;
    }
    memcpy(out + size, rmrr, sizeof(rmrr));
    size += sizeof(rmrr);
    uint32_t length = (uint32_t)size;
    memcpy(out + 4, &length, 4);
    uint8_t sum = 0;
    for (size_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + out[i]);
    out[9] = (uint8_t)(out[9] - sum);
    return size;
}
