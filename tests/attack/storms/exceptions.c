/*
 * A thread that faults at one instruction for ever, because its handler, which
 * is of the same component, lets it try again each time.
 */
#include "tests/attack/storms/storm.h"

#define STACK 64 /* it faults at once */

static uint8_t stack[STACK] __attribute__((aligned(16)));
static cap_t faults, reply, thread;

__attribute__((noreturn)) static void faulter(void)
{
    for (;;)
        __asm__ volatile("ud2");
}

static void start(void)
{
    struct thread_registers regs = {.rip = (uintptr_t)faulter,
                                    .rsp = (uintptr_t)stack + STACK};
    struct memory page;
    uint64_t status;
    unsigned cpu;
    cap_t context = thread_context(&cpu);

    faults = object_make(CAP_ENDPOINT, 0, &status);
    reply = object_make(CAP_REPLY, 0, &status);
    thread = object_make(CAP_THREAD, 0, &status);
    raw_must("objects", thread && context ? OK : ERR_NO_MEMORY);
    raw_must("page", memory_alloc_sized(PAGE_SIZE, PAGE_BITS, &page));
    raw_must("configure",
             thread_configure(thread, STARTUP_CAPTABLE, STARTUP_SPACE,
                              page.frames, faults, cpu)
                 .status);
    raw_must("context", sched_bind(context, thread).status);
    memcpy(message_page(), &regs, sizeof(regs));
    raw_must("start", thread_write(thread, 1).status);
}

static void quiet(void)
{
    clock_sleep(NS_PER_MS);
}

/* One fault; the answer lets it happen again. */
static void again(void)
{
    static bool running;
    struct message m;

    if (!running)
        start();
    running = true;
    if (message_receive(faults, reply, &m, clock_after(NS_PER_S)) != OK)
        attack_error("no fault came", ERR_TIMEOUT);
    message_begin(&m, FAULT_RESUME);
    message_reply(reply, &m);
}

void storm_exceptions(void)
{
    say("ready");
    storm(STORM_TIME, quiet, again);
}
