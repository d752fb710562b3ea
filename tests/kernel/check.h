/*
 * What the kernel's self-test is written with. The program stands in for init:
 * it has every right that there is, needs no library, and talks to COM1.
 */
#pragma once

#include <cordon/boot_info.h>
#include <cordon/syscalls.h>

/* Slots that the tests use; all empty at start. */
enum {
    PORTS = SLOT_IO_PORTS,
    ENDPOINT = 100,
    BADGED,
    REPLY,
    EVENTS,
    SUB, /* an Untyped of SUB_BYTES */
    SPARE,
    SPARE2,
    WORKER = 120, /* thread, context, message Frame of worker n: + 4 n */
    MANY = 1000,  /* room for a batch of Frames */
};
#define SUB_BYTES 0x100000ul
#define BADGE     42

extern const struct boot_info *boot;
extern struct message_page *message;
extern cap_t ram;

void print(const char *text);
void print_hex(uint64_t value);
/* Prints the check, and counts a failure unless `got` is as wanted. */
void check(const char *what, uint64_t got, uint64_t wanted);
/* The same for a status word: code and argument number. */
#define FAILS(code, arg) ((uint64_t)(code) | (uint64_t)(arg) << 8)

uint64_t now(void); /* nanoseconds since boot */

/* The message operations, with the tag and two words. */
struct result send_message(enum operation how, cap_t cap, uint64_t tag,
                           uint64_t w0, uint64_t w1, cap_t reply,
                           uint64_t deadline);

/* Makes thread `n` in a space that has this program in it, with a message page
 * mapped at `page`, and starts it. */
void thread_start(unsigned n, void (*run)(void), cap_t space,
                  struct message_page *page, cap_t fault, unsigned priority,
                  unsigned cpu);
/* Endpoint that receives the faults of workers started from now on, or 0. */
extern cap_t worker_faults_to;
/* Makes thread `n` (message page and stack of its own) and starts it. */
void worker_start(unsigned n, void (*run)(void), unsigned priority,
                  unsigned cpu);
void worker_end(unsigned n);
static inline cap_t worker_thread(unsigned n)
{
    return WORKER + 4 * n;
}
struct message_page *worker_message(unsigned n);

/* The program's own part; check.c prints the closing line after it. */
void run_tests(void);
