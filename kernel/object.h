/*
 * What all kernel objects have in common, and the capability slot itself.
 *
 * A capability is 64 bytes in a CapTable or inside an object that is bound to
 * another (a thread's address space, an interrupt's notification). All
 * capabilities form one derivation tree, kept as a doubly linked list in
 * preorder with a depth: what follows a capability at greater depth is derived
 * from it. Deleting a capability takes that whole run with it, so the list
 * never has orphans. The first capability of an object (CAP_ROOT) owns it:
 * when it goes, the object is destroyed.
 *
 * type, rights and object pointer share one word, so that a look-up without a
 * lock reads them together or not at all.
 */
#pragma once

#include <cordon/abi.h>

struct space;

enum cap_flags {
    CAP_ROOT = 1,        /* the object dies with this capability */
    CAP_REVOKING = 2,    /* a revoke is under way: nothing may be derived */
    CAP_INTERNAL = 4,    /* a slot inside the object `owner` */
    CAP_DEVICE_MEM = 8,  /* Untyped, Frame: device memory */
    CAP_MODULE_MEM = 16, /* Untyped, Frame: boot module, read-only */
};

struct cap {
    uint64_t word; /* type | rights << 8 | object << 16; 0: empty */
    uint64_t data; /* badge; Frame: address | attributes of its mapping;
                    * Untyped: bytes carved; IoPorts: first | count << 16 */
    struct cap *next, *prev; /* derivation tree in preorder */
    uint16_t depth;
    uint8_t flags;    /* enum cap_flags */
    uint8_t bits;     /* Frame: log2 of its size; internal slot: its role */
    uint32_t changes; /* how often the slot was filled: see cap_read() */
    union {
        struct space *space;  /* Frame: mapped here, or NULL */
        uint64_t size;        /* Untyped, TableMemory: bytes */
        struct object *owner; /* internal slot */
    };
    union {
        struct cap *map_next; /* Frame: others mapped in the space */
        uint64_t round;       /* Untyped: quiescence waited for, or 0 */
    };
    union {
        struct cap *map_prev;
        uint64_t zeroed; /* Untyped: bytes beyond `data` that are zero */
    };
};
_Static_assert(sizeof(struct cap) == 64, "one cache line");

/* At the start of every object; all are aligned to 64 bytes. */
struct object {
    struct object *zombie_next; /* others being torn down */
    uint8_t type;               /* enum cap_type */
    bool dying;
    uint16_t unused;
    uint32_t progress; /* of the tear-down */
};

static inline enum cap_type word_type(uint64_t word)
{
    return (enum cap_type)(word & 0xff);
}

static inline uint64_t word_rights(uint64_t word)
{
    return (word >> 8) & 0xff;
}

/* The object; for Frames and Untypeds the memory in the direct map. */
static inline void *word_object(uint64_t word)
{
    return (void *)((int64_t)word >> 16);
}

static inline uint64_t word_make(enum cap_type type, uint64_t rights,
                                 const void *object)
{
    return (uint64_t)type | rights << 8 | (uint64_t)object << 16;
}

/* What a look-up without a lock finds: word and data that belong together. */
struct cap_view {
    uint64_t word, data;
};

/*
 * Reads a slot that another CPU may be changing. Who fills one counts `changes`
 * while the word is 0, before the data: an old word is never taken together
 * with new data, which would be another's badge or range of ports. Empty if the
 * slot changed meanwhile.
 */
static inline __attribute__((always_inline)) struct cap_view
cap_read(const struct cap *cap)
{
    uint32_t changes = __atomic_load_n(&cap->changes, __ATOMIC_ACQUIRE);
    uint64_t word = __atomic_load_n(&cap->word, __ATOMIC_ACQUIRE);
    uint64_t data = __atomic_load_n(&cap->data, __ATOMIC_ACQUIRE);

    if (__builtin_expect(
            __atomic_load_n(&cap->changes, __ATOMIC_RELAXED) != changes, 0))
        word = 0;
    return (struct cap_view){word, data};
}

static inline bool cap_is_empty(const struct cap *cap)
{
    return cap->word == 0;
}

static inline enum cap_type cap_type_of(const struct cap *cap)
{
    return word_type(cap->word);
}

static inline void *cap_object(const struct cap *cap)
{
    return word_object(cap->word);
}

static inline uint64_t cap_rights_of(const struct cap *cap)
{
    return word_rights(cap->word);
}
