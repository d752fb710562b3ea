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

/* The capability's word if it has this type and right, else 0. */
static inline __attribute__((always_inline)) uint64_t
word_with(const struct thread *self, cap_t slot, enum cap_type type,
          uint64_t right)
{
    uint64_t wanted = (uint64_t)type | right << 8;
    uint64_t word;

    if (unlikely(slot >= self->slot_count))
        return 0;
    word = __atomic_load_n(&self->slots[slot].word, __ATOMIC_RELAXED);
    return (word & (0xff | right << 8)) == wanted ? word : 0;
}

/* The message as it came in registers: rsi, rdx, r10, r8, r9. */
#define MESSAGE       uint64_t tag, uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3
#define MESSAGE_WORDS tag, w0, w1, w2, w3

static inline __attribute__((always_inline)) void
put_message(struct thread *to, uint64_t badge, MESSAGE)
{
    to->regs.rax = OK;
    to->regs.rdi = badge;
    to->regs.rsi = tag;
    to->regs.rdx = w0;
    to->regs.r10 = w1;
    to->regs.r8 = w2;
    to->regs.r9 = w3;
}

/* entry.S has not saved the message yet: the long way reads it there. */
static _Noreturn __attribute__((noinline, cold)) void
long_way(struct thread *self, enum operation operation, MESSAGE)
{
    put_message(self, self->regs.rdi, MESSAGE_WORDS);
    self->regs.rax = operation;
    kernel_leave(syscall_entry(self));
}

void fast_call(struct thread *self, MESSAGE)
{
    struct cpu *cpu = cpu_self();
    uint64_t slot = self->regs.rdi;
    uint64_t word = word_with(self, slot, CAP_ENDPOINT, RIGHT_WRITE);
    struct thread *to;

    if (unlikely(!word || TAG_SIZES(tag) > MSG_MAX_WORDS ||
                 self->regs.r13 != DEADLINE_NEVER ||
                 cpu->context->depth >= DONATION_DEPTH))
        long_way(self, OP_ENDPOINT_CALL, MESSAGE_WORDS);
    to = meet_receiver(cpu, self, word_object(word));
    if (unlikely(!to))
        long_way(self, OP_ENDPOINT_CALL, MESSAGE_WORDS);
    put_message(to, self->slots[slot].data, MESSAGE_WORDS);
    if (unlikely(TAG_SIZES(tag) > MSG_REG_WORDS))
        message_copy_page(self, to, TAG_WORDS(tag));
    thread_change(cpu, self, to);
    kernel_leave_syscall(to);
}

/* Gives the answer to a caller that is already taken off its Reply. */
static inline __attribute__((always_inline)) void
put_answer(struct thread *self, struct thread *caller, MESSAGE)
{
    if (unlikely(caller->faulted)) {
        caller->faulted = false; /* its registers stay as they are */
        return;
    }
    put_message(caller, 0, MESSAGE_WORDS);
    if (unlikely(TAG_SIZES(tag) > MSG_REG_WORDS))
        message_copy_page(self, caller, TAG_WORDS(tag));
}

void fast_reply_receive(struct thread *self, MESSAGE)
{
    struct cpu *cpu = cpu_self();
    struct sched_context *context = cpu->context;
    uint64_t word = word_with(self, self->regs.rdi, CAP_ENDPOINT, RIGHT_READ);
    uint64_t reply_word = word_with(self, self->regs.r12, CAP_REPLY, 0);
    struct endpoint *endpoint = word_object(word);
    struct reply *reply = word_object(reply_word);
    struct thread *caller;

    if (unlikely(!word || !reply_word || TAG_SIZES(tag) > MSG_MAX_WORDS ||
                 self->regs.r13 != DEADLINE_NEVER || self->bound))
        long_way(self, OP_REPLY_RECEIVE, MESSAGE_WORDS);
    /* The context that runs came with this call, and goes back with it. */
    caller = reply_caller(reply);
    if (unlikely(!caller || caller->plain_on != cpu->index ||
                 context->chain != reply || reply->context != context ||
                 (caller->faulted && TAG_LABEL(tag) != FAULT_RESUME)))
        long_way(self, OP_REPLY_RECEIVE, MESSAGE_WORDS);
    lock_acquire(&endpoint->lock);
    if (unlikely(endpoint->senders || endpoint->object.dying ||
                 !reply_take(reply, caller))) {
        lock_release(&endpoint->lock);
        long_way(self, OP_REPLY_RECEIVE, MESSAGE_WORDS);
    }
    put_answer(self, caller, MESSAGE_WORDS);
    sched_give_back(context, self, caller, reply);
    caller->reply = NULL;
    caller->state = THREAD_READY;
    self->state_and_plain = plain(THREAD_RECEIVING, cpu);
    self->reply = reply;
    self->endpoint = endpoint;
    reply->holder = self;
    queue_put(&endpoint->receivers, self);
    lock_release(&endpoint->lock);
    thread_change(cpu, self, caller);
    kernel_leave(caller); /* after a fault it leaves by IRETQ */
}
