/* Untypeds and capability tables. */
#include "errors.h"

GOOD(untyped_retype)
{
    ARGS(c, MEMORY, CAP_ENDPOINT, 0, 2, TABLE, IN_TABLE, 0);
}
VALUE(untyped_retype_ARGUMENT_type, CAP_DEVICE)
CASE(untyped_retype_ARGUMENT_size_bits)
{
    c->v[1] = CAP_CAPTABLE;
    c->v[arg] = 18;
}
VALUE(untyped_retype_ARGUMENT_count, 513)
INTO(untyped_retype)
CASE(untyped_retype_ARGUMENT_offset)
{
    must("carve", untyped_retype(MEMORY, CAP_FRAME, 12, 2, 0, CROWD, 0));
    c->v[arg] = 0x1000;
}
CASE(untyped_retype_NO_MEMORY_itself)
{
    must("carve", untyped_retype(MEMORY, CAP_FRAME, 12, 15, 0, CROWD, 0));
    c->v[1] = CAP_FRAME;
    c->v[2] = 12;
    c->rsi_says = true;
    c->rsi = 0x1000;
}
LIKE(untyped_retype_BUSY_itself, being_revoked)
LIKE(untyped_retype_DEPTH_itself, too_deep)
CASE(untyped_retype_NO_ISOLATION_type)
{
    c->v[arg] = CAP_DOMAIN;
    c->v[2] = 14;
}

/* All domain-ids but some: that takes a gigabyte of Domains. */
CASE(untyped_retype_LIMIT_type)
{
    uint64_t free = iommu_info(SLOT_DEVICE_CONTROL).r[4], made = 0;

    must("table", untyped_retype(ram, CAP_CAPTABLE, 17, 1, 0, SPOILT, 0));
    for (; free - made >= 512; made += 512)
        must("Domains",
             untyped_retype(ram, CAP_DOMAIN, 14, 512, SPOILT, 1 + made, 0));
    c->v[0] = ram;
    c->v[arg] = CAP_DOMAIN;
    c->v[2] = 14;
    c->v[3] = 512;
    c->v[4] = SPOILT;
    c->v[5] = 1 + made;
}

GOOD(captable_copy)
{
    ARGS(c, TABLE, IN_TABLE, SLOT_CAPTABLE, SIGNALS, RIGHTS_ALL, 0);
}
LIKE(captable_copy_CAPABILITY_source_table, not_a_capability)
LIKE(captable_copy_RIGHTS_source_table, without_write)
LIKE(captable_copy_ARGUMENT_slot, slot_beyond)
LIKE(captable_copy_OCCUPIED_slot, slot_in_use)
CASE(captable_copy_ARGUMENT_source)
{
    const cap_t others[] = {0, boot->table_slots, REPLY_OF, ~0ul};

    for (unsigned i = 0; i < 4; i++) {
        c->v[arg] = others[i];
        check("no such source", call_make(c).status, FAILS(ERR_ARGUMENT, arg));
    }
    c->v[arg] = MEMORY;
}
VALUE(captable_copy_CAPABILITY_source, NOTHING)
VALUE(captable_copy_ARGUMENT_rights, RIGHTS_ALL + 1)
CASE(captable_copy_ARGUMENT_badge)
{
    c->v[arg] = BADGE;
    c->v[3] = PAGES_OF;
    check("a Frame has no badge", call_make(c).status,
          FAILS(ERR_ARGUMENT, arg));
    must("badged",
         captable_copy(SLOT_CAPTABLE, SPOILT, 0, SIGNALS, RIGHTS_ALL, BADGE));
    c->v[3] = SPOILT;
}
LIKE(captable_copy_BUSY_source, being_revoked)
LIKE(captable_copy_DEPTH_source, too_deep)

GOOD(captable_move)
{
    ARGS(c, TABLE, IN_TABLE, SLOT_CAPTABLE, SIGNALS);
}
LIKE(captable_move_CAPABILITY_source_table, not_a_capability)
LIKE(captable_move_RIGHTS_source_table, without_write)
LIKE(captable_move_ARGUMENT_slot, slot_beyond)
LIKE(captable_move_OCCUPIED_slot, slot_in_use)
CASE(captable_move_ARGUMENT_source)
{
    c->v[arg] = boot->table_slots;
    c->indirect = true; /* the lowest is our table itself, and needed */
}
VALUE(captable_move_CAPABILITY_source, NOTHING)

GOOD(captable_delete)
{
    ARGS(c, TABLE, 1);
}
LIKE(captable_delete_ARGUMENT_slot, slot_beyond)
GOOD(captable_revoke)
{
    ARGS(c, TABLE, 1);
}
LIKE(captable_revoke_ARGUMENT_slot, slot_beyond)
GOOD(captable_info)
{
    ARGS(c, TABLE, 1);
}
LIKE(captable_info_ARGUMENT_slot, slot_beyond)
