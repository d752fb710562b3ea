/*
 * Operations that fail late, in the hope that they keep what they did before
 * they failed (R10): new registers for a thread that runs, Frames before one
 * that cannot be mapped, objects before a slot in use. Whatever sticks is used
 * to change the sealed page.
 */
#include "tests/attack/sealed.h"

static struct sealed sealed;
static volatile cap_t runner;
static uint64_t evil_stack[64] __attribute__((aligned(16)));

static void run(void *unused)
{
    (void)unused;
    runner = thread_self();
    for (;;)
        __asm__ volatile("pause");
}

/* What the running thread would do with the registers that it must not get. */
static void evil(void)
{
    if (space_map(STARTUP_SPACE, sealed.frame, 1, sealed.address,
                  MAP_READ | MAP_WRITE)
            .status == OK)
        sealed_break(&sealed);
    for (;;)
        ;
}

static void must_fail(const char *what, uint64_t status, enum status code)
{
    if (STATUS_CODE(status) != code)
        attack_error(what, status);
}

static void write_registers(void)
{
    struct thread_registers registers = {
        .rip = (uintptr_t)evil,
        .rsp = (uintptr_t)&evil_stack[63],
    };
    cap_t context = 0;
    unsigned cpu = 0;
    uint64_t status;

    context = thread_context(&cpu);
    if (thread_create(run, NULL, 4096, context, cpu, &status) == NULL)
        attack_error("thread", status);
    while (runner == 0)
        clock_sleep(NS_PER_MS);
    memcpy(message_page(), &registers, sizeof(registers));
    must_fail("registers", thread_write(runner, 0).status, ERR_BUSY);
    clock_sleep(50 * NS_PER_MS);
}

/* Is something mapped at the sealed page's address now? */
static void look(const char *what)
{
    if (space_lookup(STARTUP_SPACE, sealed.address).r[0] != sealed.address)
        return;
    say("breach: %s", what);
    sealed_break(&sealed);
}

/* The sealed page is the first of two, and the second cannot be mapped. */
static void map_two(void)
{
    cap_t run_of_two = slot_alloc_run(2), spare = slot_alloc();
    uint64_t status = captable_copy(STARTUP_CAPTABLE, run_of_two, 0,
                                    sealed.frame, RIGHTS_ALL, 0)
                          .status;
    struct memory other;

    if (status != OK)
        attack_error("copy", status);
    must_fail("no second Frame",
              space_map(STARTUP_SPACE, run_of_two, 2, sealed.address,
                        MAP_READ | MAP_WRITE)
                  .status,
              ERR_CAPABILITY);
    look("mapped before a slot without a Frame");
    status = memory_alloc_sized(PAGE_SIZE, PAGE_BITS, &other);
    if (status == OK)
        status = captable_copy(STARTUP_CAPTABLE, run_of_two + 1, 0,
                               other.frames, RIGHT_READ, 0)
                     .status;
    if (status != OK)
        attack_error("second", status);
    must_fail("second without the right",
              space_map(STARTUP_SPACE, run_of_two, 2, sealed.address,
                        MAP_READ | MAP_WRITE)
                  .status,
              ERR_RIGHTS);
    look("mapped before a Frame without the right");
    must_fail(
        "retype over a slot in use",
        untyped_retype(STARTUP_MEMORY, CAP_ENDPOINT, 0, 2, 0, spare - 1, 0)
            .status,
        ERR_OCCUPIED);
    if (captable_info(STARTUP_CAPTABLE, spare).r[0] != CAP_NULL)
        say("breach: made before a slot in use");
}

int main(void)
{
    attack_open();
    sealed = sealed_make();
    write_registers();
    map_two();
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
