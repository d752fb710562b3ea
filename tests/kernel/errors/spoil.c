/* Ways to spoil an argument: see errors.h. */
#include "errors.h"

static uint64_t type_of(cap_t slot)
{
    return captable_info(SLOT_CAPTABLE, slot).r[0];
}

void not_a_capability(struct call *c, unsigned arg)
{
    uint64_t type = type_of(c->v[arg]);
    const cap_t others[] = {~0ul, 1ul << 40, boot->table_slots, SLOT_THREAD,
                            SLOT_SPACE};

    for (unsigned i = 0; i < sizeof(others) / sizeof(*others); i++) {
        c->v[arg] = others[i];
        if (type_of(others[i]) != type)
            check("no such capability", call_make(c).status,
                  FAILS(ERR_CAPABILITY, arg));
    }
    c->v[arg] = NOTHING;
}

void without_right(struct call *c, unsigned arg, uint64_t right)
{
    must("copy", captable_copy(SLOT_CAPTABLE, SPOILT, 0, c->v[arg],
                               RIGHTS_ALL & ~right, 0));
    c->v[arg] = SPOILT;
}

void without_write(struct call *c, unsigned arg)
{
    without_right(c, arg, RIGHT_WRITE);
}

/* Something like it, in SPOILT, with a crowd derived from it. */
static void make_crowd(cap_t from)
{
    if (type_of(from) == CAP_UNTYPED) {
        make(CAP_UNTYPED, 0x10000, SPOILT);
        must("crowd",
             untyped_retype(SPOILT, CAP_REPLY, 0, CROWD_SIZE, 0, CROWD, 0));
        return;
    }
    must("copy", captable_copy(SLOT_CAPTABLE, SPOILT, 0, from, RIGHTS_ALL, 0));
    for (cap_t i = 0; i < CROWD_SIZE; i++)
        must("crowd",
             captable_copy(SLOT_CAPTABLE, CROWD + i, 0, SPOILT, RIGHTS_ALL, 0));
}

static void revoke_spoilt(void)
{
    captable_revoke(SLOT_CAPTABLE, SPOILT);
    helper_rest();
}

/* A thread begins to revoke it and runs out of budget in the middle. */
void being_revoked(struct call *c, unsigned arg)
{
    make_crowd(c->v[arg]);
    helper_start(0, revoke_spoilt, ABOVE, 10000, 0);
    check("the revoke has begun", type_of(CROWD + CROWD_SIZE - 1), CAP_NULL);
    check("and is not over", type_of(CROWD) != CAP_NULL, 1);
    c->v[arg] = SPOILT;
}

/* One derived from the other, down to where it ends. */
static cap_t descend(cap_t from)
{
    bool untyped = type_of(from) == CAP_UNTYPED;

    if (untyped)
        from = make(CAP_UNTYPED, 0x10000, SPOILT);
    for (cap_t slot = CROWD; slot < CROWD + CROWD_SIZE; from = slot++) {
        uint64_t status =
            untyped ? untyped_retype(from, CAP_UNTYPED, 0x10000, 1, 0, slot, 0)
                          .status
                    : captable_copy(SLOT_CAPTABLE, slot, 0, from, RIGHTS_ALL, 0)
                          .status;

        if (STATUS_CODE(status) == ERR_DEPTH)
            return from;
        check("deeper", status, OK);
    }
    check("derivation has an end", 0, 1);
    return from;
}

void too_deep(struct call *c, unsigned arg)
{
    c->v[arg] = descend(c->v[arg]);
}

void slot_in_use(struct call *c, unsigned arg)
{
    c->v[arg] = 1; /* of TABLE */
    c->rsi_says = c->operation == OP_UNTYPED_RETYPE;
    c->rsi = 1;
}

void slot_beyond(struct call *c, unsigned arg)
{
    c->v[arg] = 0;
    check("slot 0", call_make(c).status, FAILS(ERR_ARGUMENT, arg));
    c->v[arg] = ~0ul;
    check("slot beyond all", call_make(c).status, FAILS(ERR_ARGUMENT, arg));
    c->v[arg] = TABLE_SLOTS;
}
