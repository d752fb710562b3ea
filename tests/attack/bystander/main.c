/*
 * Not an attack: a driver of the edu card that waits for an interrupt which
 * never comes, and keeps count in a page that the runner finds. Whoever makes
 * an interrupt of this card arrive changes that page.
 */
#include <cordon/cordon.h>
#include <cordon/driver.h>
#include <string.h>

int main(void)
{
    struct driver card;
    struct memory page;

    if (driver_open(&card, NULL) != OK || memory_alloc(PAGE_SIZE, &page) != OK)
        return 1;
    memset(page.address, 0x5c, PAGE_SIZE);
    memcpy(page.address, "CORDON-ATTACK", 13);
    memcpy((char *)page.address + 13, "-PAGE:bystander", 16);
    for (;;)
        if (driver_wait(&card, DEADLINE_NEVER) != 0) {
            ((uint8_t *)page.address)[PAGE_SIZE - 1]++;
            driver_ack(&card, 0);
        }
}
