/* Address spaces, and I/O ports. */
#include "errors.h"

#define RW (MAP_READ | MAP_WRITE)

/* A third Frame, of 2 MiB: not like the others. */
static void make_odd_one(void)
{
    must("2 MiB",
         untyped_retype(ROOM, CAP_FRAME, PAGE_2M_BITS, 1, 0, PAGE_2 + 1, 0));
}
_Static_assert(PAGE_2 + 1 == PORT_RANGE, "the odd one takes its slot");

static void not_frames(struct call *c, unsigned arg)
{
    must("make room", captable_delete(SLOT_CAPTABLE, PORT_RANGE));
    make_odd_one();
    c->v[2] = 3;
    c->rsi_says = true;
    c->rsi = PORT_RANGE;
    struct result r = call_make(c);
    check("one is larger", r.status, FAILS(ERR_CAPABILITY, arg));
    check("which", r.r[0], PORT_RANGE);
    must("delete", captable_delete(SLOT_CAPTABLE, PORT_RANGE));
    c->rsi = NOTHING;
    not_a_capability(c, arg);
}

GOOD(space_map)
{
    ARGS(c, SPACE_OF, PAGES_OF, 2, AT, RW);
}
VALUE(space_map_ARGUMENT_count, 513)
LIKE(space_map_CAPABILITY_frame, not_frames)
CASE(space_map_RIGHTS_frame)
{
    without_write(c, arg);
    c->v[2] = 1;
    c->rsi_says = true;
    c->rsi = SPOILT;
}
CASE(space_map_BUSY_frame)
{
    must("map", space_map(SPACE_OF, PAGE_2, 1, 2 * AT, RW));
    c->rsi_says = true;
    c->rsi = PAGE_2;
}

/* The first device memory that has room for 1 GiB. */
static cap_t large_device_memory(uint64_t *offset)
{
    for (uint32_t i = 0; i < boot->region_count; i++) {
        const struct boot_region *r = &boot->regions[i];
        uint64_t at = (r->base + (1ul << PAGE_1G_BITS) - 1) &
                      ~((1ul << PAGE_1G_BITS) - 1);

        *offset = at - r->base;
        if (r->kind == REGION_DEVICE && *offset < r->size &&
            r->size - *offset >= 1ul << PAGE_1G_BITS)
            return r->slot;
    }
    return 0;
}

/* Where the CPU does not map 1 GiB at once. */
CASE(space_map_ARGUMENT_frame)
{
    uint64_t offset = 0;
    cap_t memory = large_device_memory(&offset);

    must("1 GiB",
         untyped_retype(memory, CAP_FRAME, PAGE_1G_BITS, 1, 0, SPOILT, offset));
    c->v[1] = SPOILT;
    c->v[2] = 1;
}
CASE(space_map_ARGUMENT_attributes)
{
    const uint64_t bad[] = {0, MAP_EXEC, MAP_WRITE | MAP_EXEC, MAP_ALL + 1,
                            MAP_READ | MAP_WRITE_COMBINE};

    for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        c->v[arg] = bad[i];
        check("attributes", call_make(c).status, FAILS(ERR_ARGUMENT, arg));
    }
    c->v[0] = DOMAIN_OF; /* devices run no code */
    c->v[arg] = MAP_READ | MAP_EXEC;
}
CASE(space_map_ARGUMENT_address)
{
    c->v[arg] = AT + 1;
    check("misaligned", call_make(c).status, FAILS(ERR_ARGUMENT, arg));
    c->v[arg] = 0x7fffffffe000;
    check("the last page", call_make(c).status, FAILS(ERR_ARGUMENT, arg));
    c->v[0] = DOMAIN_OF;
    c->v[arg] = 0xfedff000;
    check("interrupt range", call_make(c).status, FAILS(ERR_ARGUMENT, arg));
    c->v[0] = SPACE_OF;
    c->v[arg] = 0xffff800000000000;
}
CASE(space_map_OCCUPIED_address)
{
    must("copy",
         captable_copy(SLOT_CAPTABLE, SPOILT, 0, PAGE_2, RIGHTS_ALL, 0));
    must("map", space_map(SPACE_OF, SPOILT, 1, AT + PAGE_SIZE, RW));
}
static cap_t small_space(void)
{
    return make(CAP_ADDRESS_SPACE, 14, SPOILT);
}
CASE(space_map_NEED_TABLES_itself)
{
    c->v[arg] = small_space(); /* two tables, where three are needed */
    c->rsi_says = true;
    c->rsi = 1;
}
static cap_t emptied_space(void)
{
    small_space();
    make(CAP_UNTYPED, 0x2000, CROWD);
    must("donate", space_donate(SPOILT, CROWD));
    must("withdraw", captable_delete(SLOT_CAPTABLE, CROWD));
    return SPOILT;
}
CASE(space_map_BUSY_itself)
{
    c->v[arg] = emptied_space();
}

