/*
 * In place of the kernel's: what an instruction would do to a CPU, on the
 * machine that tests/host/machine.c is.
 */
#pragma once

#include <stdint.h>

#define MSR_FS_BASE 0xc0000100

void machine_cr3_write(uint64_t value);
uint64_t machine_cr3_read(void);
void machine_page_invalidate(uint64_t address);
/* The CPU waits for another: the others go on. */
void machine_relax(void);
uint64_t machine_port(uint16_t port, unsigned width, const uint64_t *write);
uint64_t machine_cr2(void);
uint64_t clock_tsc(void);

static inline void msr_write(uint32_t msr, uint64_t value)
{
    (void)msr;
    (void)value;
}

static inline void port_write8(uint16_t port, uint8_t value)
{
    machine_port(port, 1, &(uint64_t){value});
}

static inline uint8_t port_read8(uint16_t port)
{
    return (uint8_t)machine_port(port, 1, 0);
}

static inline void port_write16(uint16_t port, uint16_t value)
{
    machine_port(port, 2, &(uint64_t){value});
}

static inline uint16_t port_read16(uint16_t port)
{
    return (uint16_t)machine_port(port, 2, 0);
}

static inline void port_write32(uint16_t port, uint32_t value)
{
    machine_port(port, 4, &(uint64_t){value});
}

static inline uint32_t port_read32(uint16_t port)
{
    return (uint32_t)machine_port(port, 4, 0);
}

static inline uint64_t tsc_read(void)
{
    return clock_tsc();
}

static inline uint64_t cr2_read(void)
{
    return machine_cr2();
}

static inline uint64_t cr3_read(void)
{
    return machine_cr3_read();
}

static inline void cr3_write(uint64_t value)
{
    machine_cr3_write(value);
}

static inline uint64_t cr4_read(void)
{
    return 0;
}

static inline void cr4_write(uint64_t value)
{
    (void)value;
}

static inline void page_invalidate(uint64_t address)
{
    machine_page_invalidate(address);
}

static inline void cpu_relax(void)
{
    machine_relax();
}
