/* I/O ports: x86's other address space, a capability per range. */
#include "kernel/arch/x86_64/cpu_ops.h"
#include "kernel/captable.h"
#include "kernel/operations.h"

/* PCI configuration mechanism #1 (PCI Local Bus 3.0, 3.2.2.3.2) could move any
 * device's windows: these ports are nobody's, the PCI server uses the ECAM. */
#define PCI_CONFIG_FIRST 0xcf8u
#define PCI_CONFIG_END   0xd00u

/* Of the data of a capability. */
static uint64_t range_first(uint64_t range)
{
    return range & 0xffff;
}

static uint64_t range_count(uint64_t range)
{
    return range >> 16;
}

/* Is the access of arguments 1 (port) and 2 (width) within the range? */
static bool check(struct thread *self, uint64_t range)
{
    uint64_t port = self->regs.rsi, width = self->regs.rdx;
    uint64_t first = range_first(range), end = first + range_count(range);

    if (width != 1 && width != 2 && width != 4)
        return syscall_argument(self, 2, 1, 4);
    if (port < first || port >= end || width > end - port)
        return syscall_argument(self, 1, first, end - 1);
    if (port < PCI_CONFIG_END && port + width > PCI_CONFIG_FIRST)
        return syscall_argument(self, 1, PCI_CONFIG_END, end - 1);
    return true;
}

void ports_in_op(struct thread *self, struct cap_view cap)
{
    uint16_t port = (uint16_t)self->regs.rsi;

    if (!check(self, cap.data))
        return;
    self->regs.rsi = self->regs.rdx == 1   ? port_read8(port)
                     : self->regs.rdx == 2 ? port_read16(port)
                                           : port_read32(port);
}

void ports_out_op(struct thread *self, struct cap_view cap)
{
    uint16_t port = (uint16_t)self->regs.rsi;
    uint64_t value = self->regs.r10;

    if (!check(self, cap.data))
        return;
    if (self->regs.rdx == 1)
        port_write8(port, (uint8_t)value);
    else if (self->regs.rdx == 2)
        port_write16(port, (uint16_t)value);
    else
        port_write32(port, (uint32_t)value);
}

void ports_derive_op(struct thread *self, struct cap *cap)
{
    uint64_t from = self->regs.rsi, count = self->regs.rdx;
    uint64_t first = range_first(cap->data),
             end = first + range_count(cap->data);
    struct cap *slot;
    enum status status;

    if (from < first || from >= end)
        return (void)syscall_argument(self, 1, first, end - 1);
    if (count < 1 || count > end - from)
        return (void)syscall_argument(self, 2, 1, end - from);
    slot = table_slots(self, self->regs.r10, 3, self->regs.r8, 1, 4);
    if (!slot)
        return;
    status = cap_may_derive(cap);
    if (status != OK)
        syscall_fail(self, status, 0);
    else
        cap_derive(cap, slot, RIGHTS_ALL, from | count << 16);
}
