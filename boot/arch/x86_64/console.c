/*
 * The kernel's voice before user mode: COM1, polled, with a small formatter.
 * It goes with boot/ (R6); from then on the port belongs to the console server.
 * Source: PC16550D data sheet, 8.0.
 */
#include "boot/arch/x86_64/console.h"
#include "boot/print.h"
#include "kernel/arch/x86_64/cpu_ops.h"
#include <stdarg.h>
#include <stdbool.h>

#define COM1           0x3f8
#define UART_DATA      0 /* divisor low when DLAB */
#define UART_INTERRUPT 1 /* divisor high when DLAB */
#define UART_FIFO      2
#define UART_LINE      3
#define UART_DLAB      0x80
#define UART_8N1       0x03
#define UART_MODEM     4
#define UART_LOOP      0x1e /* loop-back, for the presence test */
#define UART_READY     0x0b /* DTR, RTS, OUT2 */
#define UART_STATUS    5
#define UART_TX_EMPTY  0x20

static bool present;

void console_init(void)
{
    port_write8(COM1 + UART_INTERRUPT, 0);
    port_write8(COM1 + UART_LINE, UART_DLAB);
    port_write8(COM1 + UART_DATA, 1); /* 115,200 baud */
    port_write8(COM1 + UART_INTERRUPT, 0);
    port_write8(COM1 + UART_LINE, UART_8N1);
    port_write8(COM1 + UART_FIFO, 0x07); /* on, both cleared */
    port_write8(COM1 + UART_MODEM, UART_LOOP);
    port_write8(COM1 + UART_DATA, 0xa5);
    present = port_read8(COM1 + UART_DATA) == 0xa5;
    port_write8(COM1 + UART_MODEM, UART_READY);
}

static void put_raw(char c)
{
    for (unsigned i = 0; i < 100000; i++) {
        if (port_read8(COM1 + UART_STATUS) & UART_TX_EMPTY)
            break;
        cpu_relax();
    }
    port_write8(COM1 + UART_DATA, (uint8_t)c);
}

static void put(char c)
{
    if (!present)
        return;
    if (c == '\n')
        put_raw('\r');
    put_raw(c);
}

static void put_number(uint64_t value, unsigned base, unsigned width)
{
    char digits[20];
    unsigned n = 0;

    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value && n < sizeof(digits));
    while (width-- > n)
        put('0');
    while (n > 0)
        put(digits[--n]);
}

/* One conversion; returns what follows it. */
static const char *put_conversion(const char *f, va_list *args)
{
    unsigned width = 0;
    bool wide = false;

    for (; *f >= '0' && *f <= '9'; f++)
        width = width * 10 + (unsigned)(*f - '0');
    for (; *f == 'l'; f++)
        wide = true;
    switch (*f) {
    case 's':
        for (const char *s = va_arg(*args, const char *); *s; s++)
            put(*s);
        break;
    case 'c':
        put((char)va_arg(*args, int));
        break;
    case 'u':
    case 'x':
        put_number(wide ? va_arg(*args, unsigned long)
                        : va_arg(*args, unsigned),
                   *f == 'x' ? 16 : 10, width > 20 ? 20 : width);
        break;
    case '%':
        put('%');
        break;
    default:
        return f;
    }
    return f + 1;
}

static void print(const char *f, va_list *args)
{
    while (*f) {
        if (*f == '%')
            f = put_conversion(f + 1, args);
        else
            put(*f++);
    }
}

void kprintf(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print(format, &args);
    va_end(args);
}

void boot_fail(const char *format, ...)
{
    va_list args;

    kprintf("cordon: ");
    va_start(args, format);
    print(format, &args);
    va_end(args);
    kprintf("\n");
    for (;;)
        __asm__ volatile("cli; hlt");
}
