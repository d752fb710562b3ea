/* Devices and Interrupts. */
#include "errors.h"

/* What is carved out of memory. */
static void memory_short(struct call *c, unsigned arg)
{
    c->v[arg] = make(CAP_UNTYPED, 6, SPOILT);
    c->rsi_says = true;
    c->rsi = 64;
}
static void not_ram(struct call *c, unsigned arg)
{
    for (uint32_t i = 0; i < boot->region_count; i++)
        if (boot->regions[i].kind != REGION_RAM) {
            c->v[arg] = boot->regions[i].slot;
            check("not RAM", call_make(c).status, FAILS(ERR_CAPABILITY, arg));
        }
    not_a_capability(c, arg);
}
#define OUT_OF(op)                                                             \
    LIKE(op##_CAPABILITY_memory, not_ram)                                      \
    LIKE(op##_NO_MEMORY_memory, memory_short)                                  \
    LIKE(op##_BUSY_memory, being_revoked)                                      \
    LIKE(op##_DEPTH_memory, too_deep)                                          \
    INTO(op)

GOOD(device_mint)
{
    ARGS(c, SLOT_DEVICE_CONTROL, MEMORY, REQUESTER_2, TABLE, IN_TABLE);
}
OUT_OF(device_mint)
CASE(device_mint_NO_ISOLATION_itself)
{
}
CASE(device_mint_ARGUMENT_requester)
{
    c->v[arg] = 7ul << 16;
    check("no unit", call_make(c).status, FAILS(ERR_ARGUMENT, arg));
    c->v[arg] = 1ul << 32;
}
VALUE(device_mint_BUSY_requester, REQUESTER)

GOOD(device_attach)
{
    ARGS(c, DEVICE_OF, DOMAIN_OF);
}
BINDS(device_attach, domain)
CASE(device_attach_BUSY_itself)
{
    must("attach", call_make(c));
}

GOOD(device_bind)
{
    ARGS(c, DEVICE_OF, SIGNALS, 1000);
}
BINDS(device_bind, notification)
CASE(device_bind_ARGUMENT_limit)
{
    c->v[arg] = 0;
    check("none", call_make(c).status, FAILS(ERR_ARGUMENT, arg));
    c->v[arg] = 100001;
}
/* That it succeeds takes a fault: tests/kernel/devices has them. */
GOOD(device_fault)
{
    ARGS(c, DEVICE_OF);
    c->skipped = true;
}
CASE(device_fault_TIMEOUT_itself)
{
}

GOOD(device_interrupt)
{
    ARGS(c, DEVICE_OF, MEMORY, TABLE, IN_TABLE, 0, 1000);
}
OUT_OF(device_interrupt)
CASE(device_interrupt_BUSY_itself)
{
    struct call spoilt = *c;

    being_revoked(&spoilt, arg);
    check("being revoked", call_make(&spoilt).status, FAILS(ERR_BUSY, arg));
    must("block", device_block(DEVICE_OF));
}
LIKE(device_interrupt_DEPTH_itself, too_deep)

/* Makes Interrupts of a device for CPU 0 until that fails. */
static uint64_t fill(cap_t device, cap_t *slot)
{
    for (;; (*slot)++) {
        uint64_t status =
            device_interrupt(device, ROOM, 0, *slot, 0, 1000).status;

        if (status != OK)
            return status;
    }
}
CASE(device_interrupt_LIMIT_itself)
{
    cap_t slot = CROWD;

    check("64 of a device", fill(DEVICE_OF, &slot), FAILS(ERR_LIMIT, arg));
    check("64", device_info(DEVICE_OF).r[4], 64);
}

/* All vectors of CPU 0: the Interrupts of four devices. */
static void fill_cpu(void)
{
    cap_t slot = CROWD;
    uint64_t status = OK;

    for (uint64_t i = 1; STATUS_ARG(status) == 0; i++) {
        cap_t device = slot++;

        must("mint",
             device_mint(SLOT_DEVICE_CONTROL, ROOM, REQUESTER + i, 0, device));
        status = fill(device, &slot);
    }
    check("all vectors are taken", status, FAILS(ERR_LIMIT, 4));
}
static void cpu_full(struct call *c, unsigned arg)
{
    (void)c;
    (void)arg;
    fill_cpu();
}
LIKE(device_interrupt_LIMIT_cpu, cpu_full)
VALUE(device_interrupt_ARGUMENT_cpu, boot->cpus)
static void bad_limit(struct call *c, unsigned arg)
{
    c->v[arg] = 0;
    check("none", call_make(c).status, FAILS(ERR_ARGUMENT, arg));
    c->v[arg] = 10000001;
}
LIKE(device_interrupt_ARGUMENT_limit, bad_limit)

#define LINE 4
GOOD(device_lines)
{
    ARGS(c, SLOT_DEVICE_CONTROL, MEMORY, LINE, TABLE, IN_TABLE, 0, 1000);
}
OUT_OF(device_lines)
VALUE(device_lines_ARGUMENT_line, 16)
CASE(device_lines_BUSY_line)
{
    must("line",
         device_lines(SLOT_DEVICE_CONTROL, ROOM, LINE, 0, SPOILT, 0, 1000));
}
VALUE(device_lines_ARGUMENT_cpu, boot->cpus)
LIKE(device_lines_LIMIT_cpu, cpu_full)
LIKE(device_lines_ARGUMENT_limit, bad_limit)
CASE(device_lines_LIMIT_itself) /* the table says why not */
{
    c->skipped = true;
}

GOOD(interrupt_bind)
{
    ARGS(c, INTERRUPT_OF, SIGNALS);
}
BINDS(interrupt_bind, notification)
static void dead(struct call *c, unsigned arg)
{
    (void)c;
    (void)arg;
    must("block", device_block(DEVICE_OF));
}
LIKE(interrupt_bind_GONE_itself, dead)
GOOD(interrupt_ack)
{
    ARGS(c, INTERRUPT_OF);
}
LIKE(interrupt_ack_GONE_itself, dead)
GOOD(device_block)
{
    ARGS(c, DEVICE_OF);
}
