/* Calls and answers within one CPU: see fastpath.h. */
#include "kernel/fastpath.h"
#include "kernel/meet.h"
#include "kernel/message.h"
#include "kernel/operation_numbers.h"
#include "kernel/queue.h"
#include "kernel/switch.h"
#include "kernel/syscall.h"

_Static_assert(OP_ENDPOINT_CALL == ASM_ENDPOINT_CALL &&
                   OP_REPLY_RECEIVE == ASM_REPLY_RECEIVE,
               "entry.S");

/* Words and capabilities of a tag: up to MSG_MAX_WORDS has no capability. */
#define TAG_SIZES(tag) ((tag)&0xffff)

static inline __attribute__((always_inline)) bool
is_word_with(uint64_t word, enum cap_type type, uint64_t right)
{
    return (word & (0xff | right << 8)) == (type | right << 8);
}

/* The object in the slot if it has this type and right, else NULL. */
static inline __attribute__((always_inline)) void *
object_with(const struct thread *self, cap_t slot, enum cap_type type,
            uint64_t right)
{
    uint64_t word;

    if (unlikely(slot >= self->slot_count))
        return NULL;
    word = __atomic_load_n(&self->slots[slot].word, __ATOMIC_RELAXED);
    return is_word_with(word, type, right) ? word_object(word) : NULL;
}

/* The message as it came in registers: rsi, rdx, r10, r8, r9. */
#define MESSAGE       uint64_t tag, uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3
#define MESSAGE_WORDS tag, w0, w1, w2, w3

/* entry.S has not saved the message yet: the long way reads it there. */
static _Noreturn void long_way(enum operation operation, cap_t slot, MESSAGE)
{
    struct thread *self = cpu_self()->current;

    self->regs.rax = operation;
    self->regs.rdi = slot;
    self->regs.rsi = tag;
    self->regs.rdx = w0;
    self->regs.r10 = w1;
    self->regs.r8 = w2;
    self->regs.r9 = w3;
    syscall_entry(self);
}

static _Noreturn __attribute__((noinline, cold)) void long_call(cap_t slot,
                                                                MESSAGE)
{
    long_way(OP_ENDPOINT_CALL, slot, MESSAGE_WORDS);
}

static _Noreturn __attribute__((noinline, cold)) void long_answer(cap_t slot,
                                                                  MESSAGE)
{
    long_way(OP_REPLY_RECEIVE, slot, MESSAGE_WORDS);
}

/* `page`: some words are in the message page. */
static inline __attribute__((always_inline)) _Noreturn void
call(cap_t slot, MESSAGE, bool page)
{
    struct cpu *cpu = cpu_self();
    struct thread *self = cpu->current, *to;
    struct sched_context *context = cpu->context;
    struct cap_view cap = cap_view(self, slot);

    if (unlikely(!is_word_with(cap.word, CAP_ENDPOINT, RIGHT_WRITE)) ||
        (page && TAG_SIZES(tag) > MSG_MAX_WORDS) ||
        unlikely(self->regs.r13 != DEADLINE_NEVER) ||
        unlikely(context->depth >= DONATION_DEPTH))
        long_call(slot, MESSAGE_WORDS);
    to = meet_receiver(cpu, self, context, word_object(cap.word));
    if (unlikely(!to))
        long_call(slot, MESSAGE_WORDS);
    if (page)
        message_copy_page(self, to, TAG_WORDS(tag));
    thread_change(cpu, self, to);
    kernel_leave_message(cap.data, MESSAGE_WORDS);
}

static _Noreturn __attribute__((noinline)) void call_page(cap_t slot, MESSAGE)
{
    call(slot, MESSAGE_WORDS, true);
}

void fast_call(cap_t slot, MESSAGE)
{
    if (unlikely(TAG_SIZES(tag) > MSG_REG_WORDS))
        call_page(slot, MESSAGE_WORDS);
    call(slot, MESSAGE_WORDS, false);
}

/* A fault is answered: the thread's registers stay as they are. */
static _Noreturn __attribute__((noinline, cold)) void
leave_faulted(struct thread *caller)
{
    caller->faulted = false;
    kernel_leave(caller); /* by IRETQ */
}

static inline __attribute__((always_inline)) _Noreturn void
reply_receive(cap_t slot, MESSAGE, bool page)
{
    struct cpu *cpu = cpu_self();
    struct thread *self = cpu->current, *caller;
    struct sched_context *context = cpu->context;
    struct endpoint *endpoint =
        object_with(self, slot, CAP_ENDPOINT, RIGHT_READ);
    struct reply *reply = object_with(self, self->regs.r12, CAP_REPLY, 0);

    if (unlikely(!endpoint) || unlikely(!reply) ||
        (page && TAG_SIZES(tag) > MSG_MAX_WORDS) ||
        unlikely(self->regs.r13 != DEADLINE_NEVER) || unlikely(self->bound))
        long_answer(slot, MESSAGE_WORDS);
    /* The context that runs came with this call, and goes back with it. */
    caller = reply_caller(reply);
    if (unlikely(!caller) || unlikely(context->chain != reply) ||
        unlikely(!is_here_for_good(cpu, caller)) ||
        unlikely(caller->faulted && TAG_LABEL(tag) != FAULT_RESUME))
        long_answer(slot, MESSAGE_WORDS);
    lock_acquire(&endpoint->lock);
    if (unlikely(endpoint->senders) || unlikely(endpoint->object.dying) ||
        unlikely(!reply_take(reply, caller))) {
        lock_release(&endpoint->lock);
        long_answer(slot, MESSAGE_WORDS);
    }
    if (page && !caller->faulted)
        message_copy_page(self, caller, TAG_WORDS(tag));
    sched_give_back(context, self, caller, reply);
    caller->reply = NULL;
    caller->state = THREAD_READY;
    self->state = THREAD_RECEIVING;
    self->reply = reply;
    self->endpoint = endpoint;
    reply->holder = self;
    queue_put(&endpoint->receivers, self);
    lock_release(&endpoint->lock);
    thread_change(cpu, self, caller);
    if (unlikely(caller->faulted))
        leave_faulted(caller);
    kernel_leave_message(0, MESSAGE_WORDS);
}

static _Noreturn __attribute__((noinline)) void reply_page(cap_t slot, MESSAGE)
{
    reply_receive(slot, MESSAGE_WORDS, true);
}

void fast_reply_receive(cap_t slot, MESSAGE)
{
    if (unlikely(TAG_SIZES(tag) > MSG_REG_WORDS))
        reply_page(slot, MESSAGE_WORDS);
    reply_receive(slot, MESSAGE_WORDS, false);
}
