/*
 * The kernel's binary interface: object types, rights, status codes and message
 * layout. What the first process finds at start is in <cordon/boot_info.h>.
 *
 * Operations themselves are listed in kernel/api/operations.yaml, from which
 * <cordon/operations.h> (numbers), <cordon/syscalls.h> (stubs), the kernel's
 * dispatch table and docs/kernel-api.md are generated.
 *
 * Register use of the SYSCALL instruction:
 *   in:  rax operation, rdi capability, rsi rdx r10 r8 r9 r12 r13 arguments
 *   out: rax status,    rdi rsi rdx r10 r8 r9 results;  rcx, r11 clobbered
 * All other registers are preserved.
 */
#pragma once

#include <cordon/types.h>

/* Object types. 0 is an empty slot. */
enum cap_type {
    CAP_NULL = 0,
    CAP_UNTYPED = 1,
    CAP_CAPTABLE = 2,
    CAP_THREAD = 3,
    CAP_SCHED_CONTEXT = 4,
    CAP_ENDPOINT = 5,
    CAP_REPLY = 6,
    CAP_NOTIFICATION = 7,
    CAP_FRAME = 8,
    CAP_ADDRESS_SPACE = 9,
    CAP_DOMAIN = 10,
    CAP_GUEST_SPACE = 11, /* reserved for virtual machines */
    CAP_VCPU = 12,        /* reserved for virtual machines */
    CAP_DEVICE = 13,
    CAP_INTERRUPT = 14,
    CAP_IO_PORTS = 15,
    CAP_DEVICE_CONTROL = 16, /* mints Devices; the PCI server's alone */
    CAP_SCHED_CONTROL = 17,  /* sets budgets; init's alone */
    CAP_TABLE_MEMORY = 18,   /* memory donated to a space for its tables */
    CAP_TYPES = 19
};

/* Rights of a capability. Deriving can only clear bits. */
enum cap_rights {
    RIGHT_READ = 1,  /* receive, wait, read, map readable */
    RIGHT_WRITE = 2, /* send, signal, change, map writable */
    RIGHT_EXEC = 4,  /* map executable */
    RIGHT_GRANT = 8, /* attach capabilities to messages on this endpoint */
    RIGHTS_ALL = 15
};

/*
 * Status of an operation, in the low byte of rax. Where an argument is at
 * fault, bits 8..15 hold its number (0 = the capability, 1 = the first
 * argument), and rsi and rdx hold the lowest and highest value that would have
 * been accepted where the error names a bound.
 */
enum status {
    OK = 0,
    ERR_OPERATION = 1,    /* no such operation */
    ERR_CAPABILITY = 2,   /* slot beyond the table, empty, or of another type */
    ERR_RIGHTS = 3,       /* the capability lacks a right */
    ERR_ARGUMENT = 4,     /* outside its bounds (rsi..rdx) or misaligned */
    ERR_OCCUPIED = 5,     /* the destination (slot, address) is in use */
    ERR_NO_MEMORY = 6,    /* the Untyped has only rsi bytes left */
    ERR_NEED_TABLES = 7,  /* the space needs rsi more table pages */
    ERR_TIMEOUT = 8,      /* the deadline passed; with deadline 0: not ready */
    ERR_GONE = 9,         /* the object or the peer was destroyed */
    ERR_BUSY = 10,        /* in a state that does not allow it */
    ERR_UNCONFIRMED = 11, /* hardware did not confirm; memory is quarantined */
    ERR_NO_ISOLATION = 12, /* no usable IOMMU or interrupt remapping */
    ERR_LIMIT = 13,        /* a table of fixed size is full */
    ERR_DEPTH = 14,        /* derivation is nested too deeply */
    STATUS_CODES = 15
};

#define STATUS_CODE(word) ((enum status)((word)&0xff))
#define STATUS_ARG(word)  (((word) >> 8) & 0xff)

/* Deadlines are nanoseconds of the monotonic clock since boot. */
#define DEADLINE_POLL  0ull    /* never block */
#define DEADLINE_NEVER (~0ull) /* block for ever */

/*
 * Message tag: how many words and capabilities a message has, and a label
 * that the kernel does not interpret (48 bits).
 */
