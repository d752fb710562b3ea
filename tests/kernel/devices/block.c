/* Blocking, and the deaths that end in it: one capability takes all (R3). */
#include "devices.h"

static void check_silent(void)
{
    memory[PAGE_SIZE] = 9;
    card_write_memory(IOVA + PAGE_SIZE, 64);
    check("no DMA", memory[PAGE_SIZE], 9);
    card_raise();
    check("no interrupt and no fault", events_take(), 0);
    check("no record", device_fault(DEVICE).status == OK, 0);
}

static void check_works(void)
{
    memory[PAGE_SIZE] = 9;
    card_read_memory(IOVA, 64);
    card_write_memory(IOVA + PAGE_SIZE, 64);
    check("DMA", memory[PAGE_SIZE], 0x5a);
}

static void test_domain_gone(void)
{
    check("attach again", device_attach(DEVICE, DOMAIN).status, OK);
    check_works();
    check("delete the domain", captable_delete(SLOT_CAPTABLE, DOMAIN).status,
          OK);
    check("blocked", device_info(DEVICE).r[1], DEVICE_BLOCKED);
    check("no domain", device_info(DEVICE).r[2], 0);
    check_silent();
    check("domain", untyped_retype(ram, CAP_DOMAIN, 16, 1, 0, DOMAIN, 0).status,
          OK);
    check("map", space_map(DOMAIN, PAGES, 4, IOVA, MAP_READ | MAP_WRITE).status,
          OK);
    check("attach", device_attach(DEVICE, DOMAIN).status, OK);
    check_works();
}

/* A copy's revocation is the original's business only; the original's death is
 * everybody's. */
static void test_device_gone(void)
{
    struct result r = device_interrupt(DEVICE, ram, 0, INTERRUPT, 0, 1000);

    check("interrupt", r.status, OK);
    check("bind", interrupt_bind(INTERRUPT, IRQ_EVENTS).status, OK);
    card_set_msi(r.r[0], r.r[1]);
    card_raise();
    check("delivered", events_take(), EVENT_IRQ);
    check("copy",
          captable_copy(SLOT_CAPTABLE, SPARE, 0, DEVICE, RIGHT_READ, 0).status,
          OK);
    check("block without the right", device_block(SPARE).status, ERR_RIGHTS);
    check("delete", captable_delete(SLOT_CAPTABLE, DEVICE).status, OK);
    check("the copy went too", device_info(SPARE).status, ERR_CAPABILITY);
    check_silent();
    check("its interrupt is dead", interrupt_bind(INTERRUPT, IRQ_EVENTS).status,
          ERR_GONE);
    check("delete it", captable_delete(SLOT_CAPTABLE, INTERRUPT).status, OK);
    check("mint again",
          device_mint(SLOT_DEVICE_CONTROL, ram, CARD, 0, DEVICE).status, OK);
    check("entries", iommu_info(SLOT_DEVICE_CONTROL).r[3], 4096);
    check("delete", captable_delete(SLOT_CAPTABLE, DEVICE).status, OK);
}

void test_block(void)
{
    faults_drain();
    check_works();
    check("block", device_block(DEVICE).status, OK);
    check("blocked", device_info(DEVICE).r[1], DEVICE_BLOCKED);
    check("no interrupts", device_info(DEVICE).r[4], 0);
    check_silent();
    check("dead", interrupt_ack(INTERRUPT).status, ERR_GONE);
    check("none for a blocked device",
          device_interrupt(DEVICE, ram, 0, SPARE, 0, 1000).status, ERR_BUSY);
    check("block again", device_block(DEVICE).status, OK);
    check("delete", captable_delete(SLOT_CAPTABLE, INTERRUPT).status, OK);
    test_domain_gone();
    test_device_gone();
    check("delete the domain", captable_delete(SLOT_CAPTABLE, DOMAIN).status,
          OK);
}
