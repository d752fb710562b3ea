/*
 * Devices and their Interrupts: the cage as objects. DMA attachment,
 * interrupts and fault reports of a requester ID hang on its Device
 * capability, so that revoking it takes them together (R3): the Device is
 * blocked, and each Interrupt, which holds a capability derived from it, dies.
 */
#pragma once

#include "iommu/iommu.h"
#include "kernel/notification.h"
#include "kernel/space.h"

/* Fault records that wait for device_fault. */
#define DEVICE_FAULTS 8
/* Interrupts of one Device: the bound of blocking it. */
#define DEVICE_MAX_INTERRUPTS 64

struct interrupt;

/* Events in a window of the time-stamp counter (R7). */
struct rate_limit {
    uint64_t limit;       /* events a window */
    uint64_t window;      /* TSC cycles */
    uint64_t count;       /* in this window */
    uint64_t window_ends; /* TSC */
};
/* `per_second` events: in windows of 10 ms, or of 1 s if they are few. */
void rate_limit_set(struct rate_limit *rate, uint64_t per_second);
/* Counts one event; true: that is one too many. */
bool rate_limit_exceeded(struct rate_limit *rate);

enum device_binding { DEVICE_BIND_DOMAIN, DEVICE_BIND_FAULT, DEVICE_BINDINGS };

struct device_fault_record {
    uint64_t address;
    uint32_t reason, flags; /* enum device_fault_flags */
};

struct device {
    struct object object;
    struct iommu_device iommu;
    struct lock lock;    /* attachment, muting, and the fault records */
    uint8_t state;       /* enum device_state */
    struct device *next; /* others of its hash, for finding it by requester */
    struct interrupt *interrupts; /* live ones, doubly linked */
    uint32_t interrupt_count;
    uint32_t first, count; /* of `records`, a ring */
    uint64_t faults;       /* since it was made */
    uint64_t losses;       /* dropped records that it has heard of */
    struct rate_limit rate;
    struct device_fault_record records[DEVICE_FAULTS];
    struct cap bindings[DEVICE_BINDINGS];
};

enum interrupt_binding {
    INTERRUPT_BIND_DEVICE, /* derived from the Device's capability (R3) */
    INTERRUPT_BIND_NOTIFICATION,
    INTERRUPT_BINDINGS
};

struct interrupt {
    struct object object;
    struct lock lock;              /* of its remapping entry and of `masked` */
    struct device *device;         /* NULL: a legacy line, or dead */
    struct interrupt *next, *prev; /* of the same device */
    uint32_t gsi;                  /* legacy line: input of an I/O APIC */
    uint8_t line;                  /* legacy line: its ISA number */
    uint16_t index;                /* remapping entry */
    uint8_t vector, cpu;
    bool is_line;  /* through the I/O APIC */
    bool is_level; /* a level line: masked from delivery to interrupt_ack */
    bool remapped; /* has a remapping entry */
    bool dead;     /* its device is blocked or gone */
    bool masked;   /* over its limit, or a level line not yet acknowledged */
    uint16_t source;
    uint64_t count; /* delivered */
    struct rate_limit rate;
    struct cap bindings[INTERRUPT_BINDINGS];
};

/* All Devices by requester ID: at most one of each (device_fault.c). */
bool device_table_has(uint16_t segment, uint16_t rid);
void device_table_add(struct device *device);
void device_table_remove(struct device *device);

/* A device's vector on this CPU: VECTOR_DEVICE_FIRST to VECTOR_DEVICE_LAST.
 * The caller ends the interrupt at the local APIC after this. */
void interrupt_deliver(struct cpu *cpu, uint64_t vector);
/* VECTOR_IOMMU_FAULT: hands new fault records to their Devices. */
void device_take_faults(void);
/* How many there were since it was made, those that are still in hardware
 * included. */
uint64_t device_count_faults(struct device *device);
/* The timer that ends a pause in taking faults has expired. */
void device_resume_faults(void);

/* Kills all Interrupts of a device, confirmed by hardware if true. */
bool interrupts_kill(struct device *device);
/* What a Domain is to the IOMMU (domain.c). */
struct iommu_domain *domain_iommu(struct space *space);
/* The notification that hears of the device's faults, if there is one. */
void device_tell(struct device *device);

enum step device_destroy_step(struct device *device);
enum step device_binding_lost(struct device *device, unsigned role);
enum step interrupt_destroy_step(struct interrupt *interrupt);
enum step interrupt_binding_lost(struct interrupt *interrupt, unsigned role);
