/*
 * The manifest: one policy file, compiled (docs/policy.md, "Manifest format").
 *
 * tools/policyc writes it, GRUB loads it as a module, and init trusts it alone:
 * no text parser runs on the machine. All integers are little-endian. The file
 * is a header and ten tables, each directly behind the one before, in the
 * order of the counts in the header; there are no offsets to get wrong.
 *
 * Components stand in the order in which they start: whoever a component uses,
 * and the PCI server if it has a device, has a smaller number. So there is no
 * cycle, and init walks the table once.
 *
 * Every record carries the line of the policy it came from, so init can say
 * `policies/files.yaml:12: ...` long after the text is gone.
 *
 * Use: manifest_open() once, then read the tables of `struct manifest` freely.
 * Everything an open manifest refers to lies inside it; whatever the bounds
 * below say holds. It is plain C and also compiles on the host.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define MANIFEST_MAGIC   "CORDONMF" /* eight bytes, without the NUL */
#define MANIFEST_VERSION 2u

/* A component number that is not one: the built-in component `init`. */
#define MANIFEST_INIT 0xffffffffu

/* Services of `init` (offer field of a use whose component is MANIFEST_INIT) */
#define MANIFEST_INIT_MONITOR 0u /* "monitor": list cages and devices */
#define MANIFEST_INIT_POWER   1u /* "power": power off, restart */
#define MANIFEST_INIT_OFFERS  2u

/* Bounds, both ends allowed. The compiler's key table uses the same macros. */
#define MANIFEST_COMPONENTS_MAX    64u
#define MANIFEST_DEVICES_MAX       256u
#define MANIFEST_IOPORTS_MAX       256u
#define MANIFEST_IRQS_MAX          64u
#define MANIFEST_OFFERS_MAX        256u
#define MANIFEST_USES_MAX          512u
#define MANIFEST_ARGS_MAX          512u
#define MANIFEST_STRINGS_MAX       65536u /* bytes of all strings */
#define MANIFEST_NAME_MAX          31u    /* characters of a name */
#define MANIFEST_TEXT_MAX          255u   /* characters of an argument */
#define MANIFEST_MEMORY_MIN        (64ull << 10)
#define MANIFEST_MEMORY_MAX        (1ull << 40)
#define MANIFEST_PAGE              4096u /* memory and dma: whole pages */
#define MANIFEST_CAPABILITIES_MIN  32u
#define MANIFEST_CAPABILITIES_MAX  65536u
#define MANIFEST_THREADS_MAX       64u
#define MANIFEST_CPUS_MAX          8u
#define MANIFEST_PRIORITY_MIN      1u
#define MANIFEST_PRIORITY_MAX      254u           /* 255 is init's own */
#define MANIFEST_PERIOD_MIN        100000ull      /* ns: 100 us */
#define MANIFEST_PERIOD_MAX        10000000000ull /* ns: 10 s */
#define MANIFEST_BUDGET_MIN        10000ull       /* ns: 10 us */
#define MANIFEST_INTERRUPTS_MAX    64u            /* vectors of one device */
#define MANIFEST_RATE_MAX          10000000u      /* interrupts per second */
#define MANIFEST_RESTART_LIMIT_MAX 1000000u
#define MANIFEST_DEVICE_INDEX_MAX  255u
#define MANIFEST_GRANTS_MAX        96u  /* capabilities named at start */
#define MANIFEST_GRANTS_DEVICE     10u  /* of these for a device, and vectors */
#define MANIFEST_GRANTS_FIRST      16u  /* slots below have fixed meanings */
#define MANIFEST_ARG_BYTES_MAX     512u /* name and arguments, with NULs */
#define MANIFEST_IRQ_MAX           15u
#define MANIFEST_NETWORKS_MAX      512u  /* one for each use at most */
#define MANIFEST_RULES_MAX         1024u /* of all networks */
#define MANIFEST_NETWORK_RULES_MAX 16u   /* of one network */
#define MANIFEST_SOCKETS_MAX       256u
#define MANIFEST_SOCKET_MEMORY_MIN (64ull << 10)
#define MANIFEST_SOCKET_MEMORY_MAX (64ull << 20)

enum manifest_role {
    MANIFEST_ROLE_NONE,
    MANIFEST_ROLE_PCI_SERVER, /* ECAM, MMIO untypeds, device control */
    MANIFEST_ROLE_CONSOLE,    /* while it runs, init leaves the serial port */
    MANIFEST_ROLES
};

