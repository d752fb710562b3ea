/* Interrupts: to a notification from any CPU (R5), their limit (R7), lines. */
#include "devices.h"

/* Who acknowledges again and again gets no more than 20 a second. */
static void test_no_way_around(void)
{
    uint64_t start = now(), before = interrupt_info(INTERRUPT2).r[0];
    uint64_t delivered, allowed;

    for (unsigned i = 0; i < 40; i++) {
        interrupt_ack(INTERRUPT2);
        for (unsigned k = 0; k < 20; k++)
            card_raise();
    }
    delivered = interrupt_info(INTERRUPT2).r[0] - before;
    allowed = 21 * ((now() - start) / 1000000000 + 2);
    check("more than the limit", delivered <= allowed, 1);
    events_take();
}

static void test_limit(void)
{
    struct result r;

    check("low limit",
          device_interrupt(DEVICE, ram, 0, INTERRUPT2, 0, 20).status, OK);
    r = interrupt_info(INTERRUPT2);
    check("bind", interrupt_bind(INTERRUPT2, IRQ_EVENTS).status, OK);
    card_set_msi(0xfee00010 | r.r[2] << 5, 0);
    for (unsigned i = 0; i < 500; i++)
        card_raise();
    events_take();
    r = interrupt_info(INTERRUPT2);
    check("delivered up to the limit and one", r.r[0], 21);
    check("then masked", r.r[1], 1);
    check("in the live entry", r.r[3], 0);
    events_take();
    card_raise();
    check("silence", events_take() & EVENT_IRQ, 0);
    check("acknowledge, too early", interrupt_ack(INTERRUPT2).status,
          FAILS(ERR_BUSY, 0));
    while (interrupt_ack(INTERRUPT2).status == FAILS(ERR_BUSY, 0))
        ;
    check("acknowledge", interrupt_info(INTERRUPT2).r[1], 0);
    card_raise();
    check("heard again", events_take() & EVENT_IRQ, EVENT_IRQ);
    test_no_way_around();
    check("delete", captable_delete(SLOT_CAPTABLE, INTERRUPT2).status, OK);
    card_raise();
    check("deleted", events_take() & EVENT_IRQ, 0);
}

/* Forged requests cannot be muted one device at a time; reports pause (R7). */
static void test_storm(void)
{
    uint64_t end = now() + 300000000, before = device_info(DEVICE).r[3];
    uint64_t raised = 0, reported;

    card_set_msi(0xfee00010 | 4000 << 5, 0);
    for (; now() < end; raised++)
        card_raise();
    reported = device_info(DEVICE).r[3] - before;
    check("reported", reported > 0, 1);
    check("no more than the limit", reported <= 31 * 257, 1);
    events_take();
    faults_drain();
    check("bind", device_bind(DEVICE, FAULT_EVENTS, 1000).status, OK);
    card_write_memory(0x400000, 64);
    check("told", events_take() & EVENT_FAULT, EVENT_FAULT);
    check("heard afterwards", device_fault(DEVICE).r[0], 0x400000);
}

/* The bound of what blocking a device has to clear. */
static void test_many(void)
{
    unsigned made = 0;
    uint64_t status;

    while ((status =
                device_interrupt(DEVICE, ram, 0, BLOCK_OF_IRQS + made, 0, 1000)
                    .status) == OK)
        made++;
    check("the last one", status, ERR_LIMIT);
    check("how many", made, 63);
    check("counted", device_info(DEVICE).r[4], 64);
    for (unsigned i = 0; i < made / 2; i++)
        check("delete one",
              captable_delete(SLOT_CAPTABLE, BLOCK_OF_IRQS + i).status, OK);
    check("counted", device_info(DEVICE).r[4], 64 - made / 2);
}

void test_interrupts(void)
{
    struct result r;

    check("CPU that is none",
          device_interrupt(DEVICE, ram, 0, INTERRUPT, boot->cpus, 1000).status,
          FAILS(ERR_ARGUMENT, 4));
    check("no limit", device_interrupt(DEVICE, ram, 0, INTERRUPT, 0, 0).status,
          FAILS(ERR_ARGUMENT, 5));
    check("slot in use",
          device_interrupt(DEVICE, ram, 0, EVENTS, 0, 1000).status,
          FAILS(ERR_OCCUPIED, 3));
    for (uint64_t cpu = 0; cpu < boot->cpus; cpu++) {
        r = device_interrupt(DEVICE, ram, 0, INTERRUPT, cpu, 1000);
        check("interrupt", r.status, OK);
        check("bind", interrupt_bind(INTERRUPT, IRQ_EVENTS).status, OK);
        card_set_msi(r.r[0], r.r[1]);
        card_raise();
        check("delivered", events_take(), EVENT_IRQ);
        check("once", interrupt_info(INTERRUPT).r[0], 1);
        check("its CPU", interrupt_info(INTERRUPT).r[4], cpu);
        check("live", interrupt_info(INTERRUPT).r[3] != 0, 1);
        check("unbind", interrupt_bind(INTERRUPT, 0).status, OK);
        card_raise();
        check("nobody", events_take(), 0);
        check("delete", captable_delete(SLOT_CAPTABLE, INTERRUPT).status, OK);
        /* R4: its entry is gone; the card's message is a fault. */
        card_raise();
        check("gone", events_take(), EVENT_FAULT);
        check("record", device_fault(DEVICE).r[2], DEVICE_FAULT_INTERRUPT);
    }
    test_limit();
    test_storm();
    r = device_interrupt(DEVICE, ram, 0, INTERRUPT, 0, 1000);
    check("bind", interrupt_bind(INTERRUPT, IRQ_EVENTS).status, OK);
    card_set_msi(r.r[0], r.r[1]);
    test_many();
}

#define COM1        0x3f8
#define UART_ENABLE 1
#define ENABLE_SENT 2u
#define UART_MODEM  4
#define MODEM_OUT2  8u /* lets its interrupt out on a PC */
#define COM1_LINE   4

/* The console's interrupt, through the I/O APIC, with isolation and without. */
void test_line(void)
{
    cap_t control = SLOT_DEVICE_CONTROL;

    check("line beyond 15",
          device_lines(control, ram, 16, 0, LINE, 0, 1000).status,
          FAILS(ERR_ARGUMENT, 2));
    check("line",
          device_lines(control, ram, COM1_LINE, 0, LINE, 0, 1000).status, OK);
    check("the same again",
          device_lines(control, ram, COM1_LINE, 0, SPARE, 0, 1000).status,
          FAILS(ERR_BUSY, 2));
    check("bind", interrupt_bind(LINE, IRQ_EVENTS).status, OK);
    events_take();
    ports_out(PORTS, COM1 + UART_MODEM, 1, MODEM_OUT2 | 3);
    ports_out(PORTS, COM1 + UART_ENABLE, 1, ENABLE_SENT);
    check("delivered", events_take(), EVENT_IRQ);
    ports_out(PORTS, COM1 + UART_ENABLE, 1, 0);
    check("delete", captable_delete(SLOT_CAPTABLE, LINE).status, OK);
    check("line again",
          device_lines(control, ram, COM1_LINE, 0, LINE, 0, 1000).status, OK);
    check("delete", captable_delete(SLOT_CAPTABLE, LINE).status, OK);
}
