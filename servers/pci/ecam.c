/*
 * A function's 4 KiB lie at base + (bus << 20 | device << 15 | function << 12).
 * 2 MiB Frames hold two buses, so a scan costs a handful of mappings; an odd
 * last bus takes 256 small Frames. Frames are carved in ascending order of bus,
 * which is the order in which scan_segment() first looks at them.
 */
#include "servers/pci/ecam.h"

#include <stdio.h>

#include <cordon/cordon.h>
#include <cordon/mmio.h>
#include <cordon/pci.h>

#include "servers/pci/mmio.h"

#define BUS_BYTES   (1ull << 20)
#define CHUNK_BYTES (2 * BUS_BYTES)

struct ecam {
    struct boot_ecam where;
    cap_t untyped;
    mmio_t chunk[128]; /* NULL: not mapped */
    bool failed[128];
};

static struct ecam ecams[BOOT_INFO_MAX_SEGMENTS];
static unsigned ecam_count;

static char trouble[80];

const char *ecam_trouble(void)
{
    return trouble;
}

static uint64_t ecam_bytes(const struct boot_ecam *e)
{
    return (uint64_t)(e->last_bus - e->first_bus + 1) * BUS_BYTES;
}

/* where.base is that of bus 0, also when first_bus is not 0. */
static uint64_t ecam_start(const struct boot_ecam *e)
{
    return e->base + e->first_bus * BUS_BYTES;
}

unsigned ecam_open(void)
{
    for (unsigned i = 0; i < startup->ecam_count; i++) {
        struct ecam *e = &ecams[ecam_count];

        e->where = startup->ecam[i];
        e->untyped = mmio_reserve(ecam_start(&e->where), ecam_bytes(&e->where));
        if (e->untyped != 0)
            ecam_count++;
        else
            snprintf(trouble, sizeof trouble,
                     "configuration space at 0x%llx is not device memory",
                     (unsigned long long)ecam_start(&e->where));
    }
    if (startup->ecam_count == 0)
        snprintf(trouble, sizeof trouble, "firmware names no ECAM (MCFG)");
    return ecam_count;
}

static mmio_t map_frames(struct ecam *e, uint64_t offset, unsigned bits,
                         size_t count)
{
    cap_t frames = slot_alloc_run(count);
    struct memory m;
    uint64_t status = ERR_LIMIT;

    if (frames != 0)
        status = untyped_retype(e->untyped, CAP_FRAME, bits, count, 0, frames,
                                offset)
                     .status;
    if (status == OK)
        status = memory_map(frames, count, bits,
                            MAP_READ | MAP_WRITE | MAP_UNCACHED, &m);
    if (status == OK)
        return m.address;
    if (frames != 0)
        cap_delete_run(frames, count);
    snprintf(trouble, sizeof trouble, "configuration space at 0x%llx: %s",
             (unsigned long long)(ecam_start(&e->where) + offset),
             status_text(status));
    return NULL;
}

static mmio_t map_chunk(struct ecam *e, unsigned chunk)
{
    uint64_t offset = (uint64_t)chunk * CHUNK_BYTES;
    uint64_t left = ecam_bytes(&e->where) - offset;

    if (left >= CHUNK_BYTES && (ecam_start(&e->where) & (CHUNK_BYTES - 1)) == 0)
        return map_frames(e, offset, PAGE_2M_BITS, 1);
    return map_frames(e, offset, PAGE_BITS,
                      (left < CHUNK_BYTES ? left : CHUNK_BYTES) / PAGE_SIZE);
}

/* The function's page, or NULL. */
static mmio_t function_page(uint32_t address)
{
    unsigned bus = PCI_BUS(address);

    for (unsigned i = 0; i < ecam_count; i++) {
        struct ecam *e = &ecams[i];
        unsigned from = e->where.first_bus, chunk = (bus - from) / 2;

        if (e->where.segment != PCI_SEGMENT(address) || bus < from ||
            bus > e->where.last_bus)
            continue;
        if (e->chunk[chunk] == NULL && !e->failed[chunk]) {
            e->chunk[chunk] = map_chunk(e, chunk);
            e->failed[chunk] = e->chunk[chunk] == NULL;
        }
        if (e->chunk[chunk] == NULL)
            return NULL;
        return e->chunk[chunk] + ((bus - from) % 2) * BUS_BYTES +
               ((size_t)(address & 0xff) << PAGE_BITS);
    }
    return NULL;
}

static uint32_t ecam_read(void *context, uint32_t address, uint32_t offset,
                          uint32_t width)
{
    mmio_t page = function_page(address);

    (void)context;
    if (page == NULL || offset + width > CONFIG_BYTES)
        return CONFIG_NO_DEVICE;
    return width == 1   ? mmio_read8(page, offset)
           : width == 2 ? mmio_read16(page, offset)
                        : mmio_read32(page, offset);
}

static void ecam_write(void *context, uint32_t address, uint32_t offset,
                       uint32_t width, uint32_t value)
{
    mmio_t page = function_page(address);

    (void)context;
    if (page == NULL || offset + width > CONFIG_BYTES)
        return;
    if (width == 1)
        mmio_write8(page, offset, (uint8_t)value);
    else if (width == 2)
        mmio_write16(page, offset, (uint16_t)value);
    else
        mmio_write32(page, offset, value);
}

static void ecam_sleep(void *context, uint32_t ms)
{
    (void)context;
    clock_sleep(ms * NS_PER_MS);
}

struct config_space ecam_space(void)
{
    return (struct config_space){ecam_read, ecam_write, ecam_sleep, NULL};
}