enum manifest_restart {
    MANIFEST_RESTART_NEVER,
    MANIFEST_RESTART_ON_FAILURE, /* a fault, an exit status but 0, silence */
    MANIFEST_RESTART_ALWAYS,
    MANIFEST_RESTARTS
};

/* What a user of a service may do there; the badge tells the server. */
enum manifest_access {
    MANIFEST_ACCESS_READ,
    MANIFEST_ACCESS_WRITE, /* change what the service keeps, too */
    MANIFEST_ACCESSES
};

/* What a client of a network server may do there; 0 is no action. */
enum manifest_network_action {
    MANIFEST_NETWORK_LISTEN = 1,  /* bind to a port, accept */
    MANIFEST_NETWORK_CONNECT = 2, /* send to an address and a port */
    MANIFEST_NETWORK_ACTIONS
};

/* Protocols of network rules: IP protocol numbers (IANA). ICMP stands for
 * ICMPv6 (58) too. */
#define MANIFEST_PROTOCOL_ANY  0u
#define MANIFEST_PROTOCOL_ICMP 1u
#define MANIFEST_PROTOCOL_TCP  6u
#define MANIFEST_PROTOCOL_UDP  17u

enum manifest_select {
    MANIFEST_SELECT_CLASS,   /* value: base << 16 | sub << 8 | interface */
    MANIFEST_SELECT_ID,      /* value: vendor << 16 | device */
    MANIFEST_SELECT_ADDRESS, /* value: segment << 16 | bus << 8 | dev << 3 | fn
                              */
    MANIFEST_SELECTS
};

/* Records `first` to `first + count - 1` of a table. */
struct manifest_range {
    uint32_t first;
    uint32_t count;
};

/* A string is its offset in the string table; 0 is the empty string. */

struct manifest_header {
    uint8_t magic[8];
    uint32_t version;
    uint32_t size;        /* bytes of the whole manifest, header included */
    uint32_t crc32;       /* of all bytes behind this field (IEEE 802.3) */
    uint32_t file;        /* string: the policy's file name */
    uint32_t system;      /* string: the system's name */
    uint32_t description; /* string */
    uint32_t component_count;
    uint32_t device_count;
    uint32_t network_count;
    uint32_t ioport_count;
    uint32_t irq_count;
    uint32_t offer_count;
    uint32_t use_count;
    uint32_t arg_count;
    uint32_t rule_count;
    uint32_t string_bytes;
};

struct manifest_component {
    uint32_t line;
    uint32_t name;      /* string */
    uint32_t binary;    /* string: command line of its GRUB module */
    uint32_t role;      /* enum manifest_role */
    uint64_t memory;    /* bytes of RAM, its kernel objects included */
    uint64_t budget_ns; /* CPU time per period */
    uint64_t period_ns;
    uint32_t cpu;
    uint32_t priority;      /* larger runs first */
    uint32_t capabilities;  /* slots of its CapTable, a power of two */
    uint32_t threads;       /* at most, with the first; share the budget */
    uint32_t restart;       /* enum manifest_restart */
    uint32_t restart_limit; /* restarts until init gives up; 0: no limit */
    struct manifest_range devices;
    struct manifest_range ioports;
    struct manifest_range irqs;
    struct manifest_range offers;
    struct manifest_range uses;
    struct manifest_range args;
};

/* The index-th function, in order of address, with (its number & mask) ==
 * value, its number being class code, ID or address as `select` says. */
struct manifest_device {
    uint32_t line;
    uint32_t component; /* its owner */
    uint32_t select;    /* enum manifest_select */
    uint32_t value;
    uint32_t mask; /* 0xffff00 for a class without interface; else all ones */
    uint32_t index;
    uint64_t dma;        /* bytes its domain may map, of the owner's memory */
    uint32_t interrupts; /* MSI or MSI-X vectors; 0: none */
    uint32_t rate;       /* interrupts per second until it is masked (R7) */
};

struct manifest_ioport {
    uint32_t line;
    uint32_t component;
    uint32_t first; /* both ends belong to the range */
    uint32_t last;
};

struct manifest_irq {
    uint32_t line;
    uint32_t component;
    uint32_t input; /* ISA interrupt line, 0 to 15 */
};

struct manifest_offer {
    uint32_t line;
    uint32_t component;
    uint32_t service; /* string */
};

