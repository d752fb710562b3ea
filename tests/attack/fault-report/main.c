/*
 * Makes the card fault in every way that there is and tells what its handler
 * hears (R6): `record ADDRESS REASON FLAGS` for each, in order. The witness
 * compares that with what QEMU says it reported.
 */
#include "tests/attack/msi.h"

#define NO_INDEX     4000u   /* in the table, and nobody has as many */
#define BEYOND_INDEX 0xffffu /* the table has 4096 entries */
#define READ_ONLY    0x2000000ull
#define WRITE_ONLY   0x2001000ull
#define UNMAPPED     0x3000000ull
#define TOO_HIGH     (1ull << 48) /* the Domain's addresses have 48 bits */

static struct raw raw;
static cap_t owner;

/* What came since the last time: the notification first, then records. */
static void records_say(const char *what)
{
    uint64_t status = notification_wait(owner, clock_after(NS_PER_S)).status;
    struct result r;

    say("event %s %s", what, status_text(status));
    while ((r = device_fault(raw.device)).status == OK)
        say("record %#llx %#llx %#llx", (unsigned long long)r.r[0],
            (unsigned long long)r.r[1], (unsigned long long)r.r[2]);
}

static void attack_dma(const char *what, uint64_t iova, uint64_t bytes,
                       bool write)
{
    if (write)
        card_move(raw.regs, EDU_CARD, iova, bytes, EDU_TO_MEMORY);
    else
        card_move(raw.regs, iova, EDU_CARD, bytes, 0);
    records_say(what);
}

static void map_one(uint64_t iova, unsigned attributes)
{
    struct memory page;
    cap_t copy;

    raw_must("page", memory_alloc_sized(PAGE_SIZE, PAGE_BITS, &page));
    copy = cap_copy(page.frames, RIGHTS_ALL, 0, NULL);
    raw_must("map",
             memory_map_at(raw.domain, copy, 1, iova, PAGE_BITS, attributes));
}

static void attack_request(const char *what, uint64_t index)
{
    struct line forged = {.address = 0xfee00010ull | (index & 0x7fff) << 5 |
                                     (index >> 15) << 2};

    msi_program(&raw, &forged);
    mmio_write32(raw.regs, EDU_IRQ_RAISE, 1);
    records_say(what);
    mmio_write32(raw.regs, EDU_IRQ_ACK, 1);
}

int main(void)
{
    struct line other;
    uint64_t status;

    attack_open();
    raw_open(&raw);
    owner = object_make(CAP_NOTIFICATION, 0, &status);
    raw_must("owner", owner ? OK : status);
    raw_must("faults", device_bind(raw.device, owner, 1000).status);
    map_one(READ_ONLY, MAP_READ);
    map_one(WRITE_ONLY, MAP_WRITE);
    other = line_make(raw_mint(&raw, OTHER_FUNCTION), 0);
    say("ready");
    attack_dma("write", UNMAPPED, 64, true);
    attack_dma("read", UNMAPPED + PAGE_SIZE, 64, false);
    attack_dma("read-only", READ_ONLY, 64, true);
    attack_dma("write-only", WRITE_ONLY, 64, false);
    attack_dma("high-write", TOO_HIGH, 64, true);
    attack_dma("high-read", TOO_HIGH + PAGE_SIZE, 64, false);
    attack_request("other's", other.index);
    attack_request("absent", NO_INDEX);
    attack_request("beyond", BEYOND_INDEX);
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
