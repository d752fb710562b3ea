/* Configuration mechanism #1 (PCI Local Bus 3.0, 3.2.2.3.2). */
#include "boot/pci_boot.h"

#include "kernel/arch/x86_64/cpu_ops.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_ENABLE  0x80000000u
#define CONFIG_DATA    0xcfc

uint32_t pci_boot_read(uint16_t rid, unsigned offset)
{
    port_write32(CONFIG_ADDRESS,
                 CONFIG_ENABLE | (uint32_t)rid << 8 | (offset & 0xfc));
    return port_read32(CONFIG_DATA);
}
