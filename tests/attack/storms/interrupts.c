/*
 * The card raises its line as fast as it is told to, on a CPU that is not the
 * attacker's: what the kernel does about it there, others would pay for.
 */
#include "tests/attack/msi.h"
#include "tests/attack/storms/storm.h"

static struct raw raw;
static struct line line;
static cap_t owner; /* hears that the line was masked */
static unsigned told;
static bool acknowledged;

static void listen(void)
{
    if (notification_wait(owner, DEADLINE_POLL).status == OK)
        told++;
    if (acknowledged)
        interrupt_ack(line.interrupt);
}

static void quiet(void)
{
    listen();
    mmio_read32(raw.regs, 0);
}

static void raise(void)
{
    listen();
    mmio_write32(raw.regs, EDU_IRQ_RAISE, 1);
}

void storm_interrupts(bool acknowledge)
{
    uint64_t status;

    raw_open(&raw);
    acknowledged = acknowledge;
    line = line_make(raw.device, 0);
    owner = object_make(CAP_NOTIFICATION, 0, &status);
    raw_must("owner", owner ? OK : status);
    raw_must("faults", device_bind(raw.device, owner, 1000).status);
    say("ready");
    msi_program(&raw, &line);
    storm(STORM_TIME, quiet, raise);
    say("told %u interrupts %llu", told,
        (unsigned long long)interrupt_info(line.interrupt).r[0]);
    if (!acknowledge && told != 1)
        say("breach: the owner was told %u times", told);
}
