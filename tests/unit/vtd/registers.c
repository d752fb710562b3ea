/*
 * A unit's registers as the driver sees them, fault records among them, and
 * how it starts.
 */
#include "tests/unit/vtd/unit.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/mmio.h"

struct unit model_units[MODEL_UNITS];
unsigned model_options;
struct model_counts model_counts;

uint32_t unit_get32(const struct unit *u, unsigned reg)
{
    uint32_t v;
    memcpy(&v, u->regs + reg, 4);
    return v;
}

uint64_t unit_get64(const struct unit *u, unsigned reg)
{
    uint64_t v;
    memcpy(&v, u->regs + reg, 8);
    return v;
}

void unit_set32(struct unit *u, unsigned reg, uint32_t v)
{
    memcpy(u->regs + reg, &v, 4);
}

void unit_set64(struct unit *u, unsigned reg, uint64_t v)
{
    memcpy(u->regs + reg, &v, 8);
}

uint32_t model_read32(unsigned unit, unsigned reg)
{
    return unit_get32(&model_units[unit], reg);
}

static struct unit *unit_of(const volatile void *reg, unsigned *offset)
{
    for (unsigned i = 0; i < MODEL_UNITS; i++) {
        ptrdiff_t d = (const volatile uint8_t *)reg - model_units[i].regs;
        if (d >= 0 && d < UNIT_STRIDE) {
            *offset = (unsigned)d;
            return &model_units[i];
        }
    }
    abort();
}

#define RECORDS_AT 0x220

static bool is_wide(unsigned reg)
{
    return reg == 0x08 || reg == 0x10 || reg == 0x20 || reg == 0x80 ||
           reg == 0x88 || reg == 0x90 || reg == 0xb8 ||
           (reg >= RECORDS_AT && reg % 8 == 0);
}

uint32_t mmio_read32(const volatile void *reg)
{
    unsigned offset;
    struct unit *u = unit_of(reg, &offset);

    return unit_get32(u, offset);
}

uint64_t mmio_read64(const volatile void *reg)
{
    unsigned offset;
    struct unit *u = unit_of(reg, &offset);

    if (!is_wide(offset))
        model_counts.bad_accesses++;
    return unit_get64(u, offset);
}

static void pending_update(struct unit *u)
{
    uint32_t fsts = unit_get32(u, 0x34) & ~2u;

    for (unsigned i = 0; i < MODEL_RECORDS; i++)
        if (u->regs[RECORDS_AT + 16 * i + 15] & 0x80)
            fsts |= 2;
    unit_set32(u, 0x34, fsts);
}

/* A fault event is sent when the status word was quiet before. */
void unit_fault(struct unit *u, uint16_t rid, uint64_t low, bool write,
                int reason)
{
    uint32_t before = unit_get32(u, 0x34) & 0x73;
    unsigned at = RECORDS_AT + 16 * u->record;

    if (u->regs[at + 15] & 0x80) {
        unit_set32(u, 0x34, unit_get32(u, 0x34) | 1);
    } else {
        if (!(unit_get32(u, 0x34) & 2))
            unit_set32(u, 0x34,
                       (unit_get32(u, 0x34) & 0xffff00ff) | u->record << 8);
        unit_set64(u, at, low);
        unit_set64(u, at + 8,
                   (1ull << 63) | (write ? 0 : 1ull << 62) |
                       (uint64_t)reason << 32 | rid);
        u->record = (u->record + 1) % MODEL_RECORDS;
        pending_update(u);
    }
    if (before == 0 && !(unit_get32(u, 0x38) & 0x80000000))
        model_counts.fault_interrupts++;
}

void model_drop_fault(unsigned unit)
{
    unit_set32(&model_units[unit], 0x34,
               unit_get32(&model_units[unit], 0x34) | 1);
}

void unit_command(struct unit *u, uint32_t v)
{
    uint32_t gsts = unit_get32(u, 0x1c);

    if (v & (1u << 30)) {
        u->root = unit_get64(u, 0x20);
        gsts |= 1u << 30;
    }
    if (v & (1u << 24)) {
        u->remap = unit_get64(u, 0xb8);
        gsts |= 1u << 24;
    }
    if (v & (1u << 27))
        model_counts.write_flushes++;
    u->translating = v >> 31;
    u->remapping = (v >> 25) & 1;
    if (!u->queueing && ((v >> 26) & 1))
        unit_set64(u, 0x80, 0);
    u->queueing = (v >> 26) & 1;
    gsts &= ~(1u << 31 | 1u << 26 | 1u << 25 | 1u << 23);
    gsts |= v & (1u << 31 | 1u << 26 | 1u << 25 | 1u << 23);
    unit_set32(u, 0x1c, gsts);
}

void mmio_write32(volatile void *reg, uint32_t v)
{
    unsigned offset;
    struct unit *u = unit_of(reg, &offset);

    if (offset == 0x18) {
        unit_command(u, v);
    } else if (offset == 0x34) {
        unit_set32(u, 0x34, unit_get32(u, 0x34) & ~(v & 0x71));
    } else if (offset >= RECORDS_AT) {
        if (offset % 16 != 12)
            model_counts.bad_accesses++;
        else if (v & 0x80000000)
            u->regs[offset + 3] &= 0x7f;
        pending_update(u);
    } else if (offset == 0x38 || offset == 0x3c || offset == 0x40 ||
               offset == 0x44 || offset == 0x64) {
        unit_set32(u, offset, v);
    } else {
        model_counts.bad_accesses++;
    }
}

void mmio_write64(volatile void *reg, uint64_t v)
{
    unsigned offset;
    struct unit *u = unit_of(reg, &offset);

    if (!is_wide(offset) || offset >= RECORDS_AT)
        model_counts.bad_accesses++;
    else
        unit_set64(u, offset, v);
    if (offset == 0x88)
        unit_queue_run(u);
}

void model_reset(unsigned n, unsigned options)
{
    model_options = options;
    memory_reset();
    model_fail(MODEL_FINE, 0);
    model_counts = (struct model_counts){0};
    memset(model_units, 0, sizeof(model_units));
    for (unsigned i = 0; i < n; i++) {
        struct unit *u = &model_units[i];
        uint64_t cap = 0x00d2000c222f0006ull | (uint64_t)(MODEL_RECORDS - 1)
                                                   << 40;
        cap |= options & MODEL_LEVELS_3_ONLY ? 0x200 : 0x600;
        cap |= options & MODEL_CACHING_MODE ? 0x80 : 0;
        cap |= options & MODEL_WRITE_BUFFER ? 0x10 : 0;
        cap |= options & MODEL_NO_PAGE_SELECT ? 0 : 1ull << 39;
        if (options & MODEL_NO_LARGE)
            cap &= ~(3ull << 34);
        unit_set32(u, 0x00, 0x10);
        unit_set64(u, 0x08, cap);
        unit_set64(u, 0x10,
                   0xf00f40 | (options & MODEL_COHERENT ? 1 : 0) |
                       (options & MODEL_NO_QUEUE ? 0 : 2) |
                       (options & MODEL_NO_REMAP ? 0 : 8) |
                       (options & MODEL_NO_X2APIC ? 0 : 16));
        unit_set32(u, 0x38, 0x80000000);
        if (options & MODEL_FIRMWARE_ON) {
            unit_set64(u, 0x80, 0x40);
            unit_set64(u, 0x88, 0x40);
            unit_command(u, 1u << 31 | 1u << 26 | 1u << 25 | 1u << 23);
        }
    }
}
