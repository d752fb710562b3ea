/*
 * The card in the hands of a rogue PCI server: it holds device control and all
 * device memory, so it can aim at the kernel's part of the cage alone, without
 * the bus-master bit or a reset helping.
 */
#pragma once

#include "tests/attack/attack.h"

#define EDU_FUNCTION   (4u << 3) /* 00:04.0, as the runner plugs it in */
#define OTHER_FUNCTION 0xfau     /* 00:1f.2, the chipset's SATA controller */
#define DOMAIN_BITS    14        /* a Domain with its first tables */
#define RAW_IOVA       0x1000000ul

/* Configuration space (PCI Local Bus 3.0, 6.1, 6.8.1). */
#define CONFIG_COMMAND     0x04
#define COMMAND_MEMORY     2u
#define COMMAND_BUS_MASTER 4u
#define CONFIG_BAR0        0x10
#define CONFIG_CAPS        0x34
#define CAP_ID_MSI         0x05
#define MSI_CONTROL        2 /* bit 0 enables */
#define MSI_ADDRESS        4
#define MSI_DATA           12

struct raw {
    cap_t control, device, domain;
    mmio_t config, regs;
    struct memory page; /* what the card may reach ... */
    cap_t copy;
    uint64_t iova; /* ... at this address */
};

/* One page of device memory at a physical address, NULL if none covers it.
 * Ascending addresses: an Untyped is carved front to back. */
__attribute__((unused)) static mmio_t raw_map_any(uint64_t physical)
{
    const struct startup_cap *range;
    struct memory mapped;

    for (unsigned i = 0;
         (range = startup_find(STARTUP_DEVICE_MEMORY, NULL, i)) != NULL; i++) {
        cap_t frame = slot_alloc();
        uint64_t status;

        if (physical < range->base || physical - range->base >= range->size)
            continue;
        status = untyped_retype(range->slot, CAP_FRAME, PAGE_BITS, 1, 0, frame,
                                physical - range->base)
                     .status;
        if (status == OK)
            status = memory_map(frame, 1, PAGE_BITS,
                                MAP_READ | MAP_WRITE | MAP_UNCACHED, &mapped);
        return status == OK ? mapped.address : NULL;
    }
    return NULL;
}

__attribute__((unused)) static mmio_t raw_map(uint64_t physical)
{
    mmio_t mapped = raw_map_any(physical);

    if (mapped == NULL)
        attack_error("no device memory at that address", 0);
    return mapped;
}

__attribute__((unused)) static cap_t raw_mint(struct raw *raw,
                                              uint64_t requester)
{
    cap_t slot = slot_alloc();
    uint64_t status =
        device_mint(raw->control, memory_source(), requester, 0, slot).status;

    if (status != OK)
        attack_error("mint", status);
    return slot;
}

__attribute__((unused)) static void raw_must(const char *what, uint64_t status)
{
    if (status != OK)
        attack_error(what, status);
}

/* The card's configuration space and registers; no cage yet. */
__attribute__((unused)) static void raw_find(struct raw *raw)
{
    const struct startup_cap *control = startup_find(STARTUP_CONTROL, NULL, 0);

    if (control == NULL || startup->ecam_count == 0)
        attack_error("no device control", 0);
    raw->control = control->slot;
    raw->config = raw_map(startup->ecam[0].base + (EDU_FUNCTION << 12));
    if (mmio_read32(raw->config, 0) != 0x11e81234)
        attack_error("no edu card at 00:04.0", 0);
    raw->regs = raw_map(mmio_read32(raw->config, CONFIG_BAR0) & ~0xfu);
}

/* Its memory decode and bus mastering on. */
__attribute__((unused)) static void raw_let_go(struct raw *raw)
{
    mmio_write16(raw->config, CONFIG_COMMAND,
                 COMMAND_MEMORY | COMMAND_BUS_MASTER);
}

/* A page for it, and a copy that the Domain may map. */
__attribute__((unused)) static void raw_page(struct raw *raw, uint64_t rights)
{
    uint64_t status;

    raw_must("page", memory_alloc_sized(PAGE_SIZE, PAGE_BITS, &raw->page));
    raw->copy = cap_copy(raw->page.frames, rights, 0, &status);
    raw_must("copy", raw->copy ? OK : status);
    raw->iova = RAW_IOVA;
}

/* The card in a cage of its own, without memory. */
__attribute__((unused)) static void raw_cage(struct raw *raw)
{
    uint64_t status;

    raw_find(raw);
    raw->device = raw_mint(raw, EDU_FUNCTION);
    raw->domain = object_make(CAP_DOMAIN, DOMAIN_BITS, &status);
    raw_must("domain", raw->domain ? OK : status);
    raw_must("attach", device_attach(raw->device, raw->domain).status);
}

/* The card in a cage of its own with one page, memory and bus mastering on. */
__attribute__((unused)) static void raw_open(struct raw *raw)
{
    raw_cage(raw);
    raw_page(raw, RIGHTS_ALL);
    raw_must("map", memory_map_at(raw->domain, raw->copy, 1, raw->iova,
                                  PAGE_BITS, MAP_READ | MAP_WRITE));
    raw_let_go(raw);
}
