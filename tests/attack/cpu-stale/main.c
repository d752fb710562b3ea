/*
 * A page that a client has lent to this service is written to without end,
 * while the client, on another CPU, takes it back (R4). This CPU has it in its
 * TLB: if that is not flushed, writing goes on. Else it ends in a page fault.
 */
#include <cordon/share.h>

#include "tests/attack/attack.h"

#define HALF                                                                   \
    (PAGE_SIZE / 2) /* the page's mark stays: the runner looks for it */

static volatile uint8_t *borrow(void)
{
    cap_t endpoint = service_offered("lend"), reply;
    struct share share = {0};
    struct memory memory;
    struct message m;
    uint64_t status;

    reply = object_make(CAP_REPLY, 0, &status);
    status = message_receive(endpoint, reply, &m, DEADLINE_NEVER);
    if (status != OK || share_accept(&share, &m, PAGE_SIZE) != 0)
        attack_error("borrow", status);
    status =
        memory_map(share.frames, 1, PAGE_BITS, MAP_READ | MAP_WRITE, &memory);
    if (status != OK)
        attack_error("map", status);
    message_begin(&m, 0);
    message_reply(reply, &m);
    return memory.address;
}

int main(void)
{
    volatile uint8_t *page;

    attack_open();
    page = borrow();
    say("ready");
    ask("located");
    say("done");
    for (;;)
        for (unsigned i = HALF; i < PAGE_SIZE; i++)
            page[i] = PATTERN;
}
