/* The self-test's few tools: see check.h. */
#include "check.h"

#define COM1        0x3f8
#define EXIT_PORT   0xf4 /* isa-debug-exit */
#define MESSAGES_AT 0x50000000ul
#define STACK_WORDS 512

const struct boot_info *boot;
struct message_page *message;
cap_t ram;
cap_t worker_faults_to;
static unsigned passed, failed;
static uint64_t stacks[4][STACK_WORDS] __attribute__((aligned(16)));

void print(const char *text)
{
    for (; *text; text++)
        ports_out(PORTS, COM1, 1, (uint64_t)*text);
}

void print_hex(uint64_t value)
{
    char digits[17] = {0}, *at = digits + 16;

    do
        *--at = "0123456789abcdef"[value & 15];
    while (value >>= 4);
    print(at);
}

void check(const char *what, uint64_t got, uint64_t wanted)
{
    if (got == wanted) {
        passed++;
        return;
    }
    failed++;
    print("FAILED: ");
    print(what);
    print(": got ");
    print_hex(got);
    print(", wanted ");
    print_hex(wanted);
    print("\n");
}

uint64_t now(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    uint64_t ticks = ((uint64_t)high << 32 | low) - boot->clock.tsc_base;
    return (uint64_t)((unsigned __int128)ticks * boot->clock.mult >>
                      boot->clock.shift);
}

struct result send_message(enum operation how, cap_t cap, uint64_t tag,
                           uint64_t w0, uint64_t w1, cap_t reply,
                           uint64_t deadline)
{
    return kernel_invoke(how, cap, tag, w0, w1, 0, 0, reply, deadline);
}

struct message_page *worker_message(unsigned n)
{
    return (struct message_page *)(MESSAGES_AT + n * PAGE_SIZE);
}

void thread_start(unsigned n, void (*run)(void), cap_t space,
                  struct message_page *page, cap_t fault, unsigned priority,
                  unsigned cpu)
{
    struct thread_registers *r = (struct thread_registers *)message;
    cap_t thread = worker_thread(n), context = thread + 1, frame = thread + 2;

    check("frame", untyped_retype(ram, CAP_FRAME, 12, 1, 0, frame, 0).status,
          OK);
    check(
        "map",
        space_map(space, frame, 1, (uint64_t)page, MAP_READ | MAP_WRITE).status,
        OK);
    check("thread", untyped_retype(ram, CAP_THREAD, 0, 1, 0, thread, 0).status,
          OK);
    check("context",
          untyped_retype(ram, CAP_SCHED_CONTEXT, 0, 1, 0, context, 0).status,
          OK);
    check("configure",
          thread_configure(thread, SLOT_CAPTABLE, space, frame, fault, cpu)
              .status,
          OK);
    check("priority",
          sched_configure(SLOT_SCHED_CONTROL, context, priority, 10000000,
                          10000000, cpu)
              .status,
          OK);
    check("bind", sched_bind(context, thread).status, OK);
    for (unsigned i = 0; i < sizeof(*r) / 8; i++)
        message->words[i] = 0;
    r->rip = (uint64_t)run;
    r->rsp = (uint64_t)&stacks[n][STACK_WORDS - 1];
    check("start", thread_write(thread, 1).status, OK);
}

void worker_start(unsigned n, void (*run)(void), unsigned priority,
                  unsigned cpu)
{
    thread_start(n, run, SLOT_SPACE, worker_message(n), worker_faults_to,
                 priority, cpu);
}

void worker_end(unsigned n)
{
    for (unsigned i = 0; i < 3; i++)
        check("end of a worker",
              captable_delete(SLOT_CAPTABLE, worker_thread(n) + i).status, OK);
}

static void find_ram(void)
{
    uint64_t most = 0;

    for (uint32_t i = 0; i < boot->region_count; i++) {
        const struct boot_region *region = &boot->regions[i];

        if (region->kind == REGION_RAM && region->size > most) {
            most = region->size;
            ram = region->slot;
        }
    }
}

static void print_count(unsigned n)
{
    char digits[11] = {0}, *at = digits + 10;

    do
        *--at = (char)('0' + n % 10);
    while (n /= 10);
    print(at);
}

_Noreturn void _start(const struct boot_info *info);
_Noreturn void _start(const struct boot_info *info)
{
    boot = info;
    message = (struct message_page *)info->message_address;
    find_ram();
    run_tests();
    print_count(passed);
    print(" checks passed, ");
    print_count(failed);
    print(" failed\n");
    ports_out(PORTS, EXIT_PORT, 1, failed ? 1 : 0);
    for (;;)
        ;
}
