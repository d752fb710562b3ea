/*
 * The errors of an IOMMU that stops answering (R4, fail closed). Nothing can be
 * made any more after that, so all is prepared before; then the test that runs
 * this program switches off the unit's invalidation queue through QEMU's gdb
 * port (tests/boot/test_errors.py) and says so on the serial line.
 */
#include "errors.h"

/* Slots: devices (attached, but NEW), Untypeds whose objects have gone, and
 * what else is needed. */
enum {
    CAGED_1 = 300,
    CAGED_2,
    NEW,
    CARD_OF,
    USED, /* one for each of four operations */
    MAPPED_COPY = USED + 4,
    MAPPED, /* two Frames */
    UNMAPPED = MAPPED + 2,
};
#define IOVA        0x100000ul
#define RW          (MAP_READ | MAP_WRITE)
#define COM1        0x3f8
#define LINE_STATUS (COM1 + 5)
#define LINE_READY  1u

/* QEMU's edu card at 00:04.0, for an interrupt that goes over its limit. */
#define CARD         (4u << 3)
#define CONFIG_AT    0x60000000ul
#define REGISTERS_AT 0x60001000ul
#define EDU_RAISE    0x60
#define EDU_ACK      0x64
#define COMMAND      0x04 /* PCI: memory and bus master on */
#define COMMAND_ON   6u
#define BAR0         0x10
#define MSI_AT       0x40 /* edu's MSI capability */
#define MSI_ENABLE   (1u << 16)

static volatile uint32_t *window(uint64_t physical, cap_t slot, uint64_t at)
{
    for (uint32_t i = 0; i < boot->region_count; i++) {
        const struct boot_region *r = &boot->regions[i];

        if (r->kind == REGION_DEVICE && physical >= r->base &&
            physical - r->base < r->size)
            must("window", untyped_retype(r->slot, CAP_FRAME, 12, 1, 0, slot,
                                          physical - r->base));
    }
    must("map", space_map(SLOT_SPACE, slot, 1, at, RW));
    return (volatile uint32_t *)at;
}

/* Its interrupt comes more often than it may, and is masked. */
static void overrun(void)
{
    volatile uint32_t *config, *registers;
    struct result r;

    must("mint", device_mint(SLOT_DEVICE_CONTROL, ROOM, CARD, 0, CARD_OF));
    r = device_interrupt(CARD_OF, ROOM, 0, CROWD, 0, 1);
    must("interrupt", r);
    config = window(boot->ecam[0].base + (CARD << 12), CROWD + 1, CONFIG_AT);
    registers = window(config[BAR0 / 4] & ~0xfu, CROWD + 2, REGISTERS_AT);
    config[COMMAND / 4] = COMMAND_ON;
    config[MSI_AT / 4 + 1] = (uint32_t)r.r[0];
    config[MSI_AT / 4 + 2] = (uint32_t)(r.r[0] >> 32);
    config[MSI_AT / 4 + 3] = (uint32_t)r.r[1];
    config[MSI_AT / 4] |= MSI_ENABLE;
    for (unsigned i = 0; i < 4; i++) {
        registers[EDU_RAISE / 4] = 1;
        registers[EDU_ACK / 4] = 1;
        pause_ns(MS);
    }
    check("masked", interrupt_info(CROWD).r[1], 1);
}

static void cage(cap_t device, uint64_t requester)
{
    must("mint", device_mint(SLOT_DEVICE_CONTROL, ROOM, requester, 0, device));
    must("attach", device_attach(device, DOMAIN_OF));
}

static void make_used(cap_t slot)
{
    make(CAP_UNTYPED, 0x2000, slot);
    must("use", untyped_retype(slot, CAP_ENDPOINT, 0, 1, 0, CROWD + 9, 0));
    must("give back", captable_delete(SLOT_CAPTABLE, CROWD + 9));
}

/* While it may not be acknowledged. */
CASE(interrupt_ack_BUSY_itself)
{
    overrun();
    c->v[arg] = CROWD;
}

/* What the unit has to confirm, and how it stops to. */
void unconfirmed_prepare(void)
{
    fixture_make();
    cage(CAGED_1, REQUESTER + 1);
    cage(CAGED_2, REQUESTER + 2);
    must("mint", device_mint(SLOT_DEVICE_CONTROL, ROOM, REQUESTER + 3, 0, NEW));
    for (cap_t i = 0; i < 4; i++)
        make_used(USED + i);
    must("map", space_map(DOMAIN_OF, PAGES_OF, 2, IOVA, RW));
    must("copy",
         captable_copy(SLOT_CAPTABLE, MAPPED_COPY, 0, PAGE_2, RIGHTS_ALL, 0));
    must("map", space_map(DOMAIN_OF, MAPPED_COPY, 1, 2 * IOVA, RW));
    must("frames", untyped_retype(ROOM, CAP_FRAME, 12, 3, 0, MAPPED, 0));
    must("map", space_map(DOMAIN_OF, MAPPED, 2, 4 * IOVA, RW));
    overrun();
    pause_ns(1000 * MS); /* until it may be acknowledged */
    print("stop the unit\n");
    while (!(ports_in(PORTS, LINE_STATUS, 1).r[0] & LINE_READY))
        ;
    check("the first", space_unmap(DOMAIN_OF, MAPPED, 1).status,
          ERR_UNCONFIRMED);
}

#define UNCONFIRMED(op, name, ...)                                             \
    CASE(op##_UNCONFIRMED_##name)                                              \
    {                                                                          \
        (void)arg;                                                             \
        ARGS(c, __VA_ARGS__);                                                  \
    }
UNCONFIRMED(interrupt_ack, itself, CROWD)
UNCONFIRMED(space_map, itself, DOMAIN_OF, UNMAPPED, 1, 3 * IOVA, RW)
UNCONFIRMED(space_protect, itself, DOMAIN_OF, PAGES_OF, 1, MAP_READ)
UNCONFIRMED(space_unmap, itself, DOMAIN_OF, MAPPED + 1, 1)
UNCONFIRMED(captable_revoke, slot, SLOT_CAPTABLE, PAGE_2)
UNCONFIRMED(captable_delete, slot, SLOT_CAPTABLE, CAGED_1)
UNCONFIRMED(device_block, itself, CAGED_2)
UNCONFIRMED(device_attach, itself, NEW, DOMAIN_OF)
UNCONFIRMED(untyped_retype, itself, USED, CAP_ENDPOINT, 0, 1, 0, SPOILT)
UNCONFIRMED(device_mint, memory, SLOT_DEVICE_CONTROL, USED + 1, REQUESTER_2, 0,
            SPOILT)
UNCONFIRMED(device_interrupt, memory, CARD_OF, USED + 2, 0, SPOILT, 0, 1)
UNCONFIRMED(device_interrupt, itself, CARD_OF, ROOM, 0, SPOILT, 0, 1)
UNCONFIRMED(device_lines, memory, SLOT_DEVICE_CONTROL, USED + 3, 4, 0, SPOILT,
            0, 1)
UNCONFIRMED(device_lines, itself, SLOT_DEVICE_CONTROL, ROOM, 4, 0, SPOILT, 0, 1)
