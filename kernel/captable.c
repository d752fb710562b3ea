/* Operations on capability tables. */
#include "kernel/captable.h"
#include "kernel/operations.h"

/* The table in argument `table`; NULL: an error was set. */
static struct captable *find_table(struct thread *self, cap_t table,
                                   uint64_t arg, uint64_t rights)
{
    struct cap *cap = table ? cap_find(self, table, CAP_CAPTABLE)
                            : &self->bindings[BIND_TABLE];

    if (!cap || cap_type_of(cap) != CAP_CAPTABLE)
        syscall_fail(self, ERR_CAPABILITY, arg);
    else if (rights & ~cap_rights_of(cap))
        syscall_fail(self, ERR_RIGHTS, arg);
    else
        return cap_object(cap);
    return NULL;
}

struct cap *table_slots(struct thread *self, cap_t table, uint64_t table_arg,
                        uint64_t slot, uint64_t count, uint64_t slot_arg)
{
    struct captable *found = find_table(self, table, table_arg, RIGHT_WRITE);
    uint64_t any = 0;

    if (!found)
        return NULL;
    if (slot < 1 || slot >= found->count || count > found->count - slot) {
        syscall_argument(self, slot_arg, 1,
                         count < found->count ? found->count - count : 0);
        return NULL;
    }
#pragma GCC unroll 8
    for (uint64_t i = 0; i < count; i++)
        any |= found->slots[slot + i].word;
    for (uint64_t i = 0; any && i < count; i++)
        if (!cap_is_empty(&found->slots[slot + i])) {
            syscall_fail(self, ERR_OCCUPIED, slot_arg);
            self->regs.rsi = slot + i;
            return NULL;
        }
    return &found->slots[slot];
}

/* The slot `slot` of the invoked table, which is argument 1. */
static struct cap *slot_of(struct thread *self, struct cap *cap)
{
    struct captable *table = cap_object(cap);
    uint64_t slot = self->regs.rsi;

    if (slot >= 1 && slot < table->count)
        return &table->slots[slot];
    syscall_argument(self, 1, 1, table->count - 1);
    return NULL;
}

/* The empty slot in argument 1, and the source in arguments 2 and 3. */
static bool find_both(struct thread *self, struct cap *cap, struct cap **to,
                      struct cap **from)
{
    struct captable *source = find_table(self, self->regs.rdx, 2, RIGHT_WRITE);

    *to = slot_of(self, cap);
    if (!source || !*to)
        return false;
    if (!cap_is_empty(*to))
        return syscall_fail(self, ERR_OCCUPIED, 1);
    if (self->regs.r10 < 1 || self->regs.r10 >= source->count)
        return syscall_argument(self, 3, 1, source->count - 1);
    *from = &source->slots[self->regs.r10];
    if (!cap_is_empty(*from))
        return true;
    return syscall_fail(self, ERR_CAPABILITY, 3);
}

/* A badge can be given once, to a capability that has none. */
static bool badge_fits(const struct cap *source, uint64_t badge)
{
    enum cap_type type = cap_type_of(source);

    if (!badge)
        return true;
    return (type == CAP_ENDPOINT || type == CAP_NOTIFICATION) && !source->data;
}

void captable_copy_op(struct thread *self, struct cap *cap)
{
    uint64_t rights = self->regs.r8, badge = self->regs.r9;
    struct cap *to, *from;
    enum status status;
    enum cap_type type;

    if (!find_both(self, cap, &to, &from))
        return;
    type = cap_type_of(from);
    if (type == CAP_UNTYPED || type == CAP_REPLY || type == CAP_TABLE_MEMORY)
        return (void)syscall_fail(self, ERR_ARGUMENT, 3);
    if (rights & ~(uint64_t)RIGHTS_ALL)
        return (void)syscall_argument(self, 4, 0, RIGHTS_ALL);
    if (!badge_fits(from, badge))
        return (void)syscall_argument(self, 5, 0, 0);
    status = cap_may_derive(from);
    if (status != OK)
        syscall_fail(self, status, 3);
    else
        cap_derive(from, to, rights, badge ? badge : from->data);
}

void captable_move_op(struct thread *self, struct cap *cap)
{
    struct cap *to, *from;

    if (find_both(self, cap, &to, &from))
        cap_move(to, from);
}

static void report_step(struct thread *self, enum step step, uint64_t operation)
{
    if (step == STEP_AGAIN)
        syscall_again(self, operation);
    else if (step == STEP_UNCONFIRMED)
        syscall_fail(self, ERR_UNCONFIRMED, 1);
}

void captable_delete_op(struct thread *self, struct cap *cap)
{
    struct cap *slot = slot_of(self, cap);

    if (slot)
        report_step(self, cap_delete_step(slot), OP_CAPTABLE_DELETE);
}

void captable_revoke_op(struct thread *self, struct cap *cap)
{
    struct cap *slot = slot_of(self, cap);

    if (slot)
        report_step(self, cap_revoke_step(slot), OP_CAPTABLE_REVOKE);
}

void captable_info_op(struct thread *self, struct cap *cap)
{
    struct cap *slot = slot_of(self, cap);

    if (!slot)
        return;
    self->regs.rsi = cap_type_of(slot);
    self->regs.rdx = cap_rights_of(slot);
    self->regs.r10 = cap_type_of(slot) == CAP_FRAME ? slot->bits : slot->data;
    self->regs.r8 = !cap_is_empty(slot) && cap_has_children(slot);
}
