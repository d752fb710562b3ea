/*
 * The other side of a message: an address space with a copy of this program at
 * the same addresses, so that a function of it can run there. What both sides
 * share is one page and the capability table.
 */
#include "bench.h"

#define SPACE_BITS  18
#define COPY_AT     0x52000000ul
#define MESSAGES_AT 0x50000000ul

/* By the linker: the whole program, and the end of its code. */
extern char __executable_start[], etext[], end[];

static void retype(enum cap_type type, uint64_t bits, cap_t slot)
{
    check("retype", untyped_retype(ram, type, bits, 1, 0, slot, 0).status, OK);
}

static void copy_page(cap_t frame, uint64_t address)
{
    uint64_t *to = (uint64_t *)COPY_AT, *from = (uint64_t *)address;
    uint64_t attributes =
        address < (uint64_t)etext ? MAP_READ | MAP_EXEC : MAP_READ | MAP_WRITE;

    retype(CAP_FRAME, PAGE_BITS, frame);
    check("map",
          space_map(SLOT_SPACE, frame, 1, COPY_AT, MAP_READ | MAP_WRITE).status,
          OK);
    for (unsigned i = 0; i < PAGE_SIZE / 8; i++)
        to[i] = from[i];
    check("unmap", space_unmap(SLOT_SPACE, frame, 1).status, OK);
    check("map for the peer",
          space_map(PEER_SPACE, frame, 1, address, attributes).status, OK);
}

void peer_space_make(void)
{
    cap_t frame = PEER_IMAGE;

    retype(CAP_ADDRESS_SPACE, SPACE_BITS, PEER_SPACE);
    retype(CAP_FRAME, PAGE_BITS, SHARED_FRAME);
    check("copy",
          captable_copy(SLOT_CAPTABLE, PEER_SHARED, 0, SHARED_FRAME, RIGHTS_ALL,
                        0)
              .status,
          OK);
    check("map shared",
          space_map(SLOT_SPACE, SHARED_FRAME, 1, (uint64_t)SHARED,
                    MAP_READ | MAP_WRITE)
              .status,
          OK);
    check("map shared",
          space_map(PEER_SPACE, PEER_SHARED, 1, (uint64_t)SHARED,
                    MAP_READ | MAP_WRITE)
              .status,
          OK);
    for (uint64_t at = (uint64_t)__executable_start; at < (uint64_t)end;
         at += PAGE_SIZE)
        copy_page(frame++, at);
}

struct message_page *peer_message(unsigned n)
{
    return (struct message_page *)(MESSAGES_AT + n * PAGE_SIZE);
}

void peer_start(unsigned n, void (*run)(void), unsigned priority, cap_t fault,
                unsigned cpu)
{
    thread_start(n, run, PEER_SPACE, peer_message(n), fault, priority, cpu);
}
