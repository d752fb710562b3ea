/*
 * A hostile other side: between the operations of one side, any bytes appear
 * anywhere in the shared memory. The ring ends within a guard that the address
 * sanitizer watches, and private state must stay within the ring.
 *
 * links: libsys/ring.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cordon/ring.h>

#define ENTRIES     8u
#define ENTRY_BYTES 16u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void step(struct ring *r, uint8_t what)
{
    uint8_t entry[ENTRY_BYTES] = {what};

    switch (what % 6) {
    case 0:
        if (r->producer)
            ring_put(r, entry);
        else
            ring_get(r, entry);
        break;
    case 1:
        if (r->producer)
            ring_publish(r);
        else
            ring_release(r);
        break;
    case 2:
        check((r->producer ? ring_space(r) : ring_waiting(r)) <= ENTRIES);
        break;
    case 3:
        ring_may_sleep(r);
        break;
    case 4:
        ring_awake(r);
        break;
    default:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t bytes = ring_bytes(ENTRIES, ENTRY_BYTES);
    struct ring_shared *shared;
    struct ring r;
    bool was_corrupt = false;

    if (size < 1 || posix_memalign((void **)&shared, 64, bytes) != 0)
        return 0;
    memset(shared, 0, bytes);
    check(ring_attach(&r, shared, bytes, ENTRIES, ENTRY_BYTES, data[0] & 1));
    for (size_t i = 1; i + 3 <= size; i += 3) {
        step(&r, data[i]);
        if (data[i] & 0x80)
            ((uint8_t *)
                 shared)[(data[i + 1] | (data[i + 2] & 3) << 8) % bytes] =
                data[i + 2];
        if (data[i] & 0x40) {
            struct ring_side *other =
                r.producer ? &shared->consumer : &shared->producer;

            other->position += data[i + 1] % (ENTRIES + 2);
        }
        check(r.entries == ENTRIES && r.entry_bytes == ENTRY_BYTES);
        check((r.producer ? r.mine - r.theirs : r.theirs - r.mine) <= ENTRIES);
        check(r.corrupt || !was_corrupt); /* given up for good */
        was_corrupt = r.corrupt;
    }
    free(shared);
    return 0;
}
