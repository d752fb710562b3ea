/* Operations on threads: what they run in, their registers, start and stop. */
#include "kernel/captable.h"
#include "kernel/remote.h"
#include "kernel/sched.h"
#include "kernel/space.h"
#include "kernel/operations.h"

/* Code may not lie in the last page of the user half: the address after a
 * SYSCALL there would not be canonical, and SYSRET would fault (Intel SDM 2B,
 * SYSRET). */
#define USER_CODE_END (USER_END - PAGE_SIZE)

/* A stopped thread that is not on another CPU; else BUSY. */
static bool is_stopped(struct thread *self, struct thread *thread)
{
    if (thread->state == THREAD_STOPPED && cpus[thread->cpu].current != thread)
        return true;
    if (thread->state == THREAD_STOPPED && thread->cpu == cpu_self()->index)
        return true;
    return syscall_fail(self, ERR_BUSY, 0);
}

static bool is_message_frame(const struct cap *frame)
{
    return frame->bits == PAGE_BITS &&
           !(frame->flags & (CAP_DEVICE_MEM | CAP_MODULE_MEM)) &&
           (cap_rights_of(frame) & (RIGHT_READ | RIGHT_WRITE)) ==
               (RIGHT_READ | RIGHT_WRITE);
}

/* The four capabilities that thread_configure binds, in argument order. */
static bool find_parts(struct thread *self, struct cap *parts[THREAD_BINDINGS])
{
    static const enum cap_type types[THREAD_BINDINGS] = {
        CAP_CAPTABLE, CAP_ADDRESS_SPACE, CAP_FRAME, CAP_ENDPOINT};
    const struct registers *regs = &self->regs;
    const cap_t slots[] = {regs->rsi, regs->rdx, regs->r10, regs->r8};

    for (unsigned i = 0; i < THREAD_BINDINGS; i++) {
        parts[i] = NULL;
        if (i == BIND_FAULT && !slots[i])
            continue;
        parts[i] = cap_to_bind(self, slots[i], types[i], i + 1);
        if (!parts[i])
            return false;
    }
    if (is_message_frame(parts[BIND_MESSAGE]))
        return true;
    return syscall_fail(self, ERR_ARGUMENT, 3);
}

void thread_configure_op(struct thread *self, struct cap *cap)
{
    struct thread *thread = cap_object(cap);
    struct cap *parts[THREAD_BINDINGS];
    struct captable *table;

    if (!find_parts(self, parts))
        return;
    if (self->regs.r9 >= platform.cpu_count)
        return (void)syscall_argument(self, 5, 0, platform.cpu_count - 1);
    if (thread->own || thread->bound)
        return (void)syscall_fail(self, ERR_BUSY, 0);
    if (!is_stopped(self, thread))
        return;
    for (unsigned i = 0; i < THREAD_BINDINGS; i++) {
        cap_remove(&thread->bindings[i]);
        if (parts[i])
            cap_bind(parts[i], &thread->bindings[i], &thread->object,
                     (uint8_t)i);
    }
    table = cap_object(parts[BIND_TABLE]);
    thread->slots = table->slots;
    thread->slot_count = table->count;
    thread->space = cap_object(parts[BIND_SPACE]);
    thread->message = cap_object(parts[BIND_MESSAGE]);
    thread->cpu = (uint8_t)self->regs.r9;
    thread->resumable = true;
}

static bool is_user_address(uint64_t address)
{
    return address < USER_CODE_END;
}

/* Where struct registers has what struct thread_registers has, in its order. */
static const uint8_t places[] = {
    REGS_RAX, REGS_RBX, REGS_RCX, REGS_RDX, REGS_RSI, REGS_RDI,
    REGS_RBP, REGS_RSP, REGS_R8,  REGS_R9,  REGS_R10, REGS_R11,
    REGS_R12, REGS_R13, REGS_R14, REGS_R15, REGS_RIP, REGS_RFLAGS,
};
#define PLACES (sizeof(places) / sizeof(*places))
_Static_assert(PLACES * 8 == offsetof(struct thread_registers, fs_base), "all");

