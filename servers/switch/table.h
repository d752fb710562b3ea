/*
 * Which port an Ethernet address is behind: learned from the frames that come,
 * forgotten after a while. Addresses that the switch itself gave to a port are
 * fixed: nobody else can take them over by sending from them. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TABLE_ENTRIES 512u            /* a power of two */
#define TABLE_PROBES  8u              /* places where an address may be */
#define TABLE_AGE_NS  300000000000ull /* IEEE 802.1Q, 8.8.3: 300 s */
#define TABLE_NOWHERE 0xffu

struct table_entry {
    uint64_t address; /* 48 bits; 0: free */
    uint64_t seen;    /* ns; ~0: fixed */
    uint8_t port;
};

struct table {
    struct table_entry entries[TABLE_ENTRIES];
};

/* The six bytes as a number. */
uint64_t table_address(const uint8_t bytes[6]);

static inline bool table_is_group(uint64_t address)
{
    return address & 1; /* the first byte's lowest bit: multicast, broadcast */
}

/* False: it is fixed to another port, so the frame is a forgery. A full
 * neighbourhood loses its oldest entry. */
bool table_learn(struct table *t, uint64_t address, uint8_t port, uint64_t now);

/* Fixes an address to a port; the port's others stay. */
void table_fix(struct table *t, uint64_t address, uint8_t port);

/* The port, or TABLE_NOWHERE. */
uint8_t table_find(const struct table *t, uint64_t address, uint64_t now);

/* Forgets what was behind a port, fixed or not. */
void table_forget(struct table *t, uint8_t port);
