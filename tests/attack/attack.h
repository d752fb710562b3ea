/*
 * What the attack programs share: a line to the runner over the first serial
 * port, and QEMU's edu card as a DMA engine that goes wherever it is told.
 *
 * The program says `ready`, does what it is for, says `done`; between these
 * the runner answers `ask`. What it says about success is for people: whether
 * an attack was contained is decided by the runner, from QEMU's trace and
 * memory.
 */
#pragma once

#include <cordon/cordon.h>
#include <cordon/driver.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The UART's registers (National Semiconductor 16550). */
#define UART       0x3f8u
#define UART_LINE  (UART + 5)
#define LINE_READY 0x01u
#define LINE_EMPTY 0x20u

/* One for all files of a program. */
__attribute__((weak)) cap_t attack_ports;

static uint64_t uart_in(unsigned port)
{
    return ports_in(attack_ports, port, 1).r[0];
}

static void uart_put(char c)
{
    while ((uart_in(UART_LINE) & LINE_EMPTY) == 0)
        ;
    ports_out(attack_ports, UART, 1, (uint8_t)c);
}

/* One line to the runner: "attack: ...". */
__attribute__((format(printf, 1, 2), unused)) static void
say(const char *format, ...)
{
    char line[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    for (const char *p = "attack: "; *p; p++)
        uart_put(*p);
    for (const char *p = line; *p; p++)
        uart_put(*p);
    uart_put('\n');
}

/* Ask the runner for a number: says "ask WHAT", reads a line of hex. */
__attribute__((unused)) static uint64_t ask(const char *what)
{
    char line[32];
    size_t length = 0;

    say("ask %s", what);
    for (;;) {
        char c;

        while ((uart_in(UART_LINE) & LINE_READY) == 0)
            clock_sleep(NS_PER_MS);
        c = (char)uart_in(UART);
        if (c == '\r' || c == '\n')
            break;
        if (length + 1 < sizeof(line))
            line[length++] = c;
    }
    line[length] = 0;
    return strtoull(line, NULL, 16);
}

/* To be called first in main(). */
__attribute__((unused)) static void attack_open(void)
{
    const struct startup_cap *ports = startup_find(STARTUP_PORTS, NULL, 0);

    if (ports == NULL)
        exit(1);
    attack_ports = ports->slot;
}

__attribute__((noreturn, unused)) static void attack_error(const char *what,
                                                           uint64_t status)
{
    say("error %s: %s", what, status_text(status));
    exit(2);
}

/* A page that the runner can find in a memory dump: this text, then `name`,
 * then bytes that are not zero. */
#define MAGIC_TEXT "CORDON-ATTACK-PAGE:"
__attribute__((unused)) static void page_mark(void *page, const char *name)
{
    memset(page, 0x5c, PAGE_SIZE);
    /* Written in two parts, so that our own image does not hold it. */
    memcpy(page, "CORDON-ATTACK", 13);
    memcpy((char *)page + 13, "-PAGE:", 6);
    snprintf((char *)page + 19, 32, "%s", name);
}

/* The vector of forged messages in compatibility format. */
#define COMPAT_VECTOR 0x77

/* The card (docs/specs/edu in QEMU's documentation). */
#define EDU_IRQ_RAISE 0x60
#define EDU_IRQ_ACK   0x64
#define EDU_SOURCE    0x80
#define EDU_TARGET    0x88
#define EDU_COUNT     0x90
#define EDU_COMMAND   0x98
#define EDU_START     1u
#define EDU_TO_MEMORY 2u
#define EDU_CARD      0x40000u /* its buffer: 4 KiB */
#define PATTERN       0xa7     /* what attacks write */

__attribute__((unused)) static void card_start(mmio_t regs, uint64_t source,
                                               uint64_t target, uint64_t bytes,
                                               uint64_t direction)
{
    mmio_write64(regs, EDU_SOURCE, source);
    mmio_write64(regs, EDU_TARGET, target);
    mmio_write64(regs, EDU_COUNT, bytes);
    mmio_write64(regs, EDU_COMMAND, EDU_START | direction);
}

/* One transfer to its end, as far as the card knows. */
__attribute__((unused)) static void card_move(mmio_t regs, uint64_t source,
                                              uint64_t target, uint64_t bytes,
                                              uint64_t direction)
{
    card_start(regs, source, target, bytes, direction);
    while (mmio_read64(regs, EDU_COMMAND) & EDU_START)
        clock_sleep(10 * NS_PER_MS);
}

/* The card as a driver has it. */
struct card {
    struct driver kit;
    mmio_t regs;
    struct dma_memory own; /* 4 KiB that it may reach */
};

__attribute__((unused)) static void card_open(struct card *card)
{
    uint64_t status = driver_open(&card->kit, NULL);

    if (status != OK)
        attack_error("open", status);
    card->regs = driver_map_window(&card->kit, 0, NULL);
    if (card->regs == NULL)
        attack_error("window", ERR_CAPABILITY);
    status = dma_alloc(&card->kit, PAGE_SIZE, &card->own);
    if (status != OK)
        attack_error("memory", status);
}

/* Fill the card's buffer with a byte. */
__attribute__((unused)) static void card_fill(struct card *card, uint8_t byte)
{
    memset(card->own.memory.address, byte, PAGE_SIZE);
    card_move(card->regs, card->own.iova.v, EDU_CARD, PAGE_SIZE, 0);
    memset(card->own.memory.address, 0, PAGE_SIZE);
}

/* Tell what the kernel reported. */
__attribute__((unused)) static void faults_say(struct card *card)
{
    struct driver_fault fault;

    while (driver_next_fault(&card->kit, &fault))
        say("fault address %#llx reason %#x %s",
            (unsigned long long)fault.address, (unsigned)fault.reason,
            fault.flags & DEVICE_FAULT_WRITE ? "write" : "read");
}
