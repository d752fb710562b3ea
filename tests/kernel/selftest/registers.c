/*
 * A thread's registers are its own: whatever another thread of the same CPU
 * does to segments, flags or vector registers, this one does not see.
 */
#include "selftest.h"

#define MS      1000000ul
#define XMM_ALL 256 /* bytes: 16 registers */

/* Both threads use this address as their thread-local storage. */
static const uint64_t storage = 0x1122334455667788;
static volatile uint64_t steps;

static void xmm_load(const void *from)
{
    __asm__ volatile("movdqu (%0), %%xmm0; movdqu 16(%0), %%xmm1;"
                     "movdqu 112(%0), %%xmm7; movdqu 128(%0), %%xmm8;"
                     "movdqu 240(%0), %%xmm15"
                     :
                     : "r"(from)
                     : "memory");
}

static void xmm_store(void *to)
{
    __asm__ volatile("movdqu %%xmm0, (%0); movdqu %%xmm1, 16(%0);"
                     "movdqu %%xmm7, 112(%0); movdqu %%xmm8, 128(%0);"
                     "movdqu %%xmm15, 240(%0)"
                     :
                     : "r"(to)
                     : "memory");
}

static uint64_t storage_read(void)
{
    uint64_t value;

    __asm__ volatile("movq %%fs:0, %0" : "=r"(value));
    return value;
}

static uint64_t flags_read(void)
{
    uint64_t flags;

    __asm__ volatile("pushfq; popq %0" : "=r"(flags));
    return flags;
}

/* Changes all that user mode can change, then lets the other thread run. */
static void meddler(void)
{
    static const uint8_t ones[XMM_ALL] = {[0 ... XMM_ALL - 1] = 0xff};
    uint32_t all_masked_up = 0x7f80;
    uint16_t half_precision = 0x007f;

    thread_set_tls(worker_thread(1), (uint64_t)&storage);
    steps = storage_read() == storage ? 1 : 100;
    __asm__ volatile("movl %0, %%fs; movl %0, %%gs; movl %0, %%ds;"
                     "movl %0, %%es"
                     :
                     : "r"(0x1b));
    xmm_load(ones);
    __asm__ volatile("ldmxcsr %0; fldcw %1; fldpi"
                     :
                     : "m"(all_masked_up), "m"(half_precision));
    /* Alignment checks, direction, identification: AC, DF, ID. */
    __asm__ volatile("pushfq; orq $0x240400, (%%rsp); popfq" : : : "cc");
    notification_signal(EVENTS);
    steps++;
    notification_signal(EVENTS);
    for (;;)
        ;
}

static void test_meddler(void)
{
    uint8_t mine[XMM_ALL], after[XMM_ALL] = {0};
    uint32_t mxcsr = 0;
    uint16_t control = 0, status = 0;

    for (unsigned i = 0; i < XMM_ALL; i++)
        mine[i] = (uint8_t)(i * 7 + 1);
    check("own storage", thread_set_tls(SLOT_THREAD, (uint64_t)&storage).status,
          OK);
    xmm_load(mine);
    worker_start(1, meddler, 200, 0);
    check("the other ran", notification_wait(EVENTS, now() + 1000 * MS).status,
          OK);
    check("FS base", storage_read(), storage);
    check("flags", flags_read() & 0x240400, 0);
    xmm_store(after);
    __asm__ volatile("stmxcsr %0; fnstcw %1; fnstsw %2"
                     : "=m"(mxcsr), "=m"(control), "=m"(status));
    for (unsigned i = 0; i < XMM_ALL; i++)
        if (i < 32 || (i >= 112 && i < 144) || i >= 240)
            check("vector registers", after[i], mine[i]);
    check("MXCSR", mxcsr, 0x1f80);
    check("x87 control", control, 0x037f);
    check("x87 stack", status, 0);
    check("it runs on", notification_wait(EVENTS, now() + 1000 * MS).status,
          OK);
    check("its storage was its own", steps, 2);
    worker_end(1);
    thread_set_tls(SLOT_THREAD, 0);
}

/* What would change a base for good is refused by the CPU: FSGSBASE is off. */
static void base_writer(void)
{
    steps = 10;
    __asm__ volatile("wrgsbase %0" : : "r"(0x1234ul));
    steps = 11;
    for (;;)
        ;
}

static void test_base_writer(void)
{
    uint64_t end = now() + 10000 * MS;
    struct result r;

    worker_start(1, base_writer, 200, 0);
    do {
        notification_wait(EVENTS, now() + MS);
        r = thread_read(worker_thread(1));
    } while ((r.status != OK || r.r[0] != 0) && now() < end);
    check("it was stopped", r.r[0], 0);
    check("at the instruction", steps, 10);
    worker_end(1);
}

/* R2: what is the kernel's own is in no Untyped, not even init's. */
static void test_regions(void)
{
    static const uint64_t kernels_own[] = {0,          0x8000,     0xff000,
                                           0xfec00000, 0xfed90000, 0xfee00000,
                                           0xfee01000, 0xfeeff000};

    for (uint32_t i = 0; i < boot->region_count; i++) {
        const struct boot_region *r = &boot->regions[i];

        check("whole pages", (r->base | r->size) % PAGE_SIZE, 0);
        for (unsigned k = 0; k < sizeof(kernels_own) / 8; k++) {
            if (kernels_own[k] == 0xfed90000 && !boot->isolation)
                continue;
            check("kernel's own memory",
                  kernels_own[k] >= r->base &&
                      kernels_own[k] - r->base < r->size,
                  0);
        }
        for (uint32_t j = 0; j < i; j++) {
            const struct boot_region *q = &boot->regions[j];

            check("two Untypeds overlap",
                  q->base < r->base + r->size && r->base < q->base + q->size,
                  0);
        }
    }
}

#define BOOT_AT 0x60000000ul

/* boot/ lay between 1 MiB and the kernel. Start is over: its memory is an
 * Untyped like all RAM, and what is made of it is zeroed (R11). */
static void test_boot_memory(void)
{
    const struct boot_region *r = NULL;

    for (uint32_t i = 0; i < boot->region_count; i++)
        if (boot->regions[i].base == 0x100000)
            r = &boot->regions[i];
    check("boot's memory has an Untyped", r != NULL, 1);
    if (!r)
        return;
    check("of RAM", r->kind, REGION_RAM);
    check("that is boot's alone", r->size < 0x100000, 1);
    check("frame",
          untyped_retype(r->slot, CAP_FRAME, 12, 1, 0, SPARE, 0).status, OK);
    check("map", space_map(SLOT_SPACE, SPARE, 1, BOOT_AT, MAP_READ).status, OK);
    const volatile uint64_t *words = (const uint64_t *)BOOT_AT;
    uint64_t rest = 0;
    for (unsigned i = 0; i < PAGE_SIZE / 8; i++)
        rest |= words[i];
    check("the loader's header is gone from it", rest, 0);
    check("delete", captable_delete(SLOT_CAPTABLE, SPARE).status, OK);
}

void test_registers(void)
{
    test_meddler();
    test_base_writer();
    test_regions();
    test_boot_memory();
}
