/*
 * Not an attack: a client that lends a page to the service `lend`, the
 * attacker, on another CPU. As soon as that writes there, the page is taken
 * back and written anew: from then on nobody else may change it.
 */
#include <cordon/cordon.h>
#include <cordon/share.h>

#include "tests/attack/attack.h"

int main(void)
{
    struct memory page;
    volatile uint8_t *last;

    if (memory_alloc_sized(PAGE_SIZE, PAGE_BITS, &page) != OK)
        return 1;
    page_mark(page.address, "lent");
    last = (uint8_t *)page.address + PAGE_SIZE - 1;
    if (share_lend(service_find("lend"), 1, 1, &page, RIGHT_READ | RIGHT_WRITE,
                   DEADLINE_NEVER, NULL) != OK)
        return 2;
    while (*last != PATTERN)
        clock_sleep(NS_PER_MS);
    if (captable_revoke(STARTUP_CAPTABLE, page.frames).status != OK)
        return 3;
    page_mark(page.address, "lent");
    clock_sleep_until(DEADLINE_NEVER);
}
