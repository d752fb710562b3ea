/*
 * Not an attack: a component with a page that attacks are after. The runner
 * finds the page by its text.
 */
#include <cordon/memory.h>
#include <cordon/clock.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    struct memory page;

    if (memory_alloc(PAGE_SIZE, &page) != OK)
        return 1;
    memset(page.address, 0x5c, PAGE_SIZE);
    memcpy(page.address, "CORDON-ATTACK", 13);
    memcpy((char *)page.address + 13, "-PAGE:victim", 13);
    clock_sleep_until(DEADLINE_NEVER);
}
