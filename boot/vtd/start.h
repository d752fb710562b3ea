/*
 * The steps by which VT-d is switched on, and what a unit says that it can.
 */
#pragma once

#include "boot/vtd/dmar.h"
#include "iommu/vtd/vtd.h"

/* What the ACPI table says; read before everything else. */
extern struct dmar vtd_dmar;

/* What one unit offers for the format and limits that all share. */
struct unit_offer {
    unsigned levels;       /* bit n: tables of n levels */
    unsigned address_bits; /* of a DMA address */
    uint64_t leaf_sizes;   /* as in struct radix_format */
    uint32_t domains;
    bool incoherent; /* reads tables without snooping */
    bool x2apic;     /* remapping entries with 32-bit APIC IDs */
    bool protects;   /* has protected-memory registers */
};

/* unit.c: reads what the unit offers in `size` bytes of registers. NULL, or
 * what it lacks. */
const char *unit_probe(struct vtd_unit *u, uint32_t size,
                       struct unit_offer *offer);
/* R1: translation and remapping on, with empty tables. NULL, or which step
 * the unit did not confirm. */
const char *unit_enable(struct vtd_unit *u, const struct unit_offer *offer);
/* The remapping table's address and size, as the register wants them. */
uint64_t remap_register(void);

/* tables.c: memory for the remapping table, once, and for one unit's root,
 * context tables and queue. */
void remap_table_make(void);
void unit_tables_make(struct vtd_unit *u);

/* faults.c: empties the log and lets its interrupt through. */
void unit_faults_enable(struct vtd_unit *u, uint8_t vector, uint32_t apic_id);

/* scopes.c: fills vtd.scopes from vtd_dmar. */
void scopes_resolve(void);
