/*
 * The card asks for an interrupt that is another device's, without end: each
 * request is a fault that the IOMMU reports. (Reports of DMA can be muted by
 * device, those of interrupt requests cannot.)
 */
#include "tests/attack/msi.h"
#include "tests/attack/storms/storm.h"

static struct raw raw;

static void quiet(void)
{
    mmio_read32(raw.regs, 0);
}

static void raise(void)
{
    mmio_write32(raw.regs, EDU_IRQ_RAISE, 1);
}

void storm_requests(void)
{
    struct line other;
    cap_t owner;
    uint64_t status;

    raw_open(&raw);
    other = line_make(raw_mint(&raw, OTHER_FUNCTION), 0);
    owner = object_make(CAP_NOTIFICATION, 0, &status);
    raw_must("owner", owner ? OK : status);
    raw_must("faults", device_bind(raw.device, owner, 1000).status);
    say("ready");
    msi_program(&raw, &other);
    storm(STORM_TIME, quiet, raise);
}
