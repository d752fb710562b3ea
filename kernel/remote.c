/* Work for other CPUs: see remote.h. */
#include "kernel/remote.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/vectors.h"
#include "kernel/endpoint.h"
#include "kernel/space.h"

static uint64_t quiesce_round;
struct lock structures;

void structure_wait(uint32_t ticket)
{
    while (!lock_is_served(&structures, ticket))
        remote_poll_flush(cpu_self());
}

static void kick(const struct cpu *cpu)
{
    apic_send_ipi(cpu->arch.apic_id, VECTOR_IPI);
}

void remote_request(struct thread *thread, enum thread_request request)
{
    struct cpu *cpu = &cpus[thread->cpu];
    struct thread *head;

    /* Whoever sets the first bit puts the thread into the inbox. */
    if (__atomic_fetch_or(&thread->requests, request, __ATOMIC_ACQ_REL))
        return;
    head = __atomic_load_n(&cpu->inbox, __ATOMIC_RELAXED);
    do
        thread->inbox_next = head;
    while (!__atomic_compare_exchange_n(&cpu->inbox, &head, thread, false,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    if (!head)
        kick(cpu);
}

static void serve_thread(struct cpu *cpu, struct thread *thread)
{
    uint32_t requests =
        __atomic_exchange_n(&thread->requests, 0, __ATOMIC_ACQ_REL);
    struct sched_context *context;

    if (requests & REQUEST_WAKE)
        thread_wake(thread);
    if (requests & REQUEST_FINISH)
        thread_timeout(thread);
    if (requests & REQUEST_STOP)
        thread_stop_here(thread);
    if (requests & REQUEST_CONTEXT && thread->context)
        sched_enqueue(cpu, thread->context);
    context = thread->context;
    if (requests & REQUEST_RECALL && context && context->chain)
        sched_return(cpu, context->chain);
}

void remote_poll_flush(struct cpu *cpu)
{
    uint64_t wanted = __atomic_load_n(&cpu->flush_wanted, __ATOMIC_ACQUIRE);

    if (wanted == cpu->flush_done)
        return;
    space_flush_local(cpu);
    __atomic_store_n(&cpu->flush_done, wanted, __ATOMIC_RELEASE);
}

/* It holds nothing that it found before this round began. */
static void quiet_now(struct cpu *cpu)
{
    __atomic_store_n(&cpu->quiesce_done,
                     __atomic_load_n(&quiesce_round, __ATOMIC_ACQUIRE),
                     __ATOMIC_RELEASE);
}

/* The exchange comes before all that is looked up from here on: who still saw
 * QUIET took its objects out of reach before that, or sees a new round here. */
void remote_idle_end(struct cpu *cpu)
{
    __atomic_exchange_n(&cpu->quiesce_done, 0, __ATOMIC_SEQ_CST);
    quiet_now(cpu);
}

void remote_serve(struct cpu *cpu)
{
    struct thread *thread;

    remote_poll_flush(cpu);
    cpu->quiesce_done = 0; /* seen by whoever sees the inbox taken */
    thread = __atomic_exchange_n(&cpu->inbox, NULL, __ATOMIC_SEQ_CST);
    while (thread) {
        struct thread *next = thread->inbox_next;

        serve_thread(cpu, thread);
        thread = next;
    }
    quiet_now(cpu);
}

void remote_flush(uint64_t cpu_mask)
{
    struct cpu *self = cpu_self();

    for (uint32_t i = 0; i < platform.cpu_count; i++) {
        if (!(cpu_mask >> i & 1) || &cpus[i] == self)
            continue;
        __atomic_add_fetch(&cpus[i].flush_wanted, 1, __ATOMIC_SEQ_CST);
        kick(&cpus[i]);
    }
    if (cpu_mask >> self->index & 1)
        space_flush_local(self);
    for (uint32_t i = 0; i < platform.cpu_count; i++) {
        if (!(cpu_mask >> i & 1) || &cpus[i] == self)
            continue;
        while (__atomic_load_n(&cpus[i].flush_done, __ATOMIC_ACQUIRE) !=
               cpus[i].flush_wanted)
            cpu_relax();
    }
}

uint64_t remote_quiesce_begin(void)
{
    uint64_t round = __atomic_add_fetch(&quiesce_round, 1, __ATOMIC_SEQ_CST);

    for (uint32_t i = 0; i < platform.cpu_count; i++)
        if (__atomic_load_n(&cpus[i].quiesce_done, __ATOMIC_SEQ_CST) != QUIET)
            kick(&cpus[i]);
    return round;
}

static bool all_quiet(uint64_t round)
{
    for (uint32_t i = 0; i < platform.cpu_count; i++)
        if (__atomic_load_n(&cpus[i].inbox, __ATOMIC_ACQUIRE) ||
            __atomic_load_n(&cpus[i].quiesce_done, __ATOMIC_ACQUIRE) < round)
            return false;
    return true;
}

/* The second look finds what one CPU put into the inbox of another after that
 * one was quiet and before it left the kernel itself. */
bool remote_quiesce_over(uint64_t round)
{
    if (!all_quiet(round))
        return false;
    return all_quiet(round);
}
