/*
 * The files that connections send, each opened once however many connections
 * send it. The file server gives a client FILES_HANDLES_MAX handles, fewer than
 * there are connections: a file's handle is given back when another needs it,
 * and had again by path. What a small file holds is kept, so it needs none.
 *
 * What is known of a file counts for FILE_TRUST_NS; then the file server is
 * asked again. A file that has changed gets a new entry: who is still sending
 * the old one goes on with that, or fails if it is gone.
 */
#pragma once

#include <cordon/files.h>

#include "servers/httpd/condition.h"

#define FILE_TRUST_NS  100000000ull  /* 0.1 s */
#define FILE_OUTAGE_NS 500000000ull  /* not asked so soon after it was gone */
#define FILE_KEEP_NS   1000000000ull /* an unused handle stays open */
#define FILE_SMALL     4096u         /* bytes of a file that is kept whole */
#define FILE_HEAD      320u          /* bytes of a file's own header lines */
#define FILE_HANDLES   24u           /* the rest are for uploads and listings */
#define FILE_SPARE     32u           /* entries more than connections */
#define FILE_WINDOW    (64ul << 10)  /* bytes sent in one turn at most */
/* Where in the lent buffer files are read, and uploads are put: not in its
 * first and last page, by which it shows that it is lent. */
#define FILE_READ_AT  (128ul << 10)
#define FILE_WRITE_AT (32ul << 10)

struct file {
    char path[FILES_PATH_MAX + 1]; /* on the disk */
    struct files_stat stat;
    struct validator validator;
    char head[FILE_HEAD]; /* Content-Type, Last-Modified, ETag; whole lines */
    size_t head_bytes;
    char *content; /* FILE_SMALL bytes, of a file that is that small */
    uint64_t handle;
    uint64_t checked, used; /* when, in nanoseconds */
    uint32_t hash;
    uint32_t users; /* connections that send it */
    bool current;   /* found by its path; else it waits for its users to end */
};

struct library {
    struct files files;
    struct file *list;
    uint32_t count;   /* of entries */
    uint32_t handles; /* that are open */
    unsigned lives;   /* of the connection that they belong to */
    uint64_t down_until;
};

/* Connect to the service "files"; false if there is no memory. A file server
 * that is not there is asked again later. */
bool library_open(struct library *l, uint32_t connections);

void library_close(struct library *l);

/*
 * The regular file at `path`, held until file_release(). 0 or an enum
 * files_error: FILES_ERR_IS_DIRECTORY for a directory, FILES_ERR_DENIED for
 * what is neither. `now` is nanoseconds of a monotonic clock, `wall` seconds
 * since 1970.
 */
int file_hold(struct library *l, const char *path, uint64_t now, int64_t wall,
              struct file **file);
void file_release(struct library *l, struct file *file);

/* Give back what nobody has used for a while: a file that was removed takes
 * room on the disk as long as it is open. */
void library_tick(struct library *l, uint64_t now);

/* Up to `bytes` bytes from `offset` on, in place until the next call; *done is
 * 0 behind the end. They count if data_is_sound() when they have been used. */
int file_view(struct library *l, struct file *file, uint64_t offset,
              size_t bytes, const uint8_t **data, size_t *done);

/* False: it is in the lent buffer, and that is no more: it may be zeros. */
bool data_is_sound(const struct library *l, const void *data);

/* Something at or below `path` changed: ask the next time. */
void library_forget(struct library *l, const char *path);

/* To be asked before, and told after, every call of the file service by
 * others: FILES_ERR_GONE while there is no use, and what became of it. */
int library_ready(struct library *l, uint64_t now);
int library_result(struct library *l, int error, uint64_t now);

/* The validators of a file with this state, seen at `wall`. */
void validator_make(struct validator *v, const struct files_stat *s,
                    int64_t wall);
