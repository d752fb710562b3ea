/*
 * Everything about one device at once, from all CPUs: its interrupts come and
 * go, its pages are mapped and unmapped, its faults are asked for, it is
 * blocked and attached, while it does what it likes. Nothing but the expected
 * statuses may come of it, and afterwards the cage still holds.
 */
#include "devices.h"

#define ROUND_NS 1500000000ul
#define IRQ_SLOT 640

static volatile uint64_t until, rounds[4], surprises[4];
static volatile bool resting[4];

/* For some time, and at least one round however busy the host is. */
static bool goes_on(unsigned n)
{
    return now() < until || !rounds[n];
}

static void expect(unsigned n, uint64_t status, uint64_t other)
{
    if (status != OK && STATUS_CODE(status) != other) {
        surprises[n]++;
        rounds[n] = status | 1ull << 32; /* for whoever looks */
    }
}

static _Noreturn void rest(unsigned n)
{
    resting[n] = true;
    for (;;)
        notification_wait(EVENTS, DEADLINE_NEVER);
}

static void run_interrupts(void)
{
    while (goes_on(1)) {
        uint64_t made =
            device_interrupt(DEVICE, ram, 0, IRQ_SLOT, boot->cpus - 1, 100)
                .status;

        expect(1, made, ERR_BUSY); /* while it is blocked */
        rounds[1]++;
        if (made != OK)
            continue;
        /* Blocking kills it, whatever we are at. */
        expect(1, interrupt_bind(IRQ_SLOT, IRQ_EVENTS).status, ERR_GONE);
        expect(1, interrupt_ack(IRQ_SLOT).status, ERR_GONE);
        expect(1, captable_delete(SLOT_CAPTABLE, IRQ_SLOT).status, OK);
    }
    rest(1);
}

static void run_pages(void)
{
    while (goes_on(2)) {
        expect(2,
               space_map(DOMAIN, PAGES + 2, 2, IOVA + 0x10000,
                         MAP_READ | MAP_WRITE)
                   .status,
               OK);
        expect(2, space_unmap(DOMAIN, PAGES + 2, 2).status, OK);
        rounds[2]++;
    }
    rest(2);
}

static void run_questions(void)
{
    while (goes_on(3)) {
        expect(3, device_info(DEVICE).status, OK);
        expect(3, device_fault(DEVICE).status, ERR_TIMEOUT);
        expect(3, device_bind(DEVICE, FAULT_EVENTS, 5).status, OK);
        expect(3, iommu_info(SLOT_DEVICE_CONTROL).status, OK);
        rounds[3]++;
    }
    rest(3);
}

static void start(unsigned n, void (*run)(void))
{
    worker_start(n, run, 250, n % boot->cpus);
}

void test_stress(void)
{
    until = now() + ROUND_NS;
    check("unmap", space_unmap(DOMAIN, PAGES + 2, 2).status, OK);
    start(1, run_interrupts);
    start(2, run_pages);
    start(3, run_questions);
    for (uint64_t i = 0; goes_on(0); i++) {
        card_set_msi(0xfee00010 | (i % 3) << 5, 0);
        for (unsigned k = 0; k < 20; k++)
            card_raise();
        card_write_nowait(IOVA + 0x10000 + i % 3 * PAGE_SIZE, 64);
        expect(0, device_block(DEVICE).status, OK);
        expect(0, device_attach(DEVICE, DOMAIN).status, OK);
        rounds[0]++;
    }
    /* None is stopped in the middle of a round. */
    for (unsigned n = 1; n < 4; n++)
        while (!resting[n])
            notification_wait(FAULT_EVENTS, now() + 1000000);
    events_take();
    for (unsigned n = 0; n < 4; n++) {
        check("surprises", surprises[n], 0);
        check("rounds", rounds[n] > 0, 1);
    }
    for (unsigned n = 1; n < 4; n++)
        worker_end(n);
    check("map again",
          space_map(DOMAIN, PAGES + 2, 2, IOVA + 2 * PAGE_SIZE,
                    MAP_READ | MAP_WRITE)
              .status,
          OK);
    check("bind", device_bind(DEVICE, FAULT_EVENTS, 1000).status, OK);
    card_wait();
    faults_drain();
}
