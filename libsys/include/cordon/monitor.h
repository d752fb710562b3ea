/*
 * The `monitor` and `power` services of init: what each component holds, what
 * became of each device, the lines that init said, whether the hardware's live
 * tables match the policy (R12), and how to stop.
 *
 * Every function returns 0 or an enum service_error (<cordon/service.h>).
 * A question is paid for by who asks. Who leaves more than 10 us of one to
 * init, by a budget that ran out or a deadline that was too early, is answered
 * BUSY for twenty times as long (R7); the functions below ask again by
 * themselves.
 *
 * Components are numbered as in the manifest, in starting order, from 0.
 */
#pragma once

#include <cordon/pci.h>

enum monitor_operation {
    MONITOR_SYSTEM = 1,    /* -> struct monitor_system */
    MONITOR_COMPONENT = 2, /* number -> struct monitor_component */
    MONITOR_DEVICE = 3,    /* handle -> struct monitor_device */
    MONITOR_LOG = 4,       /* byte offset -> bytes, then text */
    MONITOR_VERIFY = 5,    /* component number -> struct monitor_verify */
    MONITOR_KILL = 6,      /* component number: as if it had faulted */
    MONITOR_RESTART = 7,   /* component number: stop, then start afresh */
};

enum power_operation {
    POWER_OFF = 1,   /* exit status; ends the emulator with it */
    POWER_RESET = 2, /* restart the machine */
};

#define MONITOR_NAME 32
#define MONITOR_TEXT 160

enum monitor_state {
    MONITOR_NOT_STARTED = 0, /* text says why */
    MONITOR_RUNNING = 1,
    MONITOR_EXITED = 2,  /* by itself; text says its status */
    MONITOR_FAILED = 3,  /* a fault, and no restart is left; text says what */
    MONITOR_WAITING = 4, /* for its device to be reset, then it restarts */
};

/* The machine and the policy. */
struct monitor_system {
    char policy[64]; /* file name of the policy */
    char name[MONITOR_NAME];
    char isolation_reason[96]; /* why off; else empty */
    uint32_t components;
    uint32_t devices; /* PCI functions; 0 without a PCI server */
    uint32_t cpus;
    uint32_t isolation;    /* 1: IOMMU and interrupt remapping are on */
    uint64_t ram_bytes;    /* of the machine */
    uint64_t memory_given; /* bytes that components hold */
    uint64_t memory_free;  /* bytes that init could still give */
    uint64_t stray_faults; /* DMA faults of requesters without a Device */
    uint64_t log_bytes;    /* length of the log */
    uint64_t boot_ns;      /* monotonic time when the last one had started */
};

struct monitor_component {
    char name[MONITOR_NAME];
    uint32_t state;                   /* enum monitor_state */
    uint32_t line;                    /* of the policy */
    uint32_t restarts, restart_limit; /* limit 0: none */
    uint32_t cpu, priority;
    uint32_t devices, windows, interrupts;
    uint32_t faults;          /* CPU faults and failures, over all lives */
    uint64_t device_faults;   /* DMA and interrupt faults of its devices */
    uint64_t window_bytes;    /* MMIO that it may map */
    uint64_t dma_bytes;       /* DMA memory that the policy gives it */
    uint64_t dma_mapped;      /* bytes that its domains map now */
    uint64_t interrupt_count; /* delivered in this life */
    uint64_t memory_bytes;    /* RAM that it holds */
    uint64_t budget_ns, period_ns;
    uint64_t consumed_ns;    /* CPU time in this life */
    uint64_t exhausted;      /* how often the budget ran out */
    uint64_t io_ports;       /* how many */
    char text[MONITOR_TEXT]; /* last thing that happened to it, or empty */
};

struct monitor_device {
    struct pci_function function;
    uint32_t state;  /* enum device_state of the kernel's Device */
    uint32_t owner;  /* component number; ~0: none */
    uint64_t domain; /* domain-id; 0: none */
    uint64_t faults;
    char owner_name[MONITOR_NAME];
    char text[MONITOR_TEXT]; /* why nobody has it, when that has a reason */
};

/* R12: what the live tables say, compared with the policy and init's books. */
struct monitor_verify {
    char name[MONITOR_NAME];
    uint32_t exact;        /* 1: no difference, both ways */
    uint32_t differences;  /* how many were found */
    uint64_t mappings;     /* CPU mappings looked at */
    uint64_t ram_bytes;    /* RAM that it maps, all its own or lent to it */
    uint64_t window_bytes; /* MMIO that it maps, all within its windows */
    uint64_t dma_mappings; /* of its domains */
    uint64_t dma_bytes;
    uint32_t devices, interrupts; /* found live, as many as the policy says */
    char text[MONITOR_TEXT];      /* the first difference */
};

int monitor_system(cap_t monitor, struct monitor_system *out);
int monitor_component(cap_t monitor, uint32_t number,
                      struct monitor_component *out);
int monitor_device(cap_t monitor, uint32_t handle, struct monitor_device *out);

/* Copies log text from byte *offset to `out`; *bytes says how many (0: no more
 * yet) and *offset moves behind them, and past what the log has dropped. Give
 * at least 1 KiB. Lines end in newlines; no NUL is added. */
int monitor_log(cap_t monitor, uint64_t *offset, char *out, size_t size,
                size_t *bytes);

/* Compares one component's live tables with the policy. */
int monitor_verify(cap_t monitor, uint32_t number, struct monitor_verify *out);

/* Stops a component as a fault would; its restart rule applies. */
int monitor_kill(cap_t monitor, uint32_t number);

/* Stops a component and starts it again; does not count as a restart. */
int monitor_restart(cap_t monitor, uint32_t number);

/* Ends the machine with an exit status, 0 to 127. Does not return if it can. */
int power_off(cap_t power, uint32_t status);
int power_reset(cap_t power);
