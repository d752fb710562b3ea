/*
 * A thread that faults in every way that a CPU offers, and its handler, which
 * tells what it heard (R6): `exception VECTOR CODE ADDRESS IP`, in order. The
 * witness compares that with QEMU's log of exceptions.
 */
#include "tests/attack/attack.h"

#define STACK   4096
#define NOWHERE "0x700000000000" /* a user address that nobody maps */
#define KERNEL  "0xffffffff80000000"
#define ODD     "0x8000000000000000" /* not canonical */

static uint8_t stack[STACK] __attribute__((aligned(16)));
static cap_t faults, reply, thread;

#define TRY(name, text)                                                        \
    __attribute__((naked)) static void name(void)                              \
    {                                                                          \
        __asm__(text);                                                         \
    }
TRY(divide, "xor %eax, %eax; xor %edx, %edx; div %eax")
TRY(breakpoint, "int3")
TRY(undefined, "ud2")
TRY(privileged, "hlt")
TRY(port, "mov $0x80, %dx; in %dx, %al")
TRY(control, "mov %rax, %cr3")
TRY(gate, "int $0x80")
TRY(odd_read, "movabs $" ODD ", %rax; mov (%rax), %rax")
TRY(odd_stack, "movabs $" ODD ", %rsp; push %rax")
TRY(read, "movabs $" NOWHERE ", %rax; mov (%rax), %rax")
TRY(write, "movabs $" NOWHERE ", %rax; mov %rax, (%rax)")
TRY(execute, "movabs $" NOWHERE ", %rax; jmp *%rax")
TRY(kernel_read, "mov $" KERNEL ", %rax; mov (%rax), %rax")
TRY(kernel_write, "mov $" KERNEL ", %rax; mov %rax, (%rax)")
TRY(kernel_execute, "mov $" KERNEL ", %rax; jmp *%rax")
TRY(text_write, "1: lea 1b(%rip), %rax; mov %rax, (%rax)")
TRY(stack_execute, "lea -64(%rsp), %rax; jmp *%rax")
TRY(step, "pushf; orl $0x100, (%rsp); popf; nop; ud2")

static void (*const tries[])(void) = {
    divide,     breakpoint,    undefined,   privileged,   port,
    control,    gate,          odd_read,    odd_stack,    read,
    write,      execute,       kernel_read, kernel_write, kernel_execute,
    text_write, stack_execute, step,
};

static void must(const char *what, uint64_t status)
{
    if (status != OK)
        attack_error(what, status);
}

static void open_thread(void)
{
    struct memory page;
    uint64_t status;
    unsigned cpu;
    cap_t context = thread_context(&cpu);

    faults = object_make(CAP_ENDPOINT, 0, &status);
    reply = object_make(CAP_REPLY, 0, &status);
    thread = object_make(CAP_THREAD, 0, &status);
    must("objects", thread && context ? OK : ERR_NO_MEMORY);
    must("page", memory_alloc_sized(PAGE_SIZE, PAGE_BITS, &page));
    must("configure", thread_configure(thread, STARTUP_CAPTABLE, STARTUP_SPACE,
                                       page.frames, faults, cpu)
                          .status);
    must("context", sched_bind(context, thread).status);
}

/* Lets the thread try one; says what its handler hears. */
static void run(void (*entry)(void))
{
    struct thread_registers regs = {.rip = (uintptr_t)entry,
                                    .rsp = (uintptr_t)stack + STACK};
    struct message m;
    uint64_t code;

    memcpy(message_page(), &regs, sizeof(regs));
    must("start", thread_write(thread, 1).status);
    must("fault", message_receive(faults, reply, &m, clock_after(NS_PER_S)));
    if (m.label != LABEL_FAULT)
        attack_error("another message", m.label);
    code = message_word(&m, FAULT_CODE);
    say("exception %llu %#x %#llx %#llx kind %llu",
        (unsigned long long)code >> 32, (unsigned)code,
        (unsigned long long)message_word(&m, FAULT_ADDRESS),
        (unsigned long long)message_word(&m, FAULT_IP),
        (unsigned long long)message_word(&m, FAULT_KIND));
    message_begin(&m, FAULT_STOP);
    must("answer", message_reply(reply, &m));
}

int main(void)
{
    attack_open();
    open_thread();
    say("ready");
    for (unsigned i = 0; i < sizeof(tries) / sizeof(*tries); i++)
        run(tries[i]);
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
