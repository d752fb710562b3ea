/* Calls and answers within one CPU: see fastpath.h. */
#include "kernel/fastpath.h"
#include "kernel/operation_numbers.h"
#include "kernel/queue.h"
#include "kernel/switch.h"
#include "kernel/syscall.h"

_Static_assert(OP_ENDPOINT_CALL == ASM_ENDPOINT_CALL &&
                   OP_REPLY_RECEIVE == ASM_REPLY_RECEIVE,
               "entry.S");

#define unlikely(condition) __builtin_expect(!!(condition), 0)

/* Tags of 0 to 4 words without capabilities. */
#define TAG_SIZES(tag) ((tag) & 0xffff)

/* The capability's word if it has this type and right, else 0. */
static inline uint64_t word_with(const struct thread *self, cap_t slot,
                                 enum cap_type type, uint64_t right)
{
    uint64_t wanted = (uint64_t)type | right << 8;
    uint64_t word;

    if (unlikely(slot >= self->slot_count))
        return 0;
    word = __atomic_load_n(&self->slots[slot].word, __ATOMIC_RELAXED);
    return (word & (0xff | right << 8)) == wanted ? word : 0;
}

static inline void copy_registers(const struct thread *from, struct thread *to,
                                  uint64_t badge)
{
    to->regs.rax = OK;
    to->regs.rdi = badge;
    to->regs.rsi = from->regs.rsi;
    to->regs.rdx = from->regs.rdx;
    to->regs.r10 = from->regs.r10;
    to->regs.r8 = from->regs.r8;
    to->regs.r9 = from->regs.r9;
}

struct thread *fast_call(struct thread *self)
{
    struct cpu *cpu = cpu_self();
    struct sched_context *context = cpu->context;
    uint64_t slot = self->regs.rdi;
    uint64_t word = word_with(self, slot, CAP_ENDPOINT, RIGHT_WRITE);
    struct endpoint *endpoint = word_object(word);
    struct reply *reply;
    struct thread *to;

    if (unlikely(!word || TAG_SIZES(self->regs.rsi) > MSG_REG_WORDS ||
                 self->regs.r13 != DEADLINE_NEVER ||
                 context->depth >= DONATION_DEPTH))
        return syscall_entry(self);
    lock_acquire(&endpoint->lock);
    to = endpoint->receivers;
    if (unlikely(!to || to->plain_on != cpu->index ||
                 !reply_put(to->reply, self))) {
        lock_release(&endpoint->lock);
        return syscall_entry(self);
    }
    queue_take(&endpoint->receivers, to);
    lock_release(&endpoint->lock);

    reply = to->reply;
    reply->holder = NULL;
    to->reply = NULL;
    to->state = THREAD_READY;
    self->reply = reply;
    self->state = THREAD_CALLING;
    self->plain_on = (uint8_t)cpu->index;
    sched_lend(context, self, to, reply);
    copy_registers(self, to, self->slots[slot].data);
    thread_switch(cpu, to);
    return to;
}

struct thread *fast_reply_receive(struct thread *self)
{
    struct cpu *cpu = cpu_self();
    struct sched_context *context = cpu->context;
    uint64_t word = word_with(self, self->regs.rdi, CAP_ENDPOINT, RIGHT_READ);
    uint64_t reply_word = word_with(self, self->regs.r12, CAP_REPLY, 0);
    struct endpoint *endpoint = word_object(word);
    struct reply *reply = word_object(reply_word);
    struct thread *caller;

    if (unlikely(!word || !reply_word ||
                 TAG_SIZES(self->regs.rsi) > MSG_REG_WORDS ||
                 self->regs.r13 != DEADLINE_NEVER || self->bound))
        return syscall_entry(self);
    /* The context that runs came with this call, and goes back with it. */
    caller = reply_caller(reply);
    if (unlikely(!caller || caller->plain_on != cpu->index ||
                 context->chain != reply || reply->context != context))
        return syscall_entry(self);
    lock_acquire(&endpoint->lock);
    if (unlikely(endpoint->senders || endpoint->closed ||
                 !reply_take(reply, caller))) {
        lock_release(&endpoint->lock);
        return syscall_entry(self);
    }
    /* Its registers are read before another CPU may fill them. */
    copy_registers(self, caller, 0);
    sched_give_back(context, self, caller, reply);
    caller->reply = NULL;
    caller->state = THREAD_READY;
    self->state = THREAD_RECEIVING;
    self->plain_on = (uint8_t)cpu->index;
    self->reply = reply;
    self->endpoint = endpoint;
    reply->holder = self;
    queue_put(&endpoint->receivers, self);
    lock_release(&endpoint->lock);
    thread_switch(cpu, caller);
    return caller;
}
