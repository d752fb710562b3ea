/* The block service of <cordon/block.h> over an image in memory. */
#include "tests/model/disk_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cordon/block.h>
#include <cordon/clock.h>

#define BLOCK 512u

struct disk_model disk_model = {.fail_at = SIZE_MAX};

static struct block_info info;
static struct block_result results[BLOCK_MAX_IN_FLIGHT];
static size_t written[BLOCK_MAX_IN_FLIGHT]; /* event + 1 of a write; 0: none */
static unsigned result_count;
static uint8_t *lent;

static void *grab(size_t bytes)
{
    void *p = malloc(bytes ? bytes : 1);

    if (!p)
        abort();
    return p;
}

static void forget_events(void)
{
    for (size_t i = 0; i < disk_model.count; i++)
        free(disk_model.events[i].data);
    disk_model.count = 0;
    disk_model.flushes = 0;
}

void disk_model_set(const uint8_t *image, uint64_t bytes)
{
    forget_events();
    free(disk_model.image);
    free(disk_model.first);
    disk_model.image = grab(bytes);
    disk_model.first = grab(bytes);
    memcpy(disk_model.image, image, bytes);
    memcpy(disk_model.first, image, bytes);
    disk_model.bytes = bytes;
}

void disk_model_rewind(void)
{
    for (size_t i = 0; i < disk_model.count; i++)
        memcpy(disk_model.image + disk_model.events[i].offset,
               disk_model.first + disk_model.events[i].offset,
               disk_model.events[i].bytes);
    forget_events();
}

void disk_model_load(const char *path)
{
    FILE *f = fopen(path, "rb");
    long bytes;
    uint8_t *image;

    if (!f || fseek(f, 0, SEEK_END) || (bytes = ftell(f)) < 0)
        abort();
    rewind(f);
    image = grab((size_t)bytes);
    if (fread(image, 1, (size_t)bytes, f) != (size_t)bytes)
        abort();
    fclose(f);
    disk_model_set(image, (uint64_t)bytes);
    free(image);
}

void disk_model_free(void)
{
    forget_events();
    free(disk_model.events);
    free(disk_model.image);
    free(disk_model.first);
    disk_model = (struct disk_model){.fail_at = SIZE_MAX};
}

void disk_model_save(const uint8_t *image, uint64_t bytes, const char *path)
{
    FILE *f = fopen(path, "wb");

    if (!f || fwrite(image, 1, bytes, f) != bytes || fclose(f))
        abort();
}

/* splitmix64 */
uint64_t disk_model_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15ull;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

static struct disk_event *event_new(void)
{
    if (disk_model.count == disk_model.room) {
        disk_model.room = 2 * disk_model.room + 64;
        disk_model.events = realloc(
            disk_model.events, disk_model.room * sizeof(*disk_model.events));
        if (!disk_model.events)
            abort();
    }
    disk_model.events[disk_model.count] = (struct disk_event){0};
    return &disk_model.events[disk_model.count++];
}

/* How the writes since the last flush fared: none, all, or each its own way. */
static void event_apply(const struct disk_event *e, unsigned fate,
                        uint64_t *state, uint8_t *out)
{
    uint64_t choice = disk_model_random(state);

    if (fate == 0 || (fate > 1 && choice % 4 == 0))
        return;
    if (fate == 1 || choice % 4 < 3) {
        memcpy(out + e->offset, e->data, e->bytes);
        return;
    }
    for (uint32_t at = 0; at + DISK_MODEL_SECTOR <= e->bytes;
         at += DISK_MODEL_SECTOR)
        if (disk_model_random(state) & 1)
            memcpy(out + e->offset + at, e->data + at, DISK_MODEL_SECTOR);
}

void disk_model_cut(size_t at, uint64_t *state, uint8_t *out)
{
    unsigned fate = (unsigned)(disk_model_random(state) % 5);
    size_t durable = 0;

    for (size_t i = 0; i < at; i++)
        if (disk_model.events[i].flush)
            durable = i;
    memcpy(out, disk_model.first, disk_model.bytes);
    for (size_t i = 0; i < at; i++)
        if (!disk_model.events[i].flush)
            event_apply(&disk_model.events[i], i < durable ? 1 : fate, state,
                        out);
}

/* --- <cordon/block.h> --- */

