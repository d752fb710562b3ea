/*
 * The parts of test_power_cut.c: the file system's image and its host tools
 * (image.c), what was promised and what is found (promise.c), and the random
 * workload (workload.c).
 */
#pragma once

#include "servers/fs/commit.h"
#include "tests/model/disk_model.h"
#include "tests/model/files_model.h"

/* image.c: the mounted file system, and files on the host. */
extern struct disk disk;
extern struct volume volume;

/* A directory for them. 0, or -1. */
int scratch_make(void);
int scratch_remove(void);

/* Makes an empty file system, one of several shapes, on the model's disk. */
void image_make(unsigned number);
void mount(bool read_only);
void unmount(void);

/* e2fsck repairs it (0 or 1), and is then content. */
bool image_repaired(const uint8_t *image, uint64_t bytes);
/* The last one that e2fsck saw, as it left it, on the model's disk. */
void image_load(void);
/* e2fsck finds nothing to repair. */
bool image_clean(const uint8_t *image, uint64_t bytes);
/* What the last host tool printed. */
void log_show(void);

struct volume_file *file_open(const char *path);
void file_close(struct volume_file *file);

/* promise.c. A promise: `state` was made durable by the events from `first` to
 * the present one. */
void promise_add(unsigned operation, size_t first, const struct model *state);
/* These bytes of a file were written in place: after that either may be
 * there. */
void overwrite_add(unsigned operation, size_t event,
                   const struct model_entry *e, size_t from, size_t to);
void promises_forget(void);
/* Does the mounted file system agree with a promise that may hold after a cut
 * at this event? `loud`: say why not. */
bool promise_held(size_t cut, bool loud);

/* workload.c: makes an image, works on it, unmounts it. */
void workload(uint64_t seed);
