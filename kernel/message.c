/* Messages between threads: see message.h. */
#include "kernel/message.h"
#include "kernel/syscall.h"

bool message_check(struct thread *from, uint64_t rights)
{
    uint64_t tag = from->regs.rsi;

    if (TAG_WORDS(tag) > MSG_MAX_WORDS)
        return syscall_argument(from, 1, 0, MSG_MAX_WORDS);
    if (TAG_CAPS(tag) > (rights & RIGHT_GRANT ? MSG_MAX_CAPS : 0))
        return syscall_argument(from, 1, 0,
                                rights & RIGHT_GRANT ? MSG_MAX_CAPS : 0);
    return true;
}

/* Untyped and Reply have one holder: they move. The rest is derived. */
static bool pass_cap(struct cap *source, struct cap *slot, uint64_t rights)
{
    enum cap_type type = cap_type_of(source);

    if (type == CAP_UNTYPED || type == CAP_REPLY) {
        cap_move(slot, source);
        return true;
    }
    if (type == CAP_NULL || type == CAP_TABLE_MEMORY ||
        cap_may_derive(source) != OK)
        return false;
    cap_derive(source, slot, rights, source->data);
    return true;
}

/* Returns how many capabilities arrived; it stops at the first that cannot. */
static uint64_t pass_caps(struct thread *from, struct thread *to,
                          uint64_t count)
{
    const struct message_page *out = from->message;
    uint64_t base = to->message->recv_slot;
    uint64_t room = to->message->recv_count;
    uint64_t passed = 0;

    for (; passed < count && passed < room; passed++) {
        struct cap *source = cap_slot(from, out->send_caps[passed]);
        struct cap *slot = cap_slot(to, base + passed);

        if (!source || !slot || !cap_is_empty(slot) || base + passed < base)
            break;
        if (!pass_cap(source, slot, out->send_rights[passed]))
            break;
    }
    return passed;
}

void message_fault(const struct thread *from, struct thread *to, uint64_t badge)
{
    to->regs.rax = OK;
    to->regs.rdi = badge;
    to->regs.rsi = TAG(LABEL_FAULT, FAULT_WORDS, 0);
    to->regs.rdx = from->fault_kind;
    to->regs.r10 = from->fault_address;
    to->regs.r8 = from->regs.rip;
    to->regs.r9 = from->fault_code;
    to->message->words[FAULT_SP] = from->regs.rsp;
}

void message_copy(struct thread *from, struct thread *to, uint64_t badge)
{
    uint64_t tag = from->regs.rsi;
    uint64_t words = TAG_WORDS(tag), caps = TAG_CAPS(tag);

    if (from->faulted) {
        message_fault(from, to, badge);
        return;
    }
    if (words > MSG_REG_WORDS)
        message_copy_page(from, to, words);
    to->regs.rax = OK;
    to->regs.rdi = badge;
    if (caps)
        tag = TAG(TAG_LABEL(tag), words, pass_caps(from, to, caps));
    to->regs.rsi = tag;
    to->regs.rdx = from->regs.rdx;
    to->regs.r10 = from->regs.r10;
    to->regs.r8 = from->regs.r8;
    to->regs.r9 = from->regs.r9;
}
