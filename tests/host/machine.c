/* The machine and its first process: see machine.h. */
#include "tests/host/machine.h"

#include <asm/prctl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cordon/operations.h>
#include "boot/iommu.h"
#include "iommu/iommu.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/radix_cpu.h"
#include "kernel/arch/x86_64/vectors.h"
#include "kernel/fastpath.h"
#include "kernel/remote.h"
#include "kernel/syscall.h"
#include "tests/host/world.h"

#define TLB_ENTRIES 16
/* Where a thread's SYSCALL instruction ends, as far as the test knows. */
#define AFTER_SYSCALL 0x401000ul
/* A restarted operation that is not over by then never will be. */
#define RESTARTS_MAX 200000

struct tlb_entry {
    bool valid, write;
    uint64_t pcid, page, at;
};

/* What of a CPU is not the kernel's. */
static struct hardware {
    uint64_t cr3, cr2, armed;
    bool ipi;
    unsigned next;
    struct tlb_entry tlb[TLB_ENTRIES];
} hardware[MACHINE_CPUS];

static unsigned now_on; /* index of the CPU that runs */
static jmp_buf leaving;
static struct thread *left_to;

_Noreturn void machine_fail(const char *what)
{
    fprintf(stderr, "machine: %s\n", what);
    abort();
}

/* ---- What the kernel's headers and files call ---- */

static struct hardware *here(void)
{
    return &hardware[now_on];
}

void machine_cpu(unsigned index)
{
    now_on = index;
    if (syscall(SYS_arch_prctl, ARCH_SET_GS, &cpus[index]) != 0)
        machine_fail("GS base cannot be set");
}

uint64_t machine_cr3_read(void)
{
    return here()->cr3;
}

uint64_t machine_cr2(void)
{
    return here()->cr2;
}

static void tlb_drop(uint64_t pcid, uint64_t page)
{
    for (unsigned i = 0; i < TLB_ENTRIES; i++) {
        struct tlb_entry *e = &here()->tlb[i];

        if (e->pcid == pcid && (page == ~0ul || e->page == page))
            e->valid = false;
    }
}

void machine_cr3_write(uint64_t value)
{
    if (!(value & CR3_KEEP))
        tlb_drop(value & 0xfff, ~0ul);
    here()->cr3 = value & ~CR3_KEEP;
}

void machine_page_invalidate(uint64_t address)
{
    tlb_drop(here()->cr3 & 0xfff, address & ~0xffful);
}

void machine_relax(void)
{
    unsigned self = now_on;

    for (unsigned i = 0; i < MACHINE_CPUS; i++) {
        if (i == self)
            continue;
        machine_cpu(i);
        remote_poll_flush(&cpus[i]);
    }
    machine_cpu(self);
}

void machine_ipi(uint32_t apic_id)
{
    hardware[apic_id].ipi = true;
}

void machine_timer_arm(uint64_t deadline)
{
    here()->armed = deadline;
}

uint64_t machine_port(uint16_t port, unsigned width, const uint64_t *write)
{
    if (port + width > 0xcf8 && port < 0xd00)
        machine_fail("configuration mechanism #1 was reached");
    return write ? 0 : port * 0x01010101ul;
}

uint64_t clock_ns_to_tsc(uint64_t ns)
{
    return ns; /* as the model has it */
}

void panic_silence(void)
{
}

void kernel_leave(struct thread *thread)
{
    left_to = thread;
    longjmp(leaving, 1);
}

void kernel_idle(void)
{
    kernel_leave(NULL);
}

void kernel_leave_message(uint64_t badge, uint64_t tag, uint64_t w0,
                          uint64_t w1, uint64_t w2, uint64_t w3)
{
    struct thread *thread = cpus[now_on].current;

    if (thread->regs.vector != VECTOR_SYSCALL)
        machine_fail("an interrupted thread is left by SYSRET");
    thread->regs.rax = OK;
    thread->regs.rdi = badge;
    thread->regs.rsi = tag;
    thread->regs.rdx = w0;
    thread->regs.r10 = w1;
    thread->regs.r8 = w2;
    thread->regs.r9 = w3;
    kernel_leave(thread);
}

/* ---- Entries ---- */

static void left(struct thread *next)
{
    struct cpu *cpu = &cpus[now_on];

    if (cpu->current != next)
        machine_fail("left into a thread that is not the current one");
    if (next && (next->state != THREAD_READY || next->cpu != now_on))
        machine_fail("left into a thread that must not run here");
    if (next) /* from now on it is in user mode */
        next->regs.vector = VECTOR_SYSCALL;
}

/* As entry.S does: these do not come back, but leave. */
static _Noreturn void enter_syscall(struct thread *self)
{
    const struct registers *r = &self->regs;

    if (r->rax == OP_ENDPOINT_CALL)
        fast_call(r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9);
    if (r->rax == OP_REPLY_RECEIVE)
        fast_reply_receive(r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9);
    syscall_entry(self);
}

static _Noreturn void enter_interrupt(struct thread *self, uint64_t vector)
{
    if (!self)
        idle_interrupt(vector);
    self->regs.vector = vector;
    interrupt_entry(self);
}

static void enter(struct thread *self)
{
    if (setjmp(leaving) == 0)
        enter_syscall(self);
    left(left_to);
}

void machine_interrupt(uint64_t vector)
{
    if (setjmp(leaving) == 0)
        enter_interrupt(cpus[now_on].current, vector);
    left(left_to);
}

void machine_exception(uint64_t vector, uint64_t error, uint64_t address)
{
    struct thread *self = cpus[now_on].current;

    if (!self)
        return;
    self->regs.error = error;
    here()->cr2 = address;
    machine_interrupt(vector);
}

