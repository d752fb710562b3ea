/*
 * The kernel's last words, on COM1, in hexadecimal, when something happens that
 * cannot be: an exception in the kernel itself. After panic_silence() the port
 * belongs to the console server (R6), and only a debug build speaks.
 */
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
    if (silent)
        return;
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

/* A non-maskable interrupt for each: they halt in kernel_exception(). */
static void stop_others(void)
{
    if (apic_x2 || apic_registers)
        apic_command(0, ICR_NMI | ICR_ASSERT | ICR_TO_OTHERS);
}

void kernel_exception(uint64_t vector, const uint64_t *frame)
{
    const uint64_t numbers[] = {vector, frame[0], frame[1], frame[4],
                                cr2_read()};

    if (vector == VECTOR_NMI && !__atomic_load_n(&panicking, __ATOMIC_ACQUIRE))
        return;
    if (__atomic_exchange_n(&panicking, 1, __ATOMIC_ACQ_REL) == 0) {
        for (const char *c = "cordon: exception in the kernel: "
                             "vector, error, ip, sp, cr2";
             *c; c++)
            put(*c);
        for (unsigned i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
            put_number(numbers[i]);
        stop_others();
    }
    for (;;)
        __asm__ volatile("cli; hlt");
}
