/*
 * Asks the PCI server for one reset of its device after the other. Each takes
 * it a fifth of a second, in which it serves nobody else.
 */
#include <cordon/pci.h>

#include "tests/attack/storms/storm.h"

#define RESETS_TIME (1200 * NS_PER_MS)

static struct driver kit;

static void quiet(void)
{
    uint32_t id;

    pci_read(kit.pci, 0, 4, &id);
    clock_sleep(NS_PER_MS);
}

static void reset(void)
{
    pci_reset(kit.pci);
    clock_sleep(NS_PER_MS);
}

void storm_resets(void)
{
    raw_must("open", driver_open(&kit, NULL));
    say("ready");
    storm(RESETS_TIME, quiet, reset);
}