int block_open(const char *service, uint32_t disk, struct block_device **out)
{
    (void)service, (void)disk;
    info = (struct block_info){
        .blocks = disk_model.bytes / BLOCK,
        .block_bytes = BLOCK,
        .flags = BLOCK_INFO_WRITE_CACHE |
                 (disk_model.read_only ? BLOCK_INFO_READ_ONLY : 0),
        .namespaces = 1,
        .model = "model",
    };
    result_count = 0;
    *out = (struct block_device *)(void *)&info;
    return BLOCK_OK;
}

void block_close(struct block_device *dev)
{
    struct block_result drained;

    while (block_reap(dev, &drained, 1, 0))
        ;
    free(lent);
    lent = NULL;
}

const struct block_info *block_info(const struct block_device *dev)
{
    return (const struct block_info *)(const void *)dev;
}

int block_buffer_lend(struct block_device *dev, size_t bytes,
                      struct block_buffer *buffer)
{
    (void)dev;
    /* Small, so that lines are thrown out and written early. */
    if (bytes > 1ul << 20)
        return BLOCK_E_MEMORY;
    lent = grab(bytes);
    memset(lent, 0xcc, bytes);
    *buffer = (struct block_buffer){lent, bytes, 0};
    return BLOCK_OK;
}

/* A read takes place when it is submitted, a write when it is reaped: as late
 * as can be, so who does not wait reads what was there before. */
static uint32_t transfer(const struct block_request *r)
{
    uint64_t offset = r->lba * BLOCK;
    uint32_t bytes = r->blocks * BLOCK;
    struct disk_event *e;

    if (offset + bytes > disk_model.bytes ||
        r->offset + bytes > r->buffer->bytes || r->offset % 4)
        return BLOCK_E_RANGE;
    if (r->operation == BLOCK_READ) {
        memcpy(lent + r->offset, disk_model.image + offset, bytes);
        return BLOCK_OK;
    }
    if (disk_model.read_only || disk_model.count >= disk_model.fail_at)
        return BLOCK_E_MEDIA;
    e = event_new();
    e->offset = offset;
    e->bytes = bytes;
    e->data = grab(bytes);
    memcpy(e->data, lent + r->offset, bytes);
    return BLOCK_OK;
}

/* Commands have no order: one on bytes that a write under way has would be a
 * race. */
static void check_race(const struct block_request *r)
{
    uint64_t start = r->lba * BLOCK, end = start + r->blocks * BLOCK;

    for (unsigned i = 0; i < result_count; i++) {
        const struct disk_event *e =
            &disk_model.events[written[i] ? written[i] - 1 : 0];

        if (written[i] && start < e->offset + e->bytes && e->offset < end) {
            fprintf(stderr, "a race for bytes %llu to %llu\n",
                    (unsigned long long)start, (unsigned long long)end);
            abort();
        }
    }
}

int block_submit(struct block_device *dev, const struct block_request *request)
{
    (void)dev;
    check_race(request);
    if (result_count == BLOCK_MAX_IN_FLIGHT)
        return BLOCK_E_BUSY;
    results[result_count] =
        (struct block_result){request->tag, transfer(request), 0};
    written[result_count] = request->operation == BLOCK_WRITE &&
                                    results[result_count].status == BLOCK_OK
                                ? disk_model.count
                                : 0;
    result_count++;
    return BLOCK_OK;
}

void block_kick(struct block_device *dev)
{
    (void)dev;
}

unsigned block_reap(struct block_device *dev, struct block_result *out,
                    unsigned max, uint64_t deadline)
{
    unsigned count = 0;

    (void)dev, (void)deadline;
    while (count < max && result_count) {
        out[count++] = results[--result_count]; /* the last one first */
        if (written[result_count]) {
            const struct disk_event *e =
                &disk_model.events[written[result_count] - 1];

            memcpy(disk_model.image + e->offset, e->data, e->bytes);
        }
    }
    return count;
}

int block_flush(struct block_device *dev)
{
    int number = disk_model.flushes++;

    (void)dev;
    if (disk_model.count >= disk_model.fail_at)
        return BLOCK_E_MEDIA;
    if (disk_model.ignore_flush &&
        number % disk_model.ignore_flush == disk_model.ignore_phase)
        return BLOCK_OK;
    event_new()->flush = true;
    return BLOCK_OK;
}

const char *block_error_text(int status)
{
    return status ? "the model says no" : "no error";
}

uint64_t clock_after(uint64_t ns)
{
    return ns;
}

void clock_sleep(uint64_t ns)
{
    (void)ns;
}
