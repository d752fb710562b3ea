/*
 * The UART's driver (see uart.h). The data sheet's section numbers are in
 * parentheses.
 */
#include "uart.h"

#include <cordon/cordon.h>

#define RING_BYTES 4096u /* a power of two */
#define FIFO_BYTES 16u
#define RETRY_NS   (50 * NS_PER_MS)

#define COM1 0x3f8u
#define IRQ4 4u

#define REGISTER_DATA 0u /* receiver and transmitter (8.0) */
#define REGISTER_IER  1u /* interrupts enabled (8.6) */
#define IER_RECEIVED  1u
#define IER_SENT      2u
#define REGISTER_IIR  2u /* which interrupt is pending (8.5) */
#define IIR_NONE      1u
#define REGISTER_FCR  2u /* FIFO control (8.4) */
#define FCR_ENABLE    1u
#define FCR_CLEAR     6u
#define REGISTER_LCR  3u /* line control (8.1) */
#define LCR_8N1       3u
#define LCR_DIVISOR   0x80u
#define REGISTER_MCR  4u    /* modem control (8.7) */
#define MCR_ON        0x0bu /* DTR, RTS, and OUT2, which passes the interrupt */
#define REGISTER_LSR  5u    /* line status (8.3) */
#define LSR_RECEIVED  1u
#define LSR_SENT      0x20u

struct bytes {
    uint32_t first, last; /* counts; their difference is what is in it */
    uint8_t data[RING_BYTES];
};

static cap_t ports, events, interrupt;
static uint32_t base;
static uint8_t enabled; /* IER as it is */
static struct bytes input, output;

static uint32_t used(const struct bytes *b)
{
    return b->last - b->first;
}

static void push(struct bytes *b, uint8_t byte)
{
    b->data[b->last++ % RING_BYTES] = byte;
}

static uint8_t pop(struct bytes *b)
{
    return b->data[b->first++ % RING_BYTES];
}

static uint8_t get(uint32_t reg)
{
    return (uint8_t)ports_in(ports, base + reg, 1).r[0];
}

static void set(uint32_t reg, uint8_t value)
{
    ports_out(ports, base + reg, 1, value);
}

static void enable(uint8_t which)
{
    if (which == enabled)
        return;
    enabled = which;
    set(REGISTER_IER, which);
}

static const struct startup_cap *find_ports(void)
{
    const struct startup_cap *cap;

    for (unsigned i = 0; (cap = startup_find(STARTUP_PORTS, NULL, i)); i++)
        if (cap->index <= COM1 && cap->index + cap->size >= COM1 + 8)
            return cap;
    return NULL;
}

static void open_interrupt(void)
{
    const struct startup_cap *cap;

    for (unsigned i = 0; (cap = startup_find(STARTUP_INTERRUPT, NULL, i)); i++)
        if (cap->index == IRQ4 &&
            interrupt_bind(cap->slot, events).status == OK)
            interrupt = cap->slot;
}

/* 115200 baud, eight bits, no parity, one stop bit. */
static void program(void)
{
    enabled = 0;
    set(REGISTER_IER, 0);
    set(REGISTER_LCR, LCR_DIVISOR);
    set(REGISTER_DATA, 1);
    set(REGISTER_IER, 0);
    set(REGISTER_LCR, LCR_8N1);
    set(REGISTER_FCR, FCR_ENABLE | FCR_CLEAR);
    set(REGISTER_MCR, MCR_ON);
    enable(IER_RECEIVED);
}

const char *uart_open(void)
{
    const struct startup_cap *cap = find_ports();

    if (!cap)
        return "the policy grants no ports 0x3f8-0x3ff";
    ports = cap->slot;
    base = COM1;
    events = object_make(CAP_NOTIFICATION, 0, NULL);
    if (!events)
        return "no memory for a notification";
    open_interrupt();
    program();
    uart_handle();
    return NULL;
}

cap_t uart_events(void)
{
    return events;
}

int uart_is_polled(void)
{
    return !interrupt;
}

/* Take what came while there is room. */
static void receive(void)
{
    while (used(&input) < RING_BYTES && (get(REGISTER_LSR) & LSR_RECEIVED))
        push(&input, get(REGISTER_DATA));
}

/* Fill the UART's FIFO as often as it is empty. */
static void transmit(void)
{
    while (used(&output) && (get(REGISTER_LSR) & LSR_SENT))
        for (unsigned i = 0; i < FIFO_BYTES && used(&output); i++)
            set(REGISTER_DATA, pop(&output));
}

/* The line is edge-triggered: it must have been low once before the next
 * interrupt, so go on until nothing is pending. */
void uart_handle(void)
{
    unsigned rounds = 64;

    do {
        receive();
        transmit();
        enable((uint8_t)((used(&input) < RING_BYTES ? IER_RECEIVED : 0) |
                         (used(&output) ? IER_SENT : 0)));
    } while (!(get(REGISTER_IIR) & IIR_NONE) && --rounds);
    if (interrupt)
        interrupt_ack(interrupt);
}

size_t uart_read(uint8_t *data, size_t room)
{
    size_t n = 0;

    while (n < room && used(&input))
        data[n++] = pop(&input);
    if (n && !(enabled & IER_RECEIVED))
        uart_handle();
    return n;
}

static void wait_for_room(void)
{
    uart_handle();
    if (used(&output) == RING_BYTES)
        notification_wait(events, clock_after(RETRY_NS));
}

void uart_write(const void *data, size_t bytes)
{
    const uint8_t *p = data;

    while (bytes--) {
        while (used(&output) == RING_BYTES)
            wait_for_room();
        push(&output, *p++);
    }
    transmit();
    if (used(&output))
        enable(enabled | IER_SENT);
}

void uart_flush(uint64_t ns)
{
    uint64_t deadline = clock_after(ns);

    while (used(&output) && clock_now() < deadline) {
        uart_handle();
        if (used(&output))
            notification_wait(events, clock_after(NS_PER_MS));
    }
}

int uart_take_until(uint8_t byte)
{
    receive();
    for (uint32_t i = input.first; i != input.last; i++) {
        if (input.data[i % RING_BYTES] != byte)
            continue;
        input.first = i + 1;
        return 1;
    }
    return 0;
}
