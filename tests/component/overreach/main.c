/*
 * A driver that lets its device reach more of its own memory than the `dma` of
 * its policy: harmless to others, but not what the policy says, so `verify`
 * must tell (R12; tests/boot/test_system.py).
 */
#include <stdio.h>

#include <cordon/cordon.h>
#include <cordon/driver.h>

int main(void)
{
    struct driver card;
    struct memory plain;
    struct dma_loan loan;
    cap_t copy;

    if (driver_open(&card, NULL) != OK || memory_alloc(PAGE_SIZE, &plain) != OK)
        return 1;
    copy = cap_copy(plain.frames, RIGHT_READ | RIGHT_WRITE, 0, NULL);
    if (copy == 0 ||
        dma_lend(&card, copy, 1, PAGE_BITS, MAP_READ | MAP_WRITE, &loan) != OK)
        return 1;
    printf("mapped IOVA 0x%llx\n", (unsigned long long)loan.iova.v);
    clock_sleep_until(DEADLINE_NEVER);
}
