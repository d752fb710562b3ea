/*
 * The driver kit: a device, its registers, its DMA memory and its interrupts,
 * as the policy granted them. docs/driver-kit.md explains; drivers/edu is the
 * shortest use.
 *
 *   struct driver d;
 *   driver_open(&d, NULL);
 *   mmio_t regs = driver_map_window(&d, 0, NULL);
 *   struct dma_memory buffer;
 *   dma_alloc(&d, 4096, &buffer);
 *   mmio_write64(regs, DMA_ADDRESS, buffer.iova.v);
 *   bits = driver_wait(&d, clock_after(NS_PER_S));
 *
 * Functions return a status (enum status, OK is 0) unless they say otherwise.
 * None of them can reach beyond the cage: what is not granted is not there.
 */
#pragma once

#include <cordon/memory.h>
#include <cordon/mmio.h>
#include <cordon/ranges.h>
#include <cordon/types.h>

#define DRIVER_MAX_VECTORS 32
#define DRIVER_MAX_WINDOWS 6

/* A decoded fault record of the device (R6). */
struct driver_fault {
    uint64_t address; /* IOVA, or the interrupt index */
    uint32_t reason;  /* VT-d fault reason */
    uint32_t flags;   /* enum device_fault_flags */
};

struct driver {
    const char *name; /* of the device in the policy */
    cap_t device;     /* read only: faults and state */
    cap_t domain;     /* where its DMA goes */
    cap_t pci;        /* the PCI server, for this device */
    cap_t dma_source; /* Untyped for DMA memory */
    cap_t events;     /* Notification: bit i = interrupt vector i */
    cap_t interrupts[DRIVER_MAX_VECTORS];
    uint32_t vectors;
    uint64_t faults_seen;
    struct driver_fault fault; /* taken, and not given out yet, */
    bool fault_kept;           /* if there is one */
    struct ranges iova;        /* free IOVAs */
};

/*
 * Opens the device of that name, or the component's only one (NULL), and binds
 * its interrupts. Errors: ERR_CAPABILITY (the policy grants no such device),
 * ERR_NO_MEMORY.
 */
uint64_t driver_open(struct driver *d, const char *name);

/* Maps BAR `bar` uncached. NULL if the device has no such memory BAR or there
 * is no room; *bytes (may be NULL) is its size. */
mmio_t driver_map_window(struct driver *d, unsigned bar, size_t *bytes);

/*
 * Waits for interrupts: returns the bits of the vectors that came, 0 when the
 * deadline passed. Bits above DRIVER_MAX_VECTORS are the driver's own: signal
 * d->events with a badge of its own, or set a timer on it.
 */
uint64_t driver_wait(struct driver *d, uint64_t deadline);

/* Lets a vector go on that was masked for being over its rate (R7); harmless
 * otherwise. Too early, within 10 ms (1 s at rates below 1000), it stays
 * masked: ask again. What the device did meanwhile gives no interrupt; look for
 * it. */
void driver_ack(struct driver *d, unsigned vector);

/*
 * Memory that the device reaches as well. Frames are mapped in the component
 * and, as copies, in the Domain.
 */
struct dma_memory {
    struct memory memory; /* memory.address: for the CPU */
    iova_t iova;          /* for the device */
    cap_t copies;         /* Frames mapped in the Domain; memory.count */
};

/* Zeroed, at least `bytes`, contiguous for the device. From the policy's DMA
 * bytes. Errors: NO_MEMORY, LIMIT, NO_ISOLATION. */
uint64_t dma_alloc(struct driver *d, size_t bytes, struct dma_memory *out);

/* Takes it from the device (confirmed when it returns, R4) and deletes it. A
 * DMA in flight may still arrive: quiesce the device first. */
void dma_free(struct driver *d, struct dma_memory *m);

/* A client's lent Frames in the Domain only: the driver never sees the data.
 * `attributes` MAP_READ (the device reads) and MAP_WRITE. */
struct dma_loan {
    cap_t frames;
    uint32_t count, size_bits;
    iova_t iova;
};
uint64_t dma_lend(struct driver *d, cap_t frames, uint32_t count,
                  uint32_t size_bits, unsigned attributes,
                  struct dma_loan *out);
/* Ends it; the Frame capabilities stay in their slots. Works as well when the
 * client has already taken them back. */
void dma_return(struct driver *d, struct dma_loan *loan);

/* Faults since the last call: nonzero means that a DMA did not arrive, so do
 * not acknowledge what was in flight. Read the records with driver_next_fault:
 * one of them is taken here already, so init will not log it. */
uint64_t driver_new_faults(struct driver *d);

/* Takes the oldest fault record; false if there is none. */
bool driver_next_fault(struct driver *d, struct driver_fault *out);

/* Writes the record in words to standard output. */
void driver_tell_fault(const struct driver_fault *fault);
