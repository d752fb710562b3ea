/*
 * The kernel's last words, on COM1, in hexadecimal: see panic.h. After
 * panic_silence() the port belongs to the console server (R6), and only a
 * debug build speaks.
 */
#include "kernel/panic.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/cpu_ops.h"
#include "kernel/arch/x86_64/vectors.h"
#include "kernel/syscall.h"

#define COM1          0x3f8
#define COM1_STATUS   0x3fd
#define UART_TX_EMPTY 0x20
#define READY_BOUND   100000

static bool silent;
static unsigned panicking;

void panic_silence(void)
{
#ifndef CORDON_DEBUG
    silent = true;
#endif
}

static void put(char c)
{
    for (unsigned i = 0; i < READY_BOUND; i++)
        if (port_read8(COM1_STATUS) & UART_TX_EMPTY)
            break;
    port_write8(COM1, (uint8_t)c);
}

static void put_number(uint64_t number)
{
    put(' ');
    for (int shift = 60; shift >= 0; shift -= 4)
        put("0123456789abcdef"[number >> shift & 15]);
}

/* A non-maskable interrupt for each, see kernel_exception(). */
static void stop_others(void)
{
    if (apic_x2 || apic_registers)
        apic_command(0, ICR_NMI | ICR_ASSERT | ICR_TO_OTHERS);
}

void panic(const char *what, const uint64_t *numbers, unsigned n)
{
    if (__atomic_exchange_n(&panicking, 1, __ATOMIC_ACQ_REL) == 0) {
        while (!silent && *what)
            put(*what++);
        for (unsigned i = 0; !silent && i < n; i++)
            put_number(numbers[i]);
        stop_others();
    }
    for (;;)
        __asm__ volatile("cli; hlt");
}

/* An exception in the kernel itself, a machine check or an NMI. */
void kernel_exception(uint64_t vector, const uint64_t *frame)
{
    if (vector == VECTOR_NMI && !__atomic_load_n(&panicking, __ATOMIC_ACQUIRE))
        return;
    panic("cordon: exception in the kernel: vector, error, ip, sp, cr2",
          (uint64_t[]){vector, frame[0], frame[1], frame[4], cr2_read()}, 5);
}
