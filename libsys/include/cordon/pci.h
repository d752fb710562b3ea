/*
 * The PCI server's protocol. servers/pci alone reads and writes configuration
 * space; everybody else asks it through an endpoint whose badge says who asks:
 *
 *   badge 0           init: lists, claims and releases functions
 *   badge handle + 1  the driver that holds function `handle` (the capability
 *                     of kind STARTUP_PCI); it can only mean its own function
 *
 * A *handle* is a function's number in order of address, from 0. Every function
 * below returns 0 or an enum service_error (<cordon/service.h>); an error reply
 * carries a line for people, which pci_reason() hands out.
 *
 * Source of the layout: PCI Express Base Specification 6.0, chapter 7; PCI
 * Local Bus Specification 3.0, chapter 6.
 */
#pragma once

#include <cordon/abi.h>

enum pci_operation {
    /* init only */
    PCI_COUNT = 1,      /* -> functions, groups */
    PCI_FUNCTION = 2,   /* handle -> struct pci_function */
    PCI_FIND = 3,       /* select, value, mask, index -> handle */
    PCI_CLAIM = 4,      /* handle -> Device (capability 0) */
    PCI_WINDOW = 5,     /* handle, bar -> device Untyped; after ENABLE */
    PCI_SET_VECTOR = 6, /* handle, vector, MSI address, MSI data */
    PCI_ENABLE = 7,     /* handle, vectors: decode, bus master, interrupts on */
    PCI_RELEASE = 8,    /* handle: off, reset, free again or quarantined */
    /* the driver of one function */
    PCI_READ = 16,       /* offset, width -> value */
    PCI_WRITE = 17,      /* offset, width, value; a short list of fields */
    PCI_CAPABILITY = 18, /* id -> offset; extended ones: PCI_EXTENDED | id */
    PCI_RESET = 19,      /* function reset; then BARs and command as before */
    PCI_VECTOR = 20,     /* vector -> MSI address, MSI data that it was given */
};

#define PCI_EXTENDED  0x10000u /* in an id: extended capability */
#define PCI_NO_HANDLE (~0u)
#define PCI_BARS      6
#define PCI_REASON    120 /* bytes of a reason, the NUL included */

/* Parts of an address as this system writes it (R2). */
#define PCI_ADDRESS(segment, bus, device, function)                            \
    ((uint32_t)(segment) << 16 | (uint32_t)(bus) << 8 |                        \
     (uint32_t)(device) << 3 | (uint32_t)(function))
#define PCI_SEGMENT(address)     ((address) >> 16)
#define PCI_BUS(address)         (((address) >> 8) & 0xff)
#define PCI_DEVICE(address)      (((address) >> 3) & 0x1f)
#define PCI_FUNCTION_OF(address) ((address)&7)

enum pci_state {
    PCI_UNCLAIMED = 0,   /* may be claimed */
    PCI_CLAIMED = 1,     /* a driver has it */
    PCI_REFUSED = 2,     /* cannot be granted at all; reason says why */
    PCI_QUARANTINED = 3, /* did not reset; never granted again */
};

enum pci_flags {
    PCI_HAS_MSI = 1,
    PCI_HAS_MSIX = 2,
    PCI_HAS_FLR = 4,
    PCI_IS_BRIDGE = 8,
    PCI_IS_EXPRESS = 16,
    PCI_BUS_MASTER = 32, /* now on, as configuration space says */
    PCI_HAS_PM_RESET = 64,
};

enum pci_bar_flags {
    PCI_BAR_MEMORY = 1, /* else nothing or I/O ports, which nobody gets */
    PCI_BAR_IO = 2,
    PCI_BAR_64 = 4,
    PCI_BAR_PREFETCH = 8,
    PCI_BAR_SHARED = 16, /* shares a 4 KiB page with another function */
    PCI_BAR_ABSENT = 32, /* firmware gave it no address that can be granted */
};

