/*
 * Dispatch of system calls. The table is generated from
 * kernel/api/operations.yaml: which types of capability an operation takes
 * and which rights. Message operations run without a global lock; the others
 * take the structure lock and look the capability up under it.
 */
#include "kernel/operations.h"
#include "kernel/exit.h"

struct handler {
    union {
        fast_operation *fast;
        slow_operation *slow;
    };
    uint32_t types; /* bit per enum cap_type */
    uint16_t rights;
    bool is_fast;
};

#define TYPE_BIT(type) (1u << (type))
#define FAST_0(name)                                                           \
    {                                                                          \
        .slow = name##_op                                                      \
    }
#define FAST_1(name)                                                           \
    {                                                                          \
        .fast = name##_op                                                      \
    }
#define OPERATION(name, number, mask, needed, is_fast)                         \
    [number] = {FAST_##is_fast(name), (mask), (needed), is_fast},

static const struct handler handlers[OPERATIONS] = {
#include "dispatch.inc"
};

/* Does this capability allow the operation? Else sets the error. */
static bool allowed(struct thread *self, const struct handler *handler,
                    uint64_t word)
{
#ifndef MUTATION_no_type_check
    if (unlikely(!(handler->types >> word_type(word) & 1)))
        return syscall_fail(self, ERR_CAPABILITY, 0);
#endif
#ifndef MUTATION_no_rights_check
    if (unlikely((handler->rights & ~word_rights(word)) != 0))
        return syscall_fail(self, ERR_RIGHTS, 0);
#endif
    return true;
}

static void run_locked(struct thread *self, const struct handler *handler)
{
    structure_lock();
    if (allowed(self, handler, cap_view(self, self->regs.rdi).word)) {
        self->regs.rax = OK;
        handler->slow(self, &self->slots[self->regs.rdi]);
    }
    structure_unlock();
}

void syscall_entry(struct thread *self)
{
    uint64_t number = self->regs.rax;
    struct cap_view cap;
    const struct handler *handler;

    if (unlikely(number >= OPERATIONS ||
                 !(handler = &handlers[number])->types)) {
        syscall_fail(self, ERR_OPERATION, 0);
    } else if (handler->is_fast) {
        cap = cap_view(self, self->regs.rdi);
        if (allowed(self, handler, cap.word)) {
            self->regs.rax = OK;
            handler->fast(self, cap);
        }
    } else {
        run_locked(self, handler);
    }
    kernel_exit(cpu_self());
}
