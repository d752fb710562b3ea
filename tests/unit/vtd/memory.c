/*
 * The memory that units and the kernel share, and the rest of the platform
 * under the driver: time, a bus with one bridge.
 */
#include "tests/unit/vtd/unit.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "boot/machine.h"
#include "boot/pci_boot.h"
#include "boot/print.h"
#include "kernel/cache.h"
#include "kernel/mmio.h"

#define ARENA_PAGES 1024

static uint64_t now_ns;

/* The CPU's view, and what has been written back for incoherent readers. */
static uint8_t *arena, *behind;
static size_t arena_used;

void memory_reset(void)
{
    if (arena == NULL) {
        arena = aligned_alloc(4096, ARENA_PAGES * 4096);
        behind = aligned_alloc(4096, ARENA_PAGES * 4096);
    }
    /* Pages are zeroed when they are given out. */
    if (!(model_options & MODEL_COHERENT))
        memset(behind, 0xdd, ARENA_PAGES * 4096);
    arena_used = 0;
}

paddr_t model_pages(size_t n)
{
    if (arena_used + n > ARENA_PAGES)
        abort();
    paddr_t pa = virt_to_phys(arena + arena_used * 4096);
    memset(arena + arena_used * 4096, 0, n * 4096);
    arena_used += n;
    return pa;
}

void cache_flush(const void *p, size_t bytes)
{
    size_t first = ((size_t)((const uint8_t *)p - arena)) & ~(size_t)63;
    size_t end = (size_t)((const uint8_t *)p - arena) + bytes;

    if (end > ARENA_PAGES * 4096)
        abort();
    memcpy(behind + first, arena + first, ((end + 63) & ~(size_t)63) - first);
}

uint64_t memory_read(uint64_t pa)
{
    uint64_t value;
    size_t at = (size_t)((uint8_t *)phys_to_virt((paddr_t){pa}) - arena);

    if (at >= ARENA_PAGES * 4096)
        return 0;
    memcpy(&value, ((model_options & MODEL_COHERENT) ? arena : behind) + at, 8);
    return value;
}

paddr_t boot_alloc_pages(size_t n, uint64_t align)
{
    while ((arena_used * 4096) % align != 0)
        arena_used++;
    return model_pages(n);
}

void *mmio_map(paddr_t address, uint64_t size)
{
    uint64_t i = (address.v - MODEL_BASE) / UNIT_STRIDE;

    if (i >= MODEL_UNITS || size > UNIT_STRIDE)
        abort();
    return model_units[i].regs;
}

uint64_t clock_tsc(void)
{
    return now_ns += 1000;
}

void model_advance(uint64_t ns)
{
    now_ns += ns;
}

uint64_t clock_tsc_to_ns(uint64_t tsc)
{
    return tsc;
}

void kprintf(const char *format, ...)
{
    (void)format;
}

/* One bridge, 00:1c.0, with buses 5 to 7 behind it. */
uint32_t pci_boot_read(uint16_t rid, unsigned offset)
{
    if (rid == (0x1c << 3))
        return offset == 0x0c ? 0x00010000 : offset == 0x18 ? 0x00070500 : 0;
    return rid >> 8 == 0 ? 0 : 0xffffffff;
}
