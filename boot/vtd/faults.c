/*
 * Fault reporting of one unit: the log starts empty, because what firmware's
 * devices did before is not news, and the fault interrupt goes to one CPU.
 * Source: VT-d 4.1, 7.3, 11.4.
 */
#include "boot/vtd/start.h"
#include "kernel/mmio.h"

/* clang-format off */
#define REG_FAULT_STATUS     0x34
#define   FSTS_OVERFLOW      (1u << 0) /* PFO: written as 1 to clear */
#define REG_FAULT_CONTROL    0x38 /* bit 31: masked */
#define REG_FAULT_DATA       0x3c /* vector; fixed, edge */
#define REG_FAULT_ADDRESS    0x40 /* as an MSI's */
#define   FEADDR_BASE        0xfee00000u
#define   FEADDR_APIC_SHIFT  12 /* APIC ID bits 7:0 */
#define REG_FAULT_ADDRESS_HIGH 0x44 /* APIC ID bits 31:8 in place */
/* clang-format on */

/* The unit's own interrupts are not remapped (VT-d 4.1, 5.1): the message is
 * in the compatibility format. */
void unit_faults_enable(struct vtd_unit *u, uint8_t vector, uint32_t apic_id)
{
    for (unsigned i = 0; i < u->record_count; i++)
        mmio_write32(u->registers + u->record_offset + i * VTD_RECORD_SIZE +
                         VTD_RECORD_CLEAR,
                     VTD_RECORD_VALID);
    mmio_write32(u->registers + REG_FAULT_STATUS, FSTS_OVERFLOW);
    mmio_write32(u->registers + REG_FAULT_DATA, vector);
    mmio_write32(u->registers + REG_FAULT_ADDRESS,
                 FEADDR_BASE | (apic_id & 0xff) << FEADDR_APIC_SHIFT);
    mmio_write32(u->registers + REG_FAULT_ADDRESS_HIGH, apic_id & ~0xffu);
    mmio_write32(u->registers + REG_FAULT_CONTROL, 0);
}
