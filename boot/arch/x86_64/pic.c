/*
 * The 8259s are moved to VECTOR_PIC, where a spurious interrupt of theirs does
 * not look like an exception, and masked for good.
 * Source: Intel 8259A data sheet, initialization command words.
 */
#include "boot/arch/x86_64/pic.h"
#include "kernel/arch/x86_64/cpu_ops.h"
#include "kernel/arch/x86_64/vectors.h"

#define PIC1 0x20
#define PIC2 0xa0

static void initialize(uint16_t port, uint8_t vector, uint8_t cascade)
{
    port_write8(port, 0x11); /* ICW1: edge, cascade, ICW4 follows */
    port_write8((uint16_t)(port + 1), vector);
    port_write8((uint16_t)(port + 1), cascade);
    port_write8((uint16_t)(port + 1), 0x01); /* ICW4: 8086 mode */
    port_write8((uint16_t)(port + 1), 0xff); /* mask all */
}

void pic_disable(void)
{
    initialize(PIC1, VECTOR_PIC, 1 << 2); /* the other sits on line 2 */
    initialize(PIC2, VECTOR_PIC + 8, 2);
}
