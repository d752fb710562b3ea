/*
 * Benchmarks of the kernel, in guest instructions: under -icount shift=0 the
 * time-stamp counter advances by one an instruction. Each figure is taken over
 * many rounds; the line `bench NAME MIN MAX` is what tests/bench reads.
 */
#pragma once

#include "../check.h"

#define ROUNDS 64

/* Slots that the benchmarks use, beside those of check.h and devices.h. */
enum {
    PEER_SPACE = 300,
    PEER_SHARED,
    SHARED_FRAME,
    TABLE_MEMORY = 310,
    PEER_IMAGE = 320, /* Frames of the peer's copy of the program */
    FRAMES = 2000,    /* 1,000 Frames */
    LARGE = 4000,     /* a Frame of 2 MiB */
    TABLE,            /* a capability table, and an Untyped to carve it from */
    STORE,
    CARRIED, /* the capability that a message carries */
};
#define FRAME_COUNT 1000

/* The same page in both address spaces. */
struct shared {
    volatile uint64_t end;     /* when the peer ran */
    volatile uint32_t divisor; /* 0: dividing by it is a fault */
};
#define SHARED ((struct shared *)0x51000000ul)

struct figure {
    const char *name;
    uint64_t min, max, rounds;
};

static inline uint64_t cycles(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

void figure_start(struct figure *figure, const char *name);
/* One round that took from `start` to `end`; the first four warm up. */
void figure_add(struct figure *figure, uint64_t start, uint64_t end);
/* Prints it, divided by `per`. */
void figure_end(const struct figure *figure, uint64_t per);

/* An address space of its own with a copy of this program. */
void peer_space_make(void);
/* Starts worker `n` there. `fault`: endpoint for its faults, or 0. */
void peer_start(unsigned n, void (*run)(void), unsigned priority, cap_t fault,
                unsigned cpu);
/* Its message page, as it sees it itself. */
struct message_page *peer_message(unsigned n);

/* Makes `count` Frames of 4 KiB at FRAMES. */
void frames_make(uint64_t count);
void frames_delete(uint64_t count);

void bench_messages(void);
void bench_events(void);
void bench_memory(void);
void bench_objects(void);
void bench_devices(void);
void bench_scaling(void);
