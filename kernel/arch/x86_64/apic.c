/* What boot/ found out about the local APICs, and the message that stops all
 * CPUs. */
#include "kernel/arch/x86_64/apic.h"

bool apic_x2;
volatile uint32_t *apic_registers;
bool apic_deadline;
uint64_t apic_timer_mult;

void apic_send_nmi_others(void)
{
    if (apic_x2 || apic_registers)
        apic_command(0, ICR_NMI | ICR_ASSERT | ICR_TO_OTHERS);
}
