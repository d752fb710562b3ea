/*
 * MSI and MSI-X of one function. Addresses and data come from the kernel, which
 * made a remapping entry that accepts them from this requester alone (R5).
 */
#pragma once

#include "servers/pci/node.h"

#define VECTORS_MAX 64

struct vector {
    uint64_t address;
    uint32_t data;
    bool set;
};

#define MSIX_ENTRY_BYTES 16u /* PCIe 7.7.2.2 */

/* BAR that holds the MSI-X table, and the table's offset in it. */
static inline uint32_t msix_bar(const struct node *n)
{
    return n->msix_table & 7;
}

static inline uint32_t msix_offset(const struct node *n)
{
    return n->msix_table & ~7u;
}

/* The function's interrupts off, by both kinds. */
void msi_disable(const struct config_space *c, const struct node *n);

/* Before the table is written: MSI-X on, all vectors masked (7.7.2.2). */
void msix_prepare(const struct config_space *c, const struct node *n);

/* Writes `count` entries of a mapped table and unmasks those that are set. */
void msix_write(volatile uint32_t *table, const struct vector *vectors,
                uint32_t count);

/* After the table is written: vectors follow their own mask bits. */
void msix_enable(const struct config_space *c, const struct node *n);

/* MSI with one vector (7.7.1). */
void msi_enable(const struct config_space *c, const struct node *n,
                const struct vector *v);