void machine_take_ipi(void)
{
    if (here()->ipi) {
        here()->ipi = false;
        machine_interrupt(VECTOR_IPI);
    }
}

/* All CPUs that have one take it. */
static void take_ipis(void)
{
    unsigned self = now_on;

    for (unsigned i = 0; i < MACHINE_CPUS; i++) {
        machine_cpu(i);
        machine_take_ipi();
    }
    machine_cpu(self);
}

static bool restarts(const struct thread *thread)
{
    return thread && thread->regs.rip == AFTER_SYSCALL - SYSCALL_BYTES;
}

static unsigned restarts_made;

unsigned machine_restarts(void)
{
    return restarts_made;
}

void machine_syscall(void)
{
    struct thread *self = cpus[now_on].current;

    restarts_made = 0;
    do {
        self->regs.rip = AFTER_SYSCALL;
        enter(self);
        if (!restarts(self))
            break;
        take_ipis();
        if (++restarts_made == RESTARTS_MAX)
            machine_fail("an operation is restarted without end");
    } while (cpus[now_on].current == self);
}

uint64_t machine_call(uint64_t operation, cap_t slot, const uint64_t args[7])
{
    struct thread *self = cpus[now_on].current;
    struct registers *r;

    if (!self)
        return ~0ul;
    r = &self->regs;
    if (restarts(self)) { /* it was interrupted: it goes on first */
        machine_syscall();
        return ~0ul;
    }
    r->rax = operation;
    r->rdi = slot;
    r->rsi = args[0];
    r->rdx = args[1];
    r->r10 = args[2];
    r->r8 = args[3];
    r->r9 = args[4];
    r->r12 = args[5];
    r->r13 = args[6];
    machine_syscall();
    return r->rax;
}

void machine_wait(uint64_t ns)
{
    model_advance(ns);
    if (here()->armed <= clock_tsc()) {
        here()->armed = ~0ul;
        machine_interrupt(VECTOR_TIMER);
    }
}

bool machine_access(uint64_t address, bool write, paddr_t *at)
{
    struct hardware *h = here();
    struct tlb_entry found = {.pcid = h->cr3 & 0xfff,
                              .page = address & ~0xffful};
    uint64_t table = h->cr3 & ~0xffful, entry = 0;

    for (unsigned i = 0; i < TLB_ENTRIES; i++)
        if (h->tlb[i].valid && h->tlb[i].pcid == found.pcid &&
            h->tlb[i].page == found.page && h->tlb[i].write >= write) {
            at->v = h->tlb[i].at | (address & 0xfff);
            return true;
        }
    found.write = true;
    for (int shift = 39; shift >= 12; shift -= 9) {
        const uint64_t *slots = phys_to_virt((paddr_t){table});

        entry = slots[address >> shift & 511];
        if ((entry & 5) != 5) /* present, user */
            return false;
        found.write &= entry >> 1;
        table = entry & 0x000ffffffffff000;
        if (shift > 12 && shift < 39 && entry & 0x80) {
            table |= address & ((1ul << shift) - 1) & ~0xffful;
            break;
        }
    }
    if (write && !found.write)
        return false;
    found.at = table;
    found.valid = true;
    h->tlb[h->next++ % TLB_ENTRIES] = found;
    at->v = found.at | (address & 0xfff);
    return true;
}

bool machine_cached(unsigned n, uint64_t *address, bool *write, paddr_t *at)
{
    const struct hardware *h = here();

    for (unsigned i = 0; i < TLB_ENTRIES; i++) {
        const struct tlb_entry *e = &h->tlb[i];

        if (!e->valid || e->pcid != (h->cr3 & 0xfff) || n-- > 0)
            continue;
        *address = e->page;
        *write = e->write;
        at->v = e->at;
        return true;
    }
    return false;
}

/* ---- Start and end ---- */

static void cpu_begin(unsigned index)
{
    struct cpu *cpu = &cpus[index];

    cpu->self = cpu;
    cpu->index = index;
    cpu->online = true;
    cpu->arch.apic_id = platform.apic_ids[index] = index;
    machine_cpu(index);
    if (setjmp(leaving) == 0) {
        if (index == 0)
            kernel_main((struct boot_pages){0});
        else
            kernel_cpu_main(cpu);
    }
    if (left_to)
        machine_fail("a CPU begins with a thread");
}

void machine_start(unsigned iommu_options, bool pcid)
{
    static uint8_t table[512];
    struct iommu_boot boot = {
        .table = table, .x2apic = true, .fault_vector = VECTOR_IOMMU_FAULT};

    memset(cpus, 0, sizeof(struct cpu) * MACHINE_CPUS);
    memset(hardware, 0, sizeof(hardware));
    model_reset(1, iommu_options);
    boot.table_size = model_dmar(table, 1);
    platform = (struct platform){
        .cpu_count = MACHINE_CPUS,
        .clock = {.mult = 1, .tsc_hz = 1000000000},
        .page_1g = true,
        .pcid = pcid,
        .kernel_root = model_pages(1),
    };
    apic_x2 = true;
    memory_quarantined = false;
    iommu_init(&boot);
    sched_init();
    for (unsigned i = 0; i < MACHINE_CPUS; i++) {
        hardware[i].armed = ~0ul;
        cpus[i].online = true;
    }
    for (unsigned i = 0; i < MACHINE_CPUS; i++)
        cpu_begin(i);
}

void machine_drain(void)
{
    unsigned self = now_on;

    for (unsigned i = 0; i < MACHINE_CPUS; i++) {
        machine_cpu(i);
        machine_wait(1000000);
    }
    machine_cpu(self);
    take_ipis();
}
