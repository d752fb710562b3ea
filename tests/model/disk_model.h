/*
 * A disk that remembers: it stands behind <cordon/block.h> on the host, keeps
 * every write and every flush in the order in which they came, and afterwards
 * makes the image that a power cut at any moment could have left.
 *
 * What a flush confirmed is there. Of the writes since then any may be there,
 * whole or some of their sectors, whatever their order was.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sectors of this disk; ext4 counts on its superblock, 1 KiB, being written or
 * not (docs/files.md). */
#define DISK_MODEL_SECTOR 1024u

struct disk_event {
    bool flush;
    uint64_t offset;
    uint32_t bytes;
    uint8_t *data;
};

struct disk_model {
    uint8_t *image;
    uint64_t bytes;
    bool read_only;
    struct disk_event *events;
    size_t count, room;
    uint8_t *first;   /* the image when recording began */
    int flushes;      /* how many came */
    int ignore_flush; /* 0: none; n: of each n flushes the last is a lie */
    int ignore_phase; /* ... or the one in this place, from 0 */
    size_t fail_at;   /* writes fail from this event on; SIZE_MAX: none */
};

extern struct disk_model disk_model;

/* Load an image; forgets all events. */
void disk_model_load(const char *path);
void disk_model_set(const uint8_t *image, uint64_t bytes);
void disk_model_free(void);

/* Undo all events: the image is again as it was set. */
void disk_model_rewind(void);

/* Numbers that the same seed gives again. */
uint64_t disk_model_random(uint64_t *state);

/* The image after a power cut behind event `at` (0 to count): *out has room for
 * `bytes`. `state` chooses what of the writes since the last flush is there. */
void disk_model_cut(size_t at, uint64_t *state, uint8_t *out);

/* An image to a file. */
void disk_model_save(const uint8_t *image, uint64_t bytes, const char *path);
