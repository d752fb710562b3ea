/*
 * What the server holds for a function, shared by claim.c (whose it is) and
 * enable.c (what it may do).
 */
#pragma once

#include <stdio.h>

#include <cordon/abi.h>

#include "servers/pci/msi.h"

struct holding {
    cap_t device;
    cap_t bars[PCI_BARS];
    cap_t windows[PCI_BARS]; /* slots from which children of these are moved
                                to drivers, and which are empty then */
    struct vector *vectors;  /* VECTORS_MAX of them while claimed */
    uint32_t enabled;        /* vectors that are on */
    bool mastered;           /* it could send DMA since it was claimed */
    uint64_t reset_again;    /* monotonic time when its driver may reset it */
};

extern struct holding holdings[NODES_MAX];

struct holding *holding_of(const struct tree *t, const struct node *n);

/* `bus:device.function`, as everybody writes it; valid until the next call. */
const char *address_text(const struct node *n);

/* Clears and sets bits of the command register. */
void command_set(const struct config_space *c, const struct node *n,
                 uint32_t clear, uint32_t set);

/* A bridge passes DMA on only while something claimed is below it. */
void claim_power_bridges(const struct config_space *c, const struct tree *t);

/* Puts a line into `why` and is the error. */
#define REFUSE(why, error, ...)                                                \
    (snprintf(why, PCI_REASON, __VA_ARGS__), (int)(error))