#define TAG(label, words, caps)                                                \
    (((uint64_t)(label) << 16) | ((uint64_t)(caps) << 12) | (uint64_t)(words))
#define TAG_WORDS(tag) ((tag)&0xfff)
#define TAG_CAPS(tag)  (((tag) >> 12) & 0xf)
#define TAG_LABEL(tag) ((tag) >> 16)

#define MSG_REG_WORDS 4   /* words that travel in rdx, r10, r8, r9 */
#define MSG_MAX_WORDS 256 /* the rest travels through the message page */
#define MSG_MAX_CAPS  4

/* Labels of messages that the kernel sends; user labels start above. */
enum kernel_label {
    LABEL_NOTIFICATION = 0xffffffff0001, /* word 0: event bits */
    LABEL_FAULT = 0xffffffff0002,        /* struct fault, below */
};

/*
 * The message page: one Frame per thread, mapped by its process, read and
 * written by the kernel through its own mapping. words[0..3] are not used:
 * those travel in registers.
 */
struct message_page {
    uint64_t words[MSG_MAX_WORDS];
    uint64_t send_caps[MSG_MAX_CAPS];   /* slots to derive from */
    uint64_t send_rights[MSG_MAX_CAPS]; /* rights that the receiver gets */
    uint64_t recv_slot;                 /* first empty slot for received caps */
    uint64_t recv_count;                /* how many slots from there may fill */
};
_Static_assert(sizeof(struct message_page) <= PAGE_SIZE, "one page");

/* Words of a LABEL_FAULT message; the fault handler replies to resume. */
enum fault_kind {
    FAULT_PAGE = 1,      /* address, write, exec, present say what */
    FAULT_EXCEPTION = 2, /* another CPU exception: vector and error code */
    FAULT_OPERATION = 3, /* reserved */
};
enum fault_word {
    FAULT_KIND = 0,
    FAULT_ADDRESS = 1, /* of a page fault (CR2) */
    FAULT_IP = 2,
    FAULT_CODE = 3, /* error code (Intel SDM 3A, 6.13) | vector << 32 */
    FAULT_SP = 4,   /* in the receiver's message page */
    FAULT_WORDS = 5
};
/* The reply's label says what happens to the thread that faulted. */
enum fault_reply {
    FAULT_RESUME = 0, /* run again from the same instruction */
    FAULT_STOP = 1,   /* leave it suspended */
};

/* Flags and attributes of frame mappings (argument `attributes` of map). */
enum map_attributes {
    MAP_READ = 1,
    MAP_WRITE = 2,
    MAP_EXEC = 4,
    MAP_UNCACHED = 8,       /* device memory; implied for device Frames */
    MAP_WRITE_COMBINE = 16, /* device Frames only */
    MAP_ALL = 31
};

/* Flags of an Untyped, as untyped_info reports them. */
enum untyped_flags {
    UNTYPED_DEVICE = 1, /* device memory: never zeroed, only Frames, uncached */
    UNTYPED_MODULE = 2, /* boot module: not zeroed, only read-only Frames */
};

/* Registers of a thread, for thread_read and thread_write. */
struct thread_registers {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rip, rflags, fs_base;
};

/* State of a Device as device_info reports it. */
enum device_state {
    DEVICE_UNCLAIMED = 0,
    DEVICE_CAGED = 1,
    DEVICE_BLOCKED = 2,
    DEVICE_QUARANTINED = 3,
};

/* Words of a device fault record, results of device_fault. */
enum device_fault_flags {
    DEVICE_FAULT_WRITE = 1,     /* a DMA write; else a read */
    DEVICE_FAULT_INTERRUPT = 2, /* an interrupt request; address = index */
    DEVICE_FAULT_MUTED = 4,     /* over the limit: no more are recorded */
    DEVICE_FAULT_LOST = 8,      /* records were dropped; with reason 0 that is
                                 * all that is known */
};

/* What clock_read in user mode needs: ns = (tsc - base) * mult >> shift. */
struct clock_params {
    uint64_t tsc_base; /* time-stamp counter at time 0 */
    uint32_t mult;
    uint32_t shift;
    uint64_t tsc_hz;
};
