/*
 * Devices, Domains and Interrupts by themselves: what is refused, DMA within
 * the cage and beyond it, faults, interrupts, limits, blocking, and death.
 * Without isolation every one of them is refused (R1), and only that is
 * tested.
 */
#include "devices.h"

static void test_no_isolation(void)
{
    struct result r = iommu_info(SLOT_DEVICE_CONTROL);

    check("mint", device_mint(SLOT_DEVICE_CONTROL, ram, CARD, 0, DEVICE).status,
          ERR_NO_ISOLATION);
    check("domain", untyped_retype(ram, CAP_DOMAIN, 14, 1, 0, DOMAIN, 0).status,
          FAILS(ERR_NO_ISOLATION, 1));
    check("isolation", r.r[0], 0);
    check("entries", r.r[3], 0);
    check("a reason", boot->isolation_reason[0] != 0, 1);
}

void run_tests(void)
{
    card_setup();
    if (boot->isolation) {
        test_refusals();
        test_dma();
        test_faults();
        test_interrupts();
        test_stress();
        test_block();
    } else {
        test_no_isolation();
    }
    test_line();
}
