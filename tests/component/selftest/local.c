/*
 * What a component can test alone: how it was started, memory, heap, time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "tests/component/selftest/selftest.h"

static __thread int from_template = 42;
static __thread char zeroed[100];
static __thread _Alignas(128) int aligned = 7;
static int constructed;

__attribute__((constructor)) static void construct(void)
{
    constructed = from_template;
}

const char *test_start(void)
{
    EXPECT(constructed == 42 && zeroed[50] == 0 && aligned == 7);
    EXPECT((uintptr_t)&aligned % 128 == 0);
    EXPECT(strcmp(startup->name, "client") == 0);
    EXPECT(startup_find(STARTUP_SERVICE_USED, "nothing", 0) == NULL);
    EXPECT(service_find("test") != 0 && service_find("nothing") == 0);
    EXPECT(service_offered("test") == 0);
    errno = 0;
    EXPECT(fopen("/nothing", "r") == NULL && errno == ENOENT);
    EXPECT(getchar() == EOF && isatty(1) && close(40) == -1 && errno == EBADF);
    return NULL;
}

static bool is_zero(const struct memory *m)
{
    const char *p = m->address;

    for (size_t i = 0; i < m->bytes; i++)
        if (p[i] != 0)
            return false;
    return true;
}

const char *test_memory(void)
{
    struct memory small, large, again;
    size_t slots = slot_count_free();
    uint64_t left = memory_left();

    EXPECT(memory_alloc(0, &small) != OK);
    EXPECT(memory_alloc(100000, &small) == OK && small.bytes == 102400);
    EXPECT(memory_alloc(3u << 20, &large) == OK);
    EXPECT(large.size_bits == PAGE_2M_BITS && large.count == 2);
    EXPECT(is_zero(&small) && is_zero(&large));
    memset(small.address, 0x5a, small.bytes);
    memset(large.address, 0xa5, large.bytes);
    memory_free(&small);
    memory_free(&large);
    EXPECT(memory_left() <= left && memory_left() + (4u << 20) > left);
    slots -= slot_count_free(); /* kept for the free Frames */
    EXPECT(slots >= 27 && slots < 40);
    left = memory_left();
    EXPECT(memory_alloc(50000, &again) == OK && is_zero(&again));
    memory_free(&again);
    EXPECT(memory_left() == left);
    EXPECT(memory_alloc(1ul << 40, &again) != OK && memory_left() == left);
    return NULL;
}

/* Every length and alignment on each side of memcpy's steps. */
const char *test_copying(void)
{
    static unsigned char from[1500], to[1500];

    for (size_t i = 0; i < sizeof(from); i++)
        from[i] = (unsigned char)(i * 7 + i / 256);
    for (size_t bytes = 0; bytes <= 1300; bytes += bytes < 300 ? 1 : 9)
        for (size_t shift = 0; shift < 20; shift++) {
            unsigned char *place = to + 40 + shift, *source = from + shift * 3;

            memset(to, 0xee, sizeof(to));
            EXPECT(memcpy(place, source, bytes) == place);
            EXPECT(memcmp(place, source, bytes) == 0);
            EXPECT(place[-1] == 0xee && place[bytes] == 0xee);
        }
    return NULL;
}

const char *test_heap(void)
{
    static unsigned char *blocks[1000];

    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 1000; i++) {
            EXPECT((blocks[i] = malloc(i * 5 + 1)) != NULL);
            memset(blocks[i], (int)i, i * 5 + 1);
        }
        for (size_t i = 0; i < 1000; i++) {
            EXPECT(blocks[i][i * 5] == (i & 0xff));
            free(blocks[i]);
        }
    }
    errno = 0;
    EXPECT(malloc(1ul << 40) == NULL && errno == ENOMEM);
    EXPECT((blocks[0] = malloc(3u << 20)) != NULL);
    memset(blocks[0], 1, 3u << 20);
    free(blocks[0]);
    return NULL;
}

const char *test_mmap(void)
{
    uint64_t left;
    char *p = mmap(NULL, 5000, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    EXPECT(p != MAP_FAILED && p[0] == 0 && p[4999] == 0);
    left = memory_left();
    p[4999] = 1;
    errno = 0;
    EXPECT(munmap(p, 4096) == -1 && errno == EINVAL);
    EXPECT(munmap(p, 5000) == 0 && memory_left() == left + 8192);
    EXPECT(munmap(p, 5000) == -1);
    EXPECT(mmap(NULL, 4096, PROT_EXEC, MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    EXPECT(errno == ENOTSUP);
    return NULL;
}

const char *test_time(void)
{
    uint64_t start = clock_now(), ns;
    cap_t n = object_make(CAP_NOTIFICATION, 0, NULL);
    struct timespec ts;

    clock_sleep(20 * NS_PER_MS);
    ns = clock_now() - start;
    EXPECT(ns >= 20 * NS_PER_MS && ns < 10 * NS_PER_S);
    EXPECT(notification_wait(n, DEADLINE_POLL).status == ERR_TIMEOUT);
    start = clock_now();
    EXPECT(
        notification_timer(n, start + 5 * NS_PER_MS, 5 * NS_PER_MS, 4).status ==
        OK);
    for (int i = 0; i < 4; i++) {
        struct result r = notification_wait(n, clock_after(NS_PER_S));

        EXPECT(r.status == OK && r.r[0] == 4);
    }
    EXPECT(clock_now() - start >= 20 * NS_PER_MS);
    EXPECT(notification_timer(n, 0, 0, 0).status == OK);
    clock_gettime(CLOCK_REALTIME, &ts);
    EXPECT(ts.tv_sec > 1700000000 && ts.tv_sec - time(NULL) <= 0);
    EXPECT(cap_delete(n) == OK);
    return NULL;
}
