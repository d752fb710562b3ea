/*
 * Blocks of fixed sizes out of chunks. A chunk holds blocks of one size; it
 * begins without a size and gets rid of it again with its last block, so a
 * flood of small packets cannot keep large ones from having memory later.
 *
 * Free blocks are linked through themselves: the card can only read here.
 */
#include "servers/net/heap.h"

#include <stdint.h>
#include <string.h>

/* Where the address sanitizer looks on (tests on the host), it sees each block
 * as the bytes that were asked for, and free ones as nobody's. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define HEAP_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HEAP_SANITIZED
#endif
#ifdef HEAP_SANITIZED
#include <sanitizer/asan_interface.h>
#define BLOCK_HIDE(at, bytes) __asan_poison_memory_region(at, bytes)
#define BLOCK_SHOW(at, bytes) __asan_unpoison_memory_region(at, bytes)
#else
#define BLOCK_HIDE(at, bytes)
#define BLOCK_SHOW(at, bytes)
#endif

#define SIZES 8u
/* A frame of 1,514 bytes or a segment of 1,460 with its headers, and struct
 * pbuf, take 1,600 bytes; 64 KiB is the longest datagram. */
static const uint32_t sizes[SIZES] = {128,  256,  512,   1024,
                                      1664, 4096, 16384, HEAP_BLOCK_MAX};

struct block {
    struct block *next;
};

struct chunk {
    struct block *free;            /* given back */
    uint32_t used;                 /* blocks in use */
    uint32_t fresh;                /* blocks from here on were never used */
    uint32_t limit;                /* blocks that fit */
    uint32_t size;                 /* index of sizes[] */
    struct chunk *next, *previous; /* of its size, with a block to take; or
                                      (next) of those without a size */
};

static uint8_t *heap;
static struct chunk chunks[HEAP_CHUNKS_MAX];
static struct chunk *of_size[SIZES], *unused;
static unsigned chunk_count, spare_count;
/* The smallest size that holds so many times 64 bytes. */
static uint8_t size_of_lines[HEAP_BLOCK_MAX / 64 + 1];

void heap_start(void *data, size_t bytes)
{
    BLOCK_HIDE(data, bytes);
    heap = data;
    memset(of_size, 0, sizeof(of_size));
    unused = NULL;
    chunk_count = spare_count = (unsigned)(bytes / HEAP_CHUNK);
    for (unsigned i = 0; i < chunk_count; i++) {
        chunks[i].next = unused;
        unused = &chunks[i];
    }
    for (uint32_t lines = 0, size = 0; lines <= HEAP_BLOCK_MAX / 64; lines++) {
        while (lines * 64 > sizes[size])
            size++;
        size_of_lines[lines] = (uint8_t)size;
    }
}

static void chunk_link(struct chunk *c)
{
    c->previous = NULL;
    c->next = of_size[c->size];
    if (c->next != NULL)
        c->next->previous = c;
    of_size[c->size] = c;
}

static void chunk_unlink(struct chunk *c)
{
    if (c->next != NULL)
        c->next->previous = c->previous;
    if (c->previous != NULL)
        c->previous->next = c->next;
    else
        of_size[c->size] = c->next;
}

static struct chunk *chunk_new(uint32_t size)
{
    struct chunk *c = unused;

    if (c == NULL)
        return NULL;
    unused = c->next;
    spare_count--;
    *c = (struct chunk){.size = size,
                        .limit = (uint32_t)(HEAP_CHUNK / sizes[size])};
    chunk_link(c);
    return c;
}

void *heap_take(size_t bytes)
{
    struct chunk *c;
    struct block *b;
    uint32_t size;

    if (bytes > HEAP_BLOCK_MAX)
        return NULL;
    size = size_of_lines[(bytes + 63) / 64];
    c = of_size[size];
    if (c == NULL) {
        c = chunk_new(size);
        if (c == NULL)
            return NULL;
    }
    b = c->free;
    if (b != NULL) {
        BLOCK_SHOW(b, sizeof(*b));
        c->free = b->next;
    } else {
        b = (void *)(heap + (size_t)(c - chunks) * HEAP_CHUNK +
                     (size_t)c->fresh++ * sizes[size]);
    }
    BLOCK_HIDE(b, sizeof(*b));
    BLOCK_SHOW(b, bytes);
    c->used++;
    if (c->free == NULL && c->fresh == c->limit)
        chunk_unlink(c);
    return b;
}

void *heap_take_zeroed(size_t count, size_t bytes)
{
    void *block = NULL;

    if (bytes == 0 || count <= HEAP_BLOCK_MAX / bytes)
        block = heap_take(count * bytes);
    if (block != NULL)
        memset(block, 0, count * bytes);
    return block;
}

void heap_give(void *block)
{
    struct chunk *c = &chunks[(size_t)((uint8_t *)block - heap) / HEAP_CHUNK];
    struct block *b = block;
    bool was_full = c->free == NULL && c->fresh == c->limit;

    BLOCK_SHOW(b, sizeof(*b));
    b->next = c->free;
    c->free = b;
    BLOCK_HIDE(b, sizes[c->size]);
    c->used--;
    if (was_full)
        chunk_link(c);
    /* One chunk of each size stays, else a lone block would come and go with
     * a chunk every time. */
    if (c->used == 0 && (c->next != NULL || c->previous != NULL)) {
        chunk_unlink(c);
        c->next = unused;
        unused = c;
        spare_count++;
    }
}

bool heap_has(size_t bytes, unsigned spare)
{
    return bytes <= HEAP_BLOCK_MAX &&
           (of_size[size_of_lines[(bytes + 63) / 64]] != NULL ||
            spare_count > spare);
}

unsigned heap_chunks_free(void)
{
    return spare_count;
}

unsigned heap_chunks(void)
{
    return chunk_count;
}
