/*
 * A network card (QEMU's e1000; Intel 8254x manual, 13.4) that is told, one at
 * a time, of transmit descriptors where nothing is mapped: each is a DMA fault.
 */
#include "tests/attack/storms/storm.h"

#define TCTL        0x400
#define TCTL_EN     2u
#define TDBAL       0x3800
#define TDBAH       0x3804
#define TDLEN       0x3808
#define TDH         0x3810
#define TDT         0x3818
#define DESCRIPTORS 256u
#define NOWHERE     0x5000000u /* an IOVA that nobody has mapped */

static mmio_t regs;

static void quiet(void)
{
    mmio_read32(regs, TDT);
}

static void fetch(void)
{
    mmio_write32(regs, TDT, (mmio_read32(regs, TDT) + 1) % DESCRIPTORS);
}

void storm_dma(void)
{
    struct driver kit;

    raw_must("open", driver_open(&kit, NULL));
    regs = driver_map_window(&kit, 0, NULL);
    if (regs == NULL)
        attack_error("window", ERR_CAPABILITY);
    say("ready");
    mmio_write32(regs, TDBAL, NOWHERE);
    mmio_write32(regs, TDBAH, 0);
    mmio_write32(regs, TDLEN, DESCRIPTORS * 16);
    mmio_write32(regs, TDH, 0);
    mmio_write32(regs, TDT, 0);
    mmio_write32(regs, TCTL, TCTL_EN);
    storm(STORM_TIME, quiet, fetch);
}
