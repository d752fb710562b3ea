/*
 * The first process of tests/host/machine.c, as boot/ would make it, and what
 * must hold of all objects at any time.
 */
#pragma once

#include "tests/host/machine.h"

_Noreturn void machine_fail(const char *what);
/* A millisecond passes, on all CPUs, and all that is pending is taken. */
void machine_drain(void);

/* 00:04.0, which the model's table of units knows. */
#define WORLD_RID 0x20

/* What world_furnish() makes: two more threads, the first on CPU 0, more
 * important and waiting for a message, the second running on CPU 1; what they
 * need and can talk through; Frames; a Domain with a Device in it; memory. */
enum world_furniture {
    WORLD_THREADS = WORLD_FREE,
    WORLD_CONTEXTS = WORLD_THREADS + 2,
    WORLD_ENDPOINTS = WORLD_CONTEXTS + 2,
    WORLD_REPLIES = WORLD_ENDPOINTS + 2,
    WORLD_EVENTS = WORLD_REPLIES + 2,
    WORLD_FRAMES = WORLD_EVENTS + 2, /* 2 are message pages, 6 are free */
    WORLD_SPACE_2 = WORLD_FRAMES + 8,
    WORLD_DOMAIN,
    WORLD_DEVICE,
    WORLD_MEMORY,
    WORLD_EMPTY,
    WORLD_RECEIVED = 100, /* where capabilities in messages go */
};
void world_furnish(void);

/* Aborts, saying what, if one of these does not hold: the derivation tree is
 * one, and deriving never widens; what was carved lies within its Untyped and
 * apart from the rest; a space's tables hold exactly the Frames that are
 * mapped in it (R12); run queues and threads agree. */
void world_check(void);
/* Nobody reaches what is not mapped (R4): what the CPUs' TLBs keep, and what
 * devices reached before and try again. */
void world_check_reach(void);
/* The current thread touches an address: what it reaches must be mapped. */
void world_touch(uint64_t address, bool write);
/* The same for a device (R4), and for its interrupt request (R5), which is
 * delivered. */
void world_dma(uint16_t rid, uint64_t address, bool write);
void world_msi(uint16_t rid, uint64_t address, uint32_t data);
/* The address of the n-th Frame, around, that is mapped there; 0: none is. */
uint64_t world_mapped(const struct space *space, unsigned n);
/* Where this requester's DMA goes, or NULL. */
const struct space *world_domain(uint16_t rid);