static void load_registers(struct thread *thread,
                           const struct thread_registers *from)
{
    struct registers *r = &thread->regs;

    for (unsigned i = 0; i < PLACES; i++)
        ((uint64_t *)r)[places[i] / 8] = ((const uint64_t *)from)[i];
    r->rflags = (from->rflags & RFLAGS_ALLOWED) | RFLAGS_USER;
    r->vector = 0; /* leave by IRETQ: all registers count */
    thread->fs_base = from->fs_base;
}

static void resume(struct thread *thread)
{
    struct cpu *cpu = cpu_self();

    thread->state = THREAD_READY;
    if (thread->context && thread->cpu == cpu->index)
        sched_enqueue(cpu, thread->context);
    else if (thread->context)
        remote_request(thread, REQUEST_CONTEXT);
}

void thread_write_op(struct thread *self, struct cap *cap)
{
    struct thread *thread = cap_object(cap);
    struct thread_registers wanted =
        *(const struct thread_registers *)self->message;

#ifdef MUTATION_commit_before_check
    load_registers(thread, &wanted);
#endif
    if (self->regs.rsi > 1)
        return (void)syscall_argument(self, 1, 0, 1);
    if (!is_user_address(wanted.rip) || !is_user_address(wanted.fs_base)) {
        syscall_fail(self, ERR_ARGUMENT, 0);
        self->regs.rsi = 0;
        self->regs.rdx = USER_CODE_END - 1;
        return;
    }
    if (!is_stopped(self, thread))
        return;
    if (self->regs.rsi && !thread->resumable)
        return (void)syscall_fail(self, ERR_BUSY, 0);
    load_registers(thread, &wanted);
    if (self->regs.rsi)
        resume(thread);
}

void thread_read_op(struct thread *self, struct cap *cap)
{
    struct thread *thread = cap_object(cap);
    const struct registers *r = &thread->regs;
    struct thread_registers *out = (struct thread_registers *)self->message;

    if (thread != self && cpus[thread->cpu].current == thread &&
        thread->state == THREAD_READY)
        return (void)syscall_fail(self, ERR_BUSY, 0);
    for (unsigned i = 0; i < PLACES; i++)
        ((uint64_t *)out)[i] = ((const uint64_t *)r)[places[i] / 8];
    out->fs_base = thread->fs_base;
    self->regs.rsi = thread->state == THREAD_STOPPED ? 0
                     : thread->state == THREAD_READY ? 1
                                                     : 2;
}

void thread_suspend_op(struct thread *self, struct cap *cap)
{
    if (thread_stop_step(cap_object(cap)) == STEP_AGAIN)
        syscall_again(self, OP_THREAD_SUSPEND);
}

void thread_resume_op(struct thread *self, struct cap *cap)
{
    struct thread *thread = cap_object(cap);

    if (!thread->resumable)
        syscall_fail(self, ERR_BUSY, 0);
    else if (is_stopped(self, thread))
        resume(thread);
}

void thread_set_tls_op(struct thread *self, struct cap *cap)
{
    struct thread *thread = cap_object(cap);

    if (!is_user_address(self->regs.rsi))
        return (void)syscall_argument(self, 1, 0, USER_CODE_END - 1);
    if (thread != self && !is_stopped(self, thread))
        return;
    thread->fs_base = self->regs.rsi;
    if (thread == self)
        msr_write(MSR_FS_BASE, thread->fs_base);
}

void thread_yield_op(struct thread *self, struct cap *cap)
{
    struct cpu *cpu = cpu_self();
    if (cap_object(cap) != self)
        return (void)syscall_fail(self, ERR_ARGUMENT, 0);
    cpu->slice_end = 0;
    cpu->reschedule = true;
}
