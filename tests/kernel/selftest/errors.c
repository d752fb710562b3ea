/* Operations refuse what is wrong and say which argument it was (R10). */
#include "selftest.h"

#define SCRATCH 0x3fful /* of COM1's UART; its neighbours are in use */

/* What is written in one width is read in each. */
static void port_widths(void)
{
    uint64_t four;

    ports_out(PORTS, SCRATCH, 1, 0x5a);
    check("two bytes in", ports_in(PORTS, SCRATCH - 1, 2).r[0] >> 8, 0x5a);
    ports_out(PORTS, SCRATCH - 1, 2, 0xa500);
    four = ports_in(PORTS, SCRATCH - 3, 4).r[0];
    check("two out, four in", four >> 24, 0xa5);
    ports_out(PORTS, SCRATCH - 3, 4, (four & 0xffffff) | 0x3cul << 24);
    check("four out, one in", ports_in(PORTS, SCRATCH, 1).r[0], 0x3c);
}

void test_errors(void)
{
    struct result r;

    check("no such operation", kernel_invoke(3, 1, 0, 0, 0, 0, 0, 0, 0).status,
          ERR_OPERATION);
    check("operation beyond the table",
          kernel_invoke(~0ul, 1, 0, 0, 0, 0, 0, 0, 0).status, ERR_OPERATION);
    check("empty slot", untyped_info(99).status, ERR_CAPABILITY);
    check("slot beyond the table", untyped_info(~0ul).status, ERR_CAPABILITY);
    check("wrong type", untyped_info(SLOT_THREAD).status, ERR_CAPABILITY);
    r = untyped_retype(ram, CAP_FRAME, 12, 513, 0, MANY, 0);
    check("count", r.status, FAILS(ERR_ARGUMENT, 3));
    check("its low bound", r.r[0], 1);
    check("its high bound", r.r[1], 512);
    check("frame size",
          untyped_retype(ram, CAP_FRAME, 13, 1, 0, MANY, 0).status,
          FAILS(ERR_ARGUMENT, 2));
    check("type", untyped_retype(ram, CAP_DEVICE, 0, 1, 0, MANY, 0).status,
          FAILS(ERR_ARGUMENT, 1));
    check("slot 0", untyped_retype(ram, CAP_ENDPOINT, 0, 1, 0, 0, 0).status,
          FAILS(ERR_ARGUMENT, 5));
    check("occupied slot",
          untyped_retype(ram, CAP_ENDPOINT, 0, 1, 0, SLOT_THREAD, 0).status,
          FAILS(ERR_OCCUPIED, 5));
    check("not a table",
          untyped_retype(ram, CAP_ENDPOINT, 0, 1, SLOT_THREAD, MANY, 0).status,
          FAILS(ERR_CAPABILITY, 4));
    check("port beyond the range", ports_in(PORTS, 0xffff, 4).status,
          FAILS(ERR_ARGUMENT, 1));
    check("port width", ports_in(PORTS, 0x3f8, 3).status,
          FAILS(ERR_ARGUMENT, 2));
    check("PCI configuration", ports_in(PORTS, 0xcf8, 4).status,
          FAILS(ERR_ARGUMENT, 1));
    port_widths();
    check("reaching into it", ports_in(PORTS, 0xcf7, 2).status,
          FAILS(ERR_ARGUMENT, 1));
    check("priority",
          sched_configure(SLOT_SCHED_CONTROL, SLOT_SCHED_CONTEXT, 256, 10000,
                          10000, 0)
              .status,
          FAILS(ERR_ARGUMENT, 2));
    check("bound context",
          sched_configure(SLOT_SCHED_CONTROL, SLOT_SCHED_CONTEXT, 1, 10000,
                          10000, 0)
              .status,
          FAILS(ERR_BUSY, 1));
    check("registers of a running thread", thread_write(SLOT_THREAD, 0).status,
          FAILS(ERR_BUSY, 0));
}