struct pci_bar {
    uint64_t base; /* physical address, or I/O port */
    uint64_t size; /* bytes */
    uint64_t flags;
};

/* One function, as PCI_FUNCTION reports it. */
struct pci_function {
    uint32_t address; /* PCI_ADDRESS */
    uint16_t vendor, device;
    uint32_t class_code; /* base << 16 | sub << 8 | interface */
    uint32_t handle;
    uint32_t group;     /* functions of one number cannot be separated */
    uint32_t vectors;   /* MSI-X or MSI vectors that it has */
    uint32_t flags;     /* enum pci_flags */
    uint32_t state;     /* enum pci_state */
    uint32_t requester; /* ID that its DMA carries: its own or an alias */
    uint32_t reserved;
    struct pci_bar bars[PCI_BARS];
    char reason[PCI_REASON]; /* why refused or quarantined; else empty */
};
_Static_assert(sizeof(struct pci_function) % 8 == 0, "whole words");

/* --- for init; `pci` is the server's endpoint --- */

/* How many functions there are, and into how many groups they fall. */
int pci_count(cap_t pci, uint32_t *functions, uint32_t *groups);

int pci_function(cap_t pci, uint32_t handle, struct pci_function *out);

/* The index-th function whose number (class code, ID or address, as `select`
 * of enum manifest_select says), anded with `mask`, equals `value`. */
int pci_find(cap_t pci, uint32_t select, uint32_t value, uint32_t mask,
             uint32_t index, uint32_t *handle);

/* Claims a function; its Device arrives in the empty slot `device`. */
int pci_claim(cap_t pci, uint32_t handle, cap_t device);

/* A device Untyped that covers memory BAR `bar` arrives in empty slot `window`,
 * once the function is enabled. NOT_FOUND: no memory BAR of that number. base
 * and size say what it covers: whole pages, at least the BAR. */
int pci_window(cap_t pci, uint32_t handle, uint32_t bar, cap_t window,
               uint64_t *base, uint64_t *size);

/* Writes one MSI-X entry (or MSI register) from what device_interrupt said. */
int pci_set_vector(cap_t pci, uint32_t handle, uint32_t vector,
                   uint64_t address, uint64_t data);

/* Turns memory decode, bus mastering and `vectors` interrupts on. The function
 * must be in its cage by then, and its windows not yet handed out. */
int pci_enable(cap_t pci, uint32_t handle, uint32_t vectors);

/* Bus master off, windows and Device taken back, reset (also of a function that
 * a PCI server before this one had given out). Success: it is unclaimed again.
 * Else it is quarantined, and pci_reason() says why. */
int pci_release(cap_t pci, uint32_t handle);

/* --- for drivers; `pci` is the capability of kind STARTUP_PCI --- */

/* Reads `width` (1, 2 or 4) bytes at aligned `offset` (below 4096). */
int pci_read(cap_t pci, uint32_t offset, uint32_t width, uint32_t *value);

/* Writes a field that cannot reach beyond the cage: cache line size, latency
 * timer, error bits (write 1 to clear), device control's read-request size,
 * relaxed-ordering and no-snoop fields, and the power state D0. Everything else
 * is refused with the reason. */
int pci_write(cap_t pci, uint32_t offset, uint32_t width, uint32_t value);

/* Where capability `id` (or PCI_EXTENDED | id) starts; an error if absent. */
int pci_capability(cap_t pci, uint32_t id, uint32_t *offset);

/* Resets the function, then sets command register, BARs, MSI or MSI-X enable
 * up again. SERVICE_BUSY if the last time is not long ago: up to some seconds.
 * The entries of an MSI-X table are the driver's to write again, through its
 * window, from what pci_vector() says. */
int pci_reset(cap_t pci);

/* What MSI-X entry `vector` must hold. */
int pci_vector(cap_t pci, uint32_t vector, uint64_t *address, uint64_t *data);

/* The line that came with this thread's last error from the PCI server, or "".
 */
const char *pci_reason(void);