static void map_good(void)
{
    must("map", space_map(SPACE_OF, PAGES_OF, 2, AT, RW));
}
GOOD(space_unmap)
{
    map_good();
    ARGS(c, SPACE_OF, PAGES_OF, 2);
}
VALUE(space_unmap_ARGUMENT_count, 0)
LIKE(space_unmap_CAPABILITY_frame, not_frames)

GOOD(space_protect)
{
    map_good();
    ARGS(c, SPACE_OF, PAGES_OF, 2, MAP_READ);
}
VALUE(space_protect_ARGUMENT_count, 0)
LIKE(space_protect_CAPABILITY_frame, not_frames)
CASE(space_protect_RIGHTS_frame)
{
    without_write(c, arg);
    must("map", space_map(SPACE_OF, SPOILT, 1, 2 * AT, MAP_READ));
    c->v[2] = 1;
    c->v[3] = RW;
    c->rsi_says = true;
    c->rsi = SPOILT;
}
CASE(space_protect_BUSY_frame)
{
    must("unmap", space_unmap(SPACE_OF, PAGE_2, 1));
    c->rsi_says = true;
    c->rsi = PAGE_2;
}
VALUE(space_protect_ARGUMENT_attributes, MAP_WRITE | MAP_EXEC)

GOOD(space_donate)
{
    ARGS(c, SPACE_OF, MEMORY);
}
LIKE(space_donate_CAPABILITY_memory, not_a_capability)
CASE(space_donate_ARGUMENT_memory)
{
    c->v[arg] = make(CAP_UNTYPED, 11, SPOILT);
    c->indirect = true;
}
CASE(space_donate_BUSY_memory)
{
    c->v[0] = emptied_space();
    check("lost its tables", call_make(c).status, FAILS(ERR_BUSY, arg));
    c->v[0] = SPACE_OF;
    must("use it", untyped_retype(MEMORY, CAP_FRAME, 12, 1, 0, CROWD + 1, 0));
}
GOOD(space_lookup)
{
    ARGS(c, SPACE_OF, 0);
}
VALUE(space_lookup_ARGUMENT_address, 1ul << 48)

GOOD(ports_in)
{
    ARGS(c, PORT_RANGE, PORT_FIRST, 1);
}
static void bad_port(struct call *c, unsigned arg)
{
    c->v[0] = PORTS;
    c->v[arg] = 0xcf7;
    c->v[2] = 2;
    check("PCI configuration", call_make(c).status, FAILS(ERR_ARGUMENT, arg));
    c->v[0] = PORT_RANGE;
    c->v[arg] = PORT_FIRST + PORT_COUNT - 1;
    check("reaches beyond", call_make(c).status, FAILS(ERR_ARGUMENT, arg));
    c->v[2] = 1;
    c->v[arg] = PORT_FIRST - 1;
    check("below", call_make(c).status, FAILS(ERR_ARGUMENT, arg));
    c->v[arg] = PORT_FIRST + PORT_COUNT;
}
LIKE(ports_in_ARGUMENT_port, bad_port)
static void bad_width(struct call *c, unsigned arg)
{
    c->v[arg] = 3;
    check("3 bytes", call_make(c).status, FAILS(ERR_ARGUMENT, arg));
    c->v[arg] = 8;
}
LIKE(ports_in_ARGUMENT_width, bad_width)
GOOD(ports_out)
{
    ARGS(c, PORT_RANGE, PORT_FIRST, 1, 0);
}
LIKE(ports_out_ARGUMENT_port, bad_port)
LIKE(ports_out_ARGUMENT_width, bad_width)

GOOD(ports_derive)
{
    ARGS(c, PORT_RANGE, PORT_FIRST + 1, 2, TABLE, IN_TABLE);
}
VALUE(ports_derive_ARGUMENT_first, PORT_FIRST + PORT_COUNT)
VALUE(ports_derive_ARGUMENT_count, PORT_COUNT)
INTO(ports_derive)
LIKE(ports_derive_BUSY_itself, being_revoked)
LIKE(ports_derive_DEPTH_itself, too_deep)