struct manifest_use {
    uint32_t line;
    uint32_t component; /* who uses it */
    uint32_t from;      /* component that offers it, or MANIFEST_INIT */
    uint32_t offer;     /* in the offer table, or MANIFEST_INIT_MONITOR, ... */
    uint32_t service;   /* string: the name that `from` offers */
    uint32_t alias;     /* string: the name the user knows it by */
    uint32_t access;    /* enum manifest_access */
};

/* What the user of a network service may do: the `network` key of a use. A use
 * without one may neither listen nor connect. */
struct manifest_network {
    uint32_t line;
    uint32_t use;     /* in the use table; larger than the record before's */
    uint32_t sockets; /* at once, 1 to MANIFEST_SOCKETS_MAX */
    uint32_t names;   /* 1: it may have names resolved (DNS) */
    uint64_t memory;  /* bytes of the server's memory for its sockets */
    struct manifest_range rules;
};

/* One allowed thing. Where nothing is said any will do: protocol 0, family 0,
 * ports 0 to 65535. An address stands for all that share its first `prefix`
 * bits; the others are 0. */
struct manifest_network_rule {
    uint32_t line;
    uint8_t action;      /* enum manifest_network_action */
    uint8_t protocol;    /* MANIFEST_PROTOCOL_... */
    uint8_t family;      /* 4: IPv4, 6: IPv6, 0: any, as for each listen */
    uint8_t prefix;      /* bits of the address; 0 for any family */
    uint16_t port_first; /* both ends allowed */
    uint16_t port_last;
    uint8_t address[16]; /* network order; IPv4 in the first four */
};

struct manifest_arg {
    uint32_t line;
    uint32_t component;
    uint32_t text; /* string */
};

/* An open manifest: pointers into the bytes that manifest_open() was given. */
struct manifest {
    const struct manifest_header *header; /* has the counts */
    const struct manifest_component *components;
    const struct manifest_device *devices;
    const struct manifest_network *networks;
    const struct manifest_ioport *ioports;
    const struct manifest_irq *irqs;
    const struct manifest_offer *offers;
    const struct manifest_use *uses;
    const struct manifest_arg *args;
    const struct manifest_network_rule *rules;
    const char *strings;
};

/*
 * Check the whole of `data`, which must be 8-byte aligned and outlive `m`.
 * `size` may exceed the manifest (a module padded to pages); what follows it is
 * ignored. Returns 0, or -1 with one line in `err` that says what and where.
 * Takes time linear in the size but for the small tables' pairwise checks.
 */
int manifest_open(const void *data, size_t size, struct manifest *m, char *err,
                  size_t err_size);

/* The string at `at`, a field of a record. Never fails on an open manifest. */
static inline const char *manifest_string(const struct manifest *m, uint32_t at)
{
    return m->strings + at;
}

/* The policy's file name, for messages: `<file>:<line>: ...`. */
static inline const char *manifest_file(const struct manifest *m)
{
    return m->strings + m->header->file;
}

/* Capabilities that init names to a component when it starts it, at most: each
 * service, port range, line, further thread; for each device its Device,
 * Domain, PCI endpoint, six windows, DMA memory, and its interrupts. */
uint32_t manifest_grants(const struct manifest *m,
                         const struct manifest_component *c);

/* What the user of use `use` may do in the network; NULL: nothing. */
const struct manifest_network *manifest_network_of(const struct manifest *m,
                                                   uint32_t use);

/* The name of component `number`; "init" for MANIFEST_INIT. */
const char *manifest_component_name(const struct manifest *m, uint32_t number);

/* Write `FILE:LINE: ` to `out`, for messages about a record. Returns `out`. */
char *manifest_place(const struct manifest *m, uint32_t line, char *out,
                     size_t out_size);

/* IEEE 802.3 CRC-32, as the header has it. */
uint32_t manifest_crc32(const void *data, size_t size);

/* 1 if `text` is a name: a letter, then letters, digits, '-' or '_', all
 * lower-case, at most MANIFEST_NAME_MAX characters. */
int manifest_is_name(const char *text);

/* Names of the enumerations, as the policy language spells them. */
extern const char *const manifest_role_names[MANIFEST_ROLES];
extern const char *const manifest_access_names[MANIFEST_ACCESSES];
extern const char *const manifest_restart_names[MANIFEST_RESTARTS];
extern const char *const manifest_select_names[MANIFEST_SELECTS];
extern const char *const manifest_init_offers[MANIFEST_INIT_OFFERS];
