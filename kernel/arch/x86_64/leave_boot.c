/* The last trace of boot/ goes: see leave_boot.h (Intel SDM 3A, 4.5, 4.10.4).
 */
#include "kernel/leave_boot.h"
#include "kernel/arch/x86_64/cpu_ops.h"

#define PTE_WRITE (1ul << 1)
#define CR4_PGE   (1ul << 7)

void leave_boot(struct boot_pages boot)
{
    for (uint64_t i = 0; i < boot.count; i++) {
        boot.image[i] = 0;
        boot.direct[i] |= PTE_WRITE; /* present and NX from the start */
    }
}

void tlb_flush_all(void)
{
    uint64_t cr4 = cr4_read();

    cr4_write(cr4 & ~CR4_PGE);
    cr4_write(cr4);
}
