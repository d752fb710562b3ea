/*
 * Devices and their Interrupts: the cage as objects. A Device owns what hangs
 * on its requester ID, so that revoking it takes DMA, interrupts and faults
 * together (R3). Interrupts are derived from their Device's capability.
 */
#pragma once

#include "iommu/iommu.h"
#include "kernel/notification.h"
#include "kernel/space.h"

/* Fault records that wait for device_fault. */
#define DEVICE_FAULTS 8

enum device_binding {
    DEVICE_BIND_DOMAIN,
    DEVICE_BIND_FAULT,
    DEVICE_BINDINGS
};

struct device_fault_record {
    uint64_t address;
    uint32_t reason, flags;
};

/* Events per second, counted in windows of the time-stamp counter (R7). */
struct rate_limit {
    uint64_t limit;       /* events a window */
    uint64_t count;       /* in this window */
    uint64_t window_ends; /* TSC */
};

struct device {
    struct object object;
    struct iommu_device iommu;
    struct lock lock; /* of the fault records */
    uint8_t state;    /* enum device_state */
    bool muted;
    bool lost;
    struct device *next; /* all devices, for finding one by requester ID */
    struct rate_limit limit;
    uint64_t faults;
    uint32_t interrupts; /* live */
    uint32_t first, count; /* of `records` */
    struct device_fault_record records[DEVICE_FAULTS];
    struct cap bindings[DEVICE_BINDINGS];
};

struct interrupt {
    struct object object;
    struct device *device; /* NULL: a legacy line */
    uint16_t index;        /* remapping entry */
    uint8_t vector, cpu;
    uint8_t line; /* ISA line, without a device */
    bool dead;    /* its device was blocked */
    bool masked;  /* over its limit, or a level line not yet acknowledged */
    uint64_t count;
    struct rate_limit limit;
    struct cap binding; /* the notification, with its badge */
};

/* Once per CPU of the vectors: VECTOR_DEVICE_FIRST to VECTOR_DEVICE_LAST. */
void interrupt_deliver(struct cpu *cpu, uint8_t vector);
/* VECTOR_IOMMU_FAULT: hands new fault records to their Devices. */
void device_take_faults(void);

enum step device_destroy_step(struct device *device);
enum step device_binding_lost(struct device *device, unsigned role);
enum step interrupt_destroy_step(struct interrupt *interrupt);
enum step interrupt_binding_lost(struct interrupt *interrupt);
