/*
 * The IOMMU as the kernel sees it, whatever its vendor: domains that devices'
 * DMA goes through, devices that are attached or blocked, remapping entries
 * that interrupts come through, and fault records. One backend is linked in
 * (iommu/vtd/).
 *
 * All state but the table of units lives in the structures below, which the
 * kernel's objects embed. The caller serialises changes to one object; calls
 * for different objects may run on different CPUs.
 *
 * R4: what says that hardware confirmed means that an invalidation with wait
 * has completed within its bound. IOMMU_UNCONFIRMED means that the memory or
 * entry may still be in use by hardware: the caller keeps it out of use.
 */
#pragma once

#include "kernel/radix.h"

enum iommu_status {
    IOMMU_OK,
    IOMMU_OFF,         /* no usable IOMMU */
    IOMMU_NO_UNIT,     /* no unit translates this requester */
    IOMMU_LIMIT,       /* no domain-id or remapping entry is free */
    IOMMU_BUSY,        /* attached already, or devices are still attached */
    IOMMU_UNCONFIRMED, /* hardware did not confirm in time */
};

/* Translation and interrupt remapping are on (R1: boot/iommu.h). If not, all
 * below is refused with IOMMU_OFF. */
bool iommu_usable(void);

/* ---- Domains ---- */

struct iommu_domain {
    struct radix radix; /* map and unmap here, then flush below */
    uint32_t devices;   /* attached */
    uint32_t units;     /* bit n: unit n may cache this domain's entries */
    uint16_t id;        /* tag of its entries in hardware; 0: none */
};

/* `root` is a zeroed page that becomes the top table. */
enum iommu_status iommu_domain_init(struct iommu_domain *d, paddr_t root);
/* Gives the domain-id back. IOMMU_BUSY while devices are attached. When
 * IOMMU_UNCONFIRMED the id is never used again. */
enum iommu_status iommu_domain_destroy(struct iommu_domain *d);

/* After entries of [first, first + bytes) were removed or changed: no unit
 * uses the old ones when this returns IOMMU_OK (R4). One call for a batch. */
enum iommu_status iommu_domain_flush(struct iommu_domain *d, iova_t first,
                                     uint64_t bytes);
/* After absent entries became present: makes hardware see them. Free of cost
 * but for units that cache absent entries or buffer writes. */
enum iommu_status iommu_domain_publish(struct iommu_domain *d, iova_t first,
                                       uint64_t bytes);
uint32_t iommu_domains_free(void);

/* ---- Devices ---- */

struct iommu_device {
    struct iommu_domain *domain; /* NULL: blocked */
    uint16_t segment;
    uint16_t rid; /* requester ID: bus << 8 | device << 3 | function */
    uint8_t unit; /* that translates it */
    bool muted;   /* its faults are not recorded */
};

/* Finds the unit. The device starts blocked; nothing in hardware changes. */
enum iommu_status iommu_device_init(struct iommu_device *dev, uint16_t segment,
                                    uint16_t rid);
/* IOMMU_BUSY when attached already. Unmutes. */
enum iommu_status iommu_attach(struct iommu_device *dev,
                               struct iommu_domain *d);
/* R4: no DMA of the device is translated any more when this returns IOMMU_OK.
 * Its faults are muted. Blocking a blocked device confirms again. */
enum iommu_status iommu_block(struct iommu_device *dev);
/* R7: whether DMA faults of the device are recorded. */
enum iommu_status iommu_mute(struct iommu_device *dev, bool muted);
/* Mutes a requester that no device object stands for. */
enum iommu_status iommu_mute_requester(uint16_t segment, uint16_t rid);

/* R12: what the live table says about a requester. */
struct iommu_attachment {
    bool present, muted;
    uint16_t domain_id;
    paddr_t root;
};
enum iommu_status iommu_attachment_read(uint16_t segment, uint16_t rid,
                                        struct iommu_attachment *out);

/* ---- Interrupts ---- */

struct iommu_irq {
    uint32_t apic_id; /* destination */
    uint16_t source;  /* the only requester ID that may use it (R5) */
    uint8_t vector;
    bool level; /* I/O APIC level-triggered line */
};

/* Takes a free entry, which stays absent. */
enum iommu_status iommu_irq_alloc(uint16_t *index);
/* Makes an absent entry present. IOMMU_LIMIT: the units cannot address that
 * CPU. */
enum iommu_status iommu_irq_set(uint16_t index, const struct iommu_irq *irq);
/* Makes it absent until it is set again, and mutes faults of requests for it
 * meanwhile (R7); confirmed when IOMMU_OK (R4). */
enum iommu_status iommu_irq_mask(uint16_t index);
/* Makes it absent; in two halves, for several entries with one confirmation. */
void iommu_irq_remove(uint16_t index);
enum iommu_status iommu_irqs_confirm(void);
/* Gives an absent, confirmed entry back. */
void iommu_irq_free(uint16_t index);
/* The message a device must send to use the entry. */
void iommu_irq_message(uint16_t index, uint64_t *address, uint32_t *data);
/* R12: false when the entry is absent. */
bool iommu_irq_read(uint16_t index, struct iommu_irq *irq);
uint32_t iommu_irqs_free(void);
/* Requester ID that an I/O APIC's interrupts carry; false: not listed. */
bool iommu_ioapic_source(uint8_t ioapic_id, uint16_t *rid);

/* ---- Faults ---- */

struct iommu_fault {
    uint64_t address; /* page of the DMA; interrupt faults: 0 */
    uint16_t segment;
    uint16_t rid;
    uint16_t index; /* interrupt faults: the entry asked for */
    uint8_t reason; /* VT-d 4.1, table 29 and section 5.1.4.1 */
    bool write;
    bool interrupt;
    bool lost; /* hardware dropped records; with reason 0 that is all */
};

/* Takes one fault record; false when there is none. For the handler of the
 * fault interrupt, which repeats it up to a bound of its own. */
bool iommu_fault_take(struct iommu_fault *f);
/* R7: holds fault interrupts back, and lets them through again. While held
 * back, hardware drops what does not fit its records. */
void iommu_fault_hold(bool hold);
