/* Attaching, mapping, DMA within the cage and beyond it, and what is refused.
 */
#include "devices.h"

void test_refusals(void)
{
    cap_t control = SLOT_DEVICE_CONTROL;

    check("domain", untyped_retype(ram, CAP_DOMAIN, 16, 1, 0, DOMAIN, 0).status,
          OK);
    check("memory that is none",
          device_mint(control, EVENTS, CARD, 0, DEVICE).status,
          FAILS(ERR_CAPABILITY, 1));
    check("requester beyond 32 bits",
          device_mint(control, ram, 1ull << 32, 0, DEVICE).status,
          FAILS(ERR_ARGUMENT, 2));
    check("segment that no unit covers",
          device_mint(control, ram, 7ul << 16, 0, DEVICE).status,
          FAILS(ERR_ARGUMENT, 2));
    check("slot in use", device_mint(control, ram, CARD, 0, EVENTS).status,
          FAILS(ERR_OCCUPIED, 4));
    check("mint", device_mint(control, ram, CARD, 0, DEVICE).status, OK);
    check("mint the same again",
          device_mint(control, ram, CARD, 0, SPARE).status, FAILS(ERR_BUSY, 2));
    check("no control", device_mint(DEVICE, ram, CARD, 0, SPARE).status,
          ERR_CAPABILITY);
    check("unclaimed", device_info(DEVICE).r[1], DEVICE_UNCLAIMED);
    check("requester", device_info(DEVICE).r[0], CARD);
    check("attach to no domain", device_attach(DEVICE, EVENTS).status,
          FAILS(ERR_CAPABILITY, 1));
    check("no fault yet", device_fault(DEVICE).status, ERR_TIMEOUT);
    check("limit", device_bind(DEVICE, FAULT_EVENTS, 0).status,
          FAILS(ERR_ARGUMENT, 2));
    check("registers in a domain",
          space_map(DOMAIN, REGISTERS, 1, IOVA, MAP_READ).status,
          FAILS(ERR_BUSY, 1));
    check("the interrupt range",
          space_map(DOMAIN, PAGES, 1, 0xfee00000, MAP_READ).status,
          FAILS(ERR_ARGUMENT, 3));
    check("code for a device",
          space_map(DOMAIN, PAGES, 1, IOVA, MAP_READ | MAP_EXEC).status,
          FAILS(ERR_ARGUMENT, 4));
}

static unsigned mismatches(unsigned page)
{
    unsigned wrong = 0;

    for (unsigned i = 0; i < 256; i++)
        wrong += memory[page * PAGE_SIZE + i] != (unsigned char)(i ^ 0x5a);
    return wrong;
}

#define LARGE_AT   0x70000000ul
#define LARGE_IOVA 0x600000ul

/* A superpage: one leaf, and the card finds its last byte. */
static void test_large(void)
{
    volatile unsigned char *large = (volatile unsigned char *)LARGE_AT;
    uint64_t last = (1ul << PAGE_2M_BITS) - 256;
    struct result r;

    check(
        "2 MiB",
        untyped_retype(ram, CAP_FRAME, PAGE_2M_BITS, 1, 0, SUPERPAGE, 0).status,
        OK);
    check("copy",
          captable_copy(SLOT_CAPTABLE, SUPERPAGE_COPY, 0, SUPERPAGE, RIGHTS_ALL,
                        0)
              .status,
          OK);
    check("not aligned",
          space_map(DOMAIN, SUPERPAGE, 1, LARGE_IOVA + PAGE_SIZE, MAP_WRITE)
              .status,
          FAILS(ERR_ARGUMENT, 3));
    check("map",
          space_map(DOMAIN, SUPERPAGE, 1, LARGE_IOVA, MAP_READ | MAP_WRITE)
              .status,
          OK);
    check("for us",
          space_map(SLOT_SPACE, SUPERPAGE_COPY, 1, LARGE_AT, MAP_READ).status,
          OK);
    r = space_lookup(DOMAIN, LARGE_IOVA + last);
    check("one leaf", r.r[2], PAGE_2M_BITS);
    check("a page inside it",
          space_map(DOMAIN, PAGES + 2, 1, LARGE_IOVA + PAGE_SIZE, MAP_READ)
              .status,
          FAILS(ERR_OCCUPIED, 3));
    card_write_memory(LARGE_IOVA + last, 256);
    check("its last bytes", large[last + 255], 255 ^ 0x5a);
    check("not before", large[last - 1], 0);
    check("delete", captable_delete(SLOT_CAPTABLE, SUPERPAGE).status, OK);
    check("gone from the tables",
          space_lookup(DOMAIN, LARGE_IOVA).r[0] != LARGE_IOVA, 1);
}

void test_dma(void)
{
    struct result r;

    check("map", space_map(DOMAIN, PAGES, 4, IOVA, MAP_READ | MAP_WRITE).status,
          OK);
    check("map a mapped page",
          space_map(DOMAIN, PAGES, 1, 2 * IOVA, MAP_READ).status,
          FAILS(ERR_BUSY, 1));
    check("limit", device_bind(DEVICE, FAULT_EVENTS, 1000).status, OK);
    check("attach", device_attach(DEVICE, DOMAIN).status, OK);
    check("attach again", device_attach(DEVICE, DOMAIN).status, ERR_BUSY);
    check("caged", device_info(DEVICE).r[1], DEVICE_CAGED);
    for (unsigned i = 0; i < 256; i++)
        memory[i] = (unsigned char)(i ^ 0x5a);
    card_read_memory(IOVA, 256);
    card_write_memory(IOVA + PAGE_SIZE, 256);
    check("there and back", mismatches(1), 0);
    check("no fault", device_fault(DEVICE).status, ERR_TIMEOUT);
    /* R12: the live tables say what was mapped. */
    r = space_lookup(DOMAIN, IOVA + 2 * PAGE_SIZE);
    check("lookup", r.r[0], IOVA + 2 * PAGE_SIZE);
    check("its size", r.r[2], PAGE_BITS);
    check("its access", r.r[3], MAP_READ | MAP_WRITE);
    r = space_info(DOMAIN);
    check("mapped bytes", r.r[2], 4 * PAGE_SIZE);
    check("devices", r.r[3], 1);
    check("domain-id", r.r[4], device_info(DEVICE).r[2]);
    /* R4: the page is out of the device's reach when unmap returns. */
    memory[2 * PAGE_SIZE] = 7;
    card_write_memory(IOVA + 2 * PAGE_SIZE, 64);
    check("before unmap", memory[2 * PAGE_SIZE], 0x5a);
    check("unmap", space_unmap(DOMAIN, PAGES + 2, 1).status, OK);
    memory[2 * PAGE_SIZE] = 7;
    card_write_memory(IOVA + 2 * PAGE_SIZE, 64);
    check("after unmap", memory[2 * PAGE_SIZE], 7);
    test_large();
    /* Read-only from now on. */
    check("protect", space_protect(DOMAIN, PAGES + 3, 1, MAP_READ).status, OK);
    memory[3 * PAGE_SIZE] = 8;
    card_write_memory(IOVA + 3 * PAGE_SIZE, 64);
    check("after protect", memory[3 * PAGE_SIZE], 8);
    check("events", events_take(), EVENT_FAULT);
}
