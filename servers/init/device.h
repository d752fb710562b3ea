/*
 * init's book of devices: for every device line of the policy which function it
 * means, and while its component lives what was granted of it.
 */
#pragma once

#include "servers/init/component.h"

#define DEVICE_NAME 16 /* "00:04.0" */

struct device_book {
    const struct manifest_device *policy;
    bool found;
    struct pci_function function;
    char name[DEVICE_NAME];
    char refused[MONITOR_TEXT]; /* why it cannot be granted; else empty */

    bool quarantined; /* a PCI server could not reset it */
    bool dirty;       /* its PCI server died before it could */

    /* while claimed */
    bool claimed;
    cap_t device, domain, interrupts;
    uint32_t interrupt_count;
    uint64_t dma_physical; /* of its DMA memory, policy->dma bytes */
    uint32_t windows;
    struct {
        uint64_t base, size;
    } window[PCI_BARS];
    uint32_t faults_logged;
    uint64_t look_at; /* when to log what its driver left; 0: nothing came */
};

extern struct device_book devices[MANIFEST_DEVICES_MAX];
extern uint32_t device_count;

/* Fills the book's policy side; call once, before any component starts. */
void device_open(void);

/* Asks the PCI server which functions the policy means, and refuses what only
 * the machine can tell: absent, claimed twice, a group split. */
void device_resolve(void);

/* Claims, cages and grants the component's devices. 0, or -1 after saying. */
int device_grant_all(struct component *c);

/* Closes the cages of its devices (R3); false if the hardware did not confirm.
 */
bool device_block_all(struct component *c);

/* Gives its devices back to the PCI server, which resets them; false if one of
 * them was not reset. */
bool device_reset_all(struct component *c);

/* Faults of the devices whose bits are set: time to look at them begins. */
void device_events(uint64_t bits);

/* When device_look() has something to do, or DEADLINE_NEVER. */
uint64_t device_next_look(void);

/* Has a new PCI server reset what the old one left behind; false if one of the
 * component's devices was not reset. */
bool device_clean_all(struct component *c);

/* Logs the fault records that drivers have left (R6). */
void device_look(void);

/* The entry that means this function, or NULL. */
const struct device_book *device_of_handle(uint32_t handle);

/* From now on nothing can be claimed. */
void device_server_died(void);

/* --- between the files of the book --- */

/* Puts why it cannot be granted into d->refused. */
__attribute__((format(printf, 2, 3))) void
device_refuse(struct device_book *d, const char *format, ...);

/* Makes the notification that tells of faults. */
void device_fault_open(void);

/* Has the device's faults told; 0, or -1 after saying why not. */
int device_bind_faults(struct component *c, struct device_book *d);

/* Logs the fault records that are there now. */
void device_drain_faults(struct device_book *d);
