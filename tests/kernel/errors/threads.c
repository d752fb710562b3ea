/* Threads and scheduling contexts. */
#include "errors.h"

GOOD(thread_configure)
{
    ARGS(c, THREAD_OF, TABLE, SPACE_OF, PAGES_OF, ENDPOINT_OF, 0);
}
BINDS(thread_configure, table)
BINDS(thread_configure, space)
BINDS(thread_configure, message)
BINDS(thread_configure, fault)
CASE(thread_configure_ARGUMENT_message)
{
    without_right(c, arg, RIGHT_READ);
    check("a message page is read, too", call_make(c).status,
          FAILS(ERR_ARGUMENT, arg));
    c->v[arg] = CROWD;
    must("2 MiB",
         untyped_retype(ROOM, CAP_FRAME, PAGE_2M_BITS, 1, 0, CROWD, 0));
}
VALUE(thread_configure_ARGUMENT_cpu, boot->cpus)
CASE(thread_configure_BUSY_itself)
{
    must("bind", notification_bind(SIGNALS, THREAD_OF));
    check("has a notification", call_make(c).status, FAILS(ERR_BUSY, arg));
    must("unbind", notification_bind(SIGNALS, 0));
    must("bind", sched_bind(CONTEXT, THREAD_OF));
}

static struct thread_registers *registers_clear(void)
{
    for (unsigned i = 0; i < sizeof(struct thread_registers) / 8; i++)
        message->words[i] = 0;
    return (struct thread_registers *)message;
}

GOOD(thread_write)
{
    registers_clear();
    ARGS(c, THREAD_OF, 0);
}
VALUE(thread_write_ARGUMENT_resume, 2)
CASE(thread_write_ARGUMENT_itself)
{
    registers_clear()->rip = 0x7ffffffff000;
    check("rip", call_make(c).status, FAILS(ERR_ARGUMENT, arg));
    registers_clear()->fs_base = 0xffff800000000000;
}
static volatile bool spinning;
static void spin(void)
{
    for (;;)
        spinning = true;
}
static cap_t unconfigured(void)
{
    return make(CAP_THREAD, 0, SPOILT);
}
CASE(thread_write_BUSY_itself)
{
    c->v[1] = 1;
    c->v[arg] = unconfigured();
    check("not configured", call_make(c).status, FAILS(ERR_BUSY, arg));
    c->v[1] = 0;
    c->v[arg] = helper_start(0, spin, 1, 0, 0);
}

GOOD(thread_read)
{
    ARGS(c, THREAD_OF);
}
/* What runs on another CPU has its registers there. The call is made before
 * they are looked at for the check that nothing changes. */
CASE(thread_read_BUSY_itself)
{
    spinning = false;
    c->v[arg] = helper_start(0, spin, 1, 0, 1);
    while (!spinning)
        __asm__ volatile("pause");
    c->result = call_make(c);
    c->made = true;
}
GOOD(thread_resume)
{
    ARGS(c, THREAD_OF);
}
CASE(thread_resume_BUSY_itself)
{
    c->v[arg] = unconfigured();
    check("not configured", call_make(c).status, FAILS(ERR_BUSY, arg));
    c->v[arg] = SLOT_THREAD;
}
GOOD(thread_set_tls)
{
    ARGS(c, THREAD_OF, AT);
}
VALUE(thread_set_tls_ARGUMENT_base, 1ul << 47)
CASE(thread_set_tls_BUSY_itself)
{
    c->v[arg] = helper_start(0, spin, 1, 0, 0);
}
GOOD(thread_yield)
{
    ARGS(c, SLOT_THREAD);
}
VALUE(thread_yield_ARGUMENT_itself, THREAD_OF)

GOOD(sched_configure)
{
    ARGS(c, SLOT_SCHED_CONTROL, CONTEXT, 7, MS, 10 * MS, 0);
}
LIKE(sched_configure_CAPABILITY_context, not_a_capability)
LIKE(sched_configure_RIGHTS_context, without_write)
VALUE(sched_configure_ARGUMENT_priority, 256)
VALUE(sched_configure_ARGUMENT_period, 10000 * MS + 1)
CASE(sched_configure_ARGUMENT_budget)
{
    c->v[arg] = 9999;
    check("too short", call_make(c).status, FAILS(ERR_ARGUMENT, arg));
    c->v[arg] = c->v[4] + 1;
}
VALUE(sched_configure_ARGUMENT_cpu, boot->cpus)
VALUE(sched_configure_BUSY_context, SLOT_SCHED_CONTEXT)

GOOD(sched_bind)
{
    ARGS(c, CONTEXT, THREAD_OF);
}
LIKE(sched_bind_CAPABILITY_thread, not_a_capability)
LIKE(sched_bind_RIGHTS_thread, without_write)
LIKE(sched_bind_DEPTH_thread, too_deep)
CASE(sched_bind_BUSY_itself)
{
    c->v[arg] = make(CAP_SCHED_CONTEXT, 0, SPOILT);
    check("not set", call_make(c).status, FAILS(ERR_BUSY, arg));
    c->v[arg] = SLOT_SCHED_CONTEXT;
}
CASE(sched_bind_BUSY_thread)
{
    struct call spoilt = *c;

    if (boot->cpus == 1) {
        being_revoked(&spoilt, arg);
        check("being revoked", call_make(&spoilt).status, FAILS(ERR_BUSY, arg));
        c->v[arg] = SLOT_THREAD; /* it has a context */
    } else {                     /* for another CPU */
        must("configure",
             sched_configure(SLOT_SCHED_CONTROL, CONTEXT, 7, MS, MS, 1));
    }
}
