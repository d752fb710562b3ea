/*
 * sbrk: the memory under newlib's malloc. Its addresses are reserved once, as
 * many as the component has memory; Frames are mapped behind them as the heap
 * grows and stay for good (malloc keeps what it frees).
 */
#include <errno.h>
#include <unistd.h>

#include <cordon/cordon.h>

#include "libsys/runtime.h"

#define LARGE       (1ul << PAGE_2M_BITS)
#define SMALL_CHUNK (64ul << 10)

static uintptr_t start, brk_now, mapped_end, end;
static struct mutex lock;

static bool reserve(void)
{
    size_t bytes = (memory_left() + LARGE - 1) & ~(LARGE - 1);

    start = address_alloc(bytes, LARGE);
    brk_now = mapped_end = start;
    end = start + bytes;
    return start != 0;
}

static bool map_more(unsigned size_bits, size_t count)
{
    cap_t frames;
    bool used;

    if (frames_take(count, size_bits, &frames, &used) != OK)
        return false;
    if (memory_map_at(STARTUP_SPACE, frames, count, mapped_end, size_bits,
                      MAP_READ | MAP_WRITE) != OK) {
        frames_give(frames, count, size_bits);
        return false;
    }
    mapped_end += count << size_bits;
    return true;
}

/* A large Frame is one slot for 2 MiB; aligning it may waste as much memory. So
 * take it when there is plenty of memory, or more of it than slots for it. */
static bool prefers_large(void)
{
    uint64_t left = memory_left();

    return left >= 8 * LARGE ||
           (left >= 2 * LARGE && slot_count_free() < 2 * (left >> PAGE_BITS));
}

/* One more step; near the end of memory or slots, single small Frames. */
static bool grow(void)
{
    if (mapped_end % LARGE == 0 && end - mapped_end >= LARGE &&
        prefers_large() && map_more(PAGE_2M_BITS, 1))
        return true;
    return map_more(PAGE_BITS, SMALL_CHUNK >> PAGE_BITS) ||
           map_more(PAGE_BITS, 1);
}

void *sbrk(ptrdiff_t change)
{
    void *old = (void *)-1;
    uintptr_t wanted;

    mutex_lock(&lock);
    if (start != 0 || reserve()) {
        wanted = brk_now + (uintptr_t)change;
        while (wanted > mapped_end && wanted <= end && grow())
            ;
        if (wanted >= start && wanted <= mapped_end) {
            old = (void *)brk_now;
            brk_now = wanted;
        }
    }
    mutex_unlock(&lock);
    if (old == (void *)-1)
        errno = ENOMEM;
    return old;
}
