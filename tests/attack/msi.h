/*
 * Interrupts in the hands of a rogue PCI server (raw.h): lines of any device
 * that it mints, and the card's MSI registers.
 */
#pragma once

#include "tests/attack/raw.h"

#define LINE_RATE 1000 /* interrupts a second */

__attribute__((unused)) static uint64_t msi_find(const struct raw *raw)
{
    uint64_t at = mmio_read8(raw->config, CONFIG_CAPS);

    while (at != 0 && mmio_read8(raw->config, at) != CAP_ID_MSI)
        at = mmio_read8(raw->config, at + 1);
    if (at == 0)
        attack_error("the card has no MSI", 0);
    return at;
}

struct line {
    cap_t interrupt, events;
    uint64_t address, data, index;
};

/* An Interrupt of `device` on a CPU, delivered to a notification of its own. */
static struct line line_make(cap_t device, unsigned cpu)
{
    struct line line = {.interrupt = slot_alloc()};
    uint64_t status;
    struct result r = device_interrupt(device, memory_source(), 0,
                                       line.interrupt, cpu, LINE_RATE);

    raw_must("interrupt", r.status);
    line.address = r.r[0];
    line.data = r.r[1];
    line.events = object_make(CAP_NOTIFICATION, 0, &status);
    raw_must("notification", line.events ? OK : status);
    raw_must("bind", interrupt_bind(line.interrupt, line.events).status);
    line.index = interrupt_info(line.interrupt).r[2];
    return line;
}

__attribute__((unused)) static void msi_program(const struct raw *raw,
                                                const struct line *line)
{
    uint64_t at = msi_find(raw);

    mmio_write32(raw->config, at + MSI_ADDRESS, (uint32_t)line->address);
    mmio_write32(raw->config, at + MSI_ADDRESS + 4,
                 (uint32_t)(line->address >> 32));
    mmio_write32(raw->config, at + MSI_DATA, (uint32_t)line->data);
    mmio_write16(raw->config, at + MSI_CONTROL,
                 mmio_read16(raw->config, at + MSI_CONTROL) | 1);
}
