/*
 * A rogue PCI server asks its device memory for registers that are the
 * kernel's: the page at the physical address in its argument (hex). If it gets
 * it, it writes zeros to the IOMMU's command register: all off.
 */
#include "tests/attack/raw.h"

#define IOMMU_COMMAND 0x18u /* VT-d 4.1, 11.4.4.1 */

int main(int argc, char **argv)
{
    uint64_t address = argc > 1 ? strtoull(argv[1], NULL, 16) : 0;
    mmio_t regs;

    attack_open();
    say("ready");
    regs = raw_map_any(address);
    if (regs != NULL) {
        say("breach: mapped %#llx", (unsigned long long)address);
        if (address >> 16 == 0xfed9)
            mmio_write32(regs, IOMMU_COMMAND, 0);
    }
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
