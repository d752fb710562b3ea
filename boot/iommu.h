/*
 * Switching the IOMMU on. One backend is linked in (boot/vtd/, and iommu/vtd/
 * for what runs later).
 */
#pragma once

#include <cordon/types.h>

/* What boot knows that the IOMMU needs. */
struct iommu_boot {
    const void *table;      /* ACPI DMAR, or NULL */
    size_t table_size;      /* bytes */
    bool x2apic;            /* the local APICs can be in x2APIC mode */
    uint32_t fault_apic_id; /* CPU that takes fault interrupts */
    uint8_t fault_vector;
};

/*
 * R1: turns translation and interrupt remapping on for every requester, with
 * nothing mapped; takes the units' registers off what user mode can map. Only
 * at boot. False: there is no isolation, and the kernel refuses all devices.
 */
bool iommu_init(const struct iommu_boot *boot);
/* Whether remapping entries hold 32-bit destinations: if not, the local APICs
 * must stay in xAPIC mode (VT-d 4.1, 5.1.4). */
bool iommu_x2apic(void);
/* Why not, one line for people; NULL when usable. */
const char *iommu_reason(void);
