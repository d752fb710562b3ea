/*
 * Requests to the file server, of two clients: one may write, the other may
 * not. Each input is a row of requests: mostly such as a client would make,
 * with names from a short list, else any words. Between them time goes by and
 * commits come. Behind the server is a real file system on a disk in memory.
 *
 * After each request must hold
 *   - the answer is one: a known label, no more words than a message has;
 *   - whoever may not write has changed nothing;
 *   - nothing outside the part of the buffer that was asked for is written;
 *   - what is read of a file, and its size, is what was written to it.
 *
 * The first byte says whether the disk fails some time, and when: then files
 * are what they are.
 *
 * links: tests/model/disk_model.c tests/model/image_model.c
 * links: libsys/message.c servers/fs/requests.c servers/fs/requests_change.c
 * links: servers/fs/clients.c servers/fs/mount.c servers/fs/gpt.c
 * links: servers/fs/gpt_select.c
 * links: servers/fs/cache.c servers/fs/cache_write.c servers/fs/disk.c
 * links: servers/fs/change.c servers/fs/journal.c servers/fs/journal_replay.c
 * links: servers/fs/commit.c servers/fs/orphan.c servers/fs/path.c
 * links: servers/fs/place.c servers/fs/tree.c servers/fs/volume.c
 * links: servers/fs/volume_file.c
 * links: servers/fs/volume_io.c servers/fs/volume_mount.c
 * links: servers/fs/volume_write.c
 * libs: -lext2fs -lcom_err
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cordon/clock.h>
#include <cordon/service.h>

#include "servers/fs/clients.h"
#include "servers/fs/mount.h"
#include "servers/fs/requests.h"
#include "tests/model/disk_model.h"
#include "tests/model/image_model.h"

#define BLOCKS    3072u
#define INODES    129u
#define KEPT_MAX  (64u << 10) /* bytes of a file that we know */
#define WRITER    (SERVICE_BADGE_WRITE | 2)
#define READER    3ull
#define STEPS_MAX 200u
#define OTHERS    3u /* operations behind FILES_RENAME: not the clients' */

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "not so: %s\n", what);
    abort();
}

/* --- in place of libsys --- */

/* The model's clock_after() counts from 0: a server that may not try again yet
 * may at LATER. */
#define LATER (4 * NS_PER_S)
static uint64_t now = LATER;
static struct message_page page;

struct message_page *message_page(void)
{
    return &page;
}

uint64_t clock_now(void)
{
    return now;
}

uint64_t memory_alloc_sized(size_t bytes, unsigned size_bits,
                            struct memory *out)
{
    *out = (struct memory){calloc(1, bytes), bytes, 100,
                           (uint32_t)(bytes >> size_bits), size_bits};
    return out->address != NULL ? OK : ERR_NO_MEMORY;
}

/* --- the input --- */

static const uint8_t *next, *end;

static uint8_t byte(void)
{
    return next < end ? *next++ : 0;
}

static uint64_t word(void)
{
    uint64_t w = 0;

    for (unsigned i = 0; i < 8; i++)
        w = w << 8 | byte();
    return w;
}

/* A length or an offset: small, at an edge, or anything. */
static uint64_t number(void)
{
    uint8_t b = byte();

    if (b < 64)
        return b;
    if (b < 192)
        return (uint64_t)(b - 64) * 509;
    if (b < 250)
        return ((uint64_t)(b - 192) << 12) + byte() - 2;
    return b == 255 ? FILES_APPEND : word();
}

static void put_path(struct message *m)
{
    static const char *const names[] = {
        "/a",   "/b",      "/c", "/d", "/d/",     "/d/e",
        "/d/f", "/d/../a", "/",  "",   "/no/way", "/lost+found"};
    char text[256];
    uint8_t b = byte();
    size_t bytes = b - 200u;

    if (b < 200) {
        message_put_text(m, names[b % (sizeof(names) / sizeof(names[0]))]);
        return;
    }
    for (size_t i = 0; i < bytes; i++)
        text[i] = (char)byte();
    message_put_bytes(m, text, bytes);
}

/* --- what files hold --- */

static struct kept {
    bool known;
    size_t size;
    uint8_t data[KEPT_MAX];
} files[INODES];
static bool nothing_kept; /* the disk fails */

static void forget_all(void)
{
    for (unsigned i = 0; i < INODES; i++)
        files[i].known = false;
}

static struct kept *kept_of(uint64_t inode)
{
    return inode < INODES && files[inode].known ? &files[inode] : NULL;
}

static void kept_new(uint64_t inode)
{
    if (inode >= INODES || nothing_kept)
        return;
    files[inode].known = true;
    files[inode].size = 0;
}

static void kept_resize(struct kept *f, uint64_t size)
{
    if (size > KEPT_MAX) {
        f->known = false;
        return;
    }
    if (size > f->size)
        memset(f->data + f->size, 0, size - f->size);
    f->size = size;
}

/* The file that a client has open, before a request may close it. */
static struct kept *kept_open(uint64_t badge, uint64_t handle)
{
    struct client *client = client_find(badge);
    struct volume_file *file = client ? client_file(client, handle) : NULL;

    return file ? kept_of(file->inode) : NULL;
}

/* --- a request and its answer --- */

static struct message begin(uint64_t badge, uint64_t label)
{
    struct message m = {.badge = badge};

    message_init(&m, &page, label);
    return m;
}

/* As it comes through the kernel: an answer's page is the request's. */
static void ask(struct message *m)
{
    static struct service service;
    uint64_t tag = message_tag(m), badge = m->badge, w[MSG_REG_WORDS];

    memcpy(w, m->w, sizeof(w));
    message_parse(m, &page, tag, w);
    m->badge = badge;
    request_handle(&service, m);
    require(m->label == FILES_OK || (m->label >= FILES_ERR_REQUEST &&
                                     m->label <= FILES_ERR_TOO_LARGE),
            "the answer's label is known");
    require(!m->bad && m->words <= MSG_MAX_WORDS && m->caps <= MSG_MAX_CAPS,
            "the answer is a message");
    require(m->label == FILES_OK || m->words == 0, "an error has no words");
}

/* What whoever may not write must leave as it is. */
struct disk_state {
    size_t events;
    unsigned dirty;
    struct files_statfs statfs;
};

static struct disk_state state_of(struct volume *v)
{
    struct disk_state s = {disk_model.count, v->disk->cache.dirty_lines, {0}};

    volume_statfs(v, &s.statfs);
    return s;
}

static bool same(const struct disk_state *a, const struct disk_state *b)
{
    return a->events == b->events && a->dirty == b->dirty &&
           a->statfs.free_blocks == b->statfs.free_blocks &&
           a->statfs.free_inodes == b->statfs.free_inodes;
}

/* Does the request change something, if it is granted? */
static bool is_change(const struct message *m)
{
    if (m->label == FILES_OPEN)
        return m->w[0] & (FILES_OPEN_WRITE | FILES_OPEN_TRUNCATE);
    return m->label == FILES_WRITE || m->label == FILES_RESIZE ||
           (m->label >= FILES_REMOVE && m->label <= FILES_RENAME);
}

/* The badge says who asks. */
static void ask_as_either(struct message *m)
{
    bool changes = is_change(m);
    struct volume *v = mount_get();
    struct disk_state before, after;

    if (m->badge != READER || !v) {
        ask(m);
        return;
    }
    before = state_of(v);
    ask(m);
    require(m->label != FILES_OK || !changes,
            "who may not write is not told that it did");
    if (mount_get() != v || nothing_kept)
        return;
    after = state_of(v);
    require(same(&before, &after), "who may not write changes nothing");
}

/* --- the operations, with what is known of them --- */

static void step_open(uint64_t badge)
{
    const uint8_t *again = next;
    struct message m = begin(badge, FILES_STAT);
    uint64_t flags, inode, size;
    struct kept *f;
    bool is_new;

    message_put(&m, 0);
    put_path(&m);
    ask_as_either(&m);
    is_new = m.label == FILES_ERR_NOT_FOUND;
    next = again; /* the same path */
    m = begin(badge, FILES_OPEN);
    flags = 0;
    message_put(&m, 0);
    put_path(&m);
    flags = byte() & 63u;
    if (byte() > 250)
        flags |= word();
    else
        flags |= FILES_OPEN_MODE(0644);
    m.w[0] = flags;
    ask_as_either(&m);
    if (m.label != FILES_OK)
        return;
    message_get(&m); /* the handle */
    inode = message_get(&m);
    size = message_get(&m);
    message_get(&m); /* blocks */
    if (inode < INODES && !LINUX_S_ISREG((uint32_t)message_get(&m)))
        files[inode].known = false; /* its number is a directory's now */
    else if (is_new || flags & FILES_OPEN_TRUNCATE)
        kept_new(inode);
    f = kept_of(inode);
    require(!f || f->size == size, "a file that is opened has its size");
}

static void step_write(uint64_t badge)
{
    struct message m = begin(badge, FILES_WRITE);
    uint64_t handle = byte() % 6, offset = number();
    uint64_t bytes = number(), where = number();
    struct client *client = client_find(badge);
    struct kept *f = kept_open(badge, handle);
    uint8_t *buffer = client ? client->buffer.address : NULL;
    static uint8_t pattern;

    if (client && where < FILES_BUFFER_BYTES)
        buffer[where] = ++pattern;
    message_put(&m, handle);
    message_put(&m, offset);
    message_put(&m, bytes);
    message_put(&m, where);
    ask_as_either(&m);
    if (m.label != FILES_OK || !f)
        return;
    if (offset == FILES_APPEND)
        offset = f->size;
    require(message_get(&m) == offset + bytes, "a write ends behind its bytes");
    if (!bytes)
        return;
    if (offset + bytes > f->size)
        kept_resize(f, offset + bytes);
    if (f->known)
        memcpy(f->data + offset, buffer + where, bytes);
}

static void step_read(uint64_t badge)
{
    static uint8_t before[FILES_BUFFER_BYTES];
    struct message m = begin(badge, FILES_READ);
    uint64_t handle = byte() % 6, offset = number();
    uint64_t bytes = number(), where = number(), done, there = 0;
    struct client *client = client_find(badge);
    struct kept *f = kept_open(badge, handle);
    const uint8_t *buffer = client ? client->buffer.address : NULL;

    if (buffer)
        memcpy(before, buffer, sizeof(before));
    message_put(&m, handle);
    message_put(&m, offset);
    message_put(&m, bytes);
    message_put(&m, where);
    ask_as_either(&m);
    if (m.label != FILES_OK) {
        require(!buffer || nothing_kept ||
                    memcmp(before, buffer, sizeof(before)) == 0,
                "a read that is refused writes nothing");
        return;
    }
    done = message_get(&m);
    require(done <= bytes && where + done <= sizeof(before) &&
                memcmp(before, buffer, where) == 0 &&
                memcmp(before + where + bytes, buffer + where + bytes,
                       sizeof(before) - where - bytes) == 0,
            "a read writes only where it was to");
    if (!f)
        return;
    if (offset < f->size)
        there = f->size - offset < bytes ? f->size - offset : bytes;
    require(done == there, "a read ends with the file");
    require(memcmp(buffer + where, f->data + (done ? offset : 0), done) == 0,
            "what is read is what was written");
}

static void step_handle(uint64_t badge, uint64_t label)
{
    struct message m = begin(badge, label);
    uint64_t handle = byte() % 6, size = 0;
    struct kept *f = kept_open(badge, handle);

    message_put(&m, handle);
    if (label == FILES_RESIZE || label == FILES_LIST)
        message_put(&m, size = number());
    ask_as_either(&m);
    if (m.label != FILES_OK || !f)
        return;
    if (label == FILES_RESIZE)
        kept_resize(f, size);
    message_get(&m);
    if (label == FILES_FSTAT)
        require(message_get(&m) == f->size, "a file has its size");
}

static void step_path(uint64_t badge, uint64_t label)
{
    struct message m = begin(badge, label);

    if (label == FILES_RENAME)
        put_path(&m);
    else
        message_put(&m, label == FILES_MAKE_DIRECTORY ? 0755u : byte() % 4);
    put_path(&m);
    ask_as_either(&m);
}

/* Any words at all, for any operation. What files hold is not known after. */
static void step_any(uint64_t badge)
{
    struct message m = begin(badge, byte() % (FILES_RENAME + 2));

    for (unsigned words = byte() % 8; words != 0; words--)
        message_put(&m, byte() & 1 ? number() : word());
    if (byte() & 1)
        put_path(&m);
    ask_as_either(&m);
    if (badge == WRITER)
        forget_all();
}

static void step(void)
{
    uint8_t b = byte();
    uint64_t badge = b & 0x80 ? READER : WRITER;
    uint64_t label = (b & 0x7fu) % (FILES_RENAME + 1 + OTHERS);
    struct message m;

    switch (label) {
    case 0:
        step_any(badge);
        break;
    case FILES_OPEN:
        step_open(badge);
        break;
    case FILES_READ:
        step_read(badge);
        break;
    case FILES_WRITE:
        step_write(badge);
        break;
    case FILES_CLOSE:
    case FILES_LIST:
    case FILES_RESIZE:
    case FILES_SYNC:
    case FILES_FSTAT:
    case FILES_BUFFER:
        step_handle(badge, label);
        break;
    case FILES_CONNECT:
    case FILES_STATFS:
    case FILES_STATUS:
        m = begin(badge, label);
        ask_as_either(&m);
        break;
    case FILES_RENAME + 1:
        mount_event();
        break;
    case FILES_RENAME + 2:
    case FILES_RENAME + 3:
        now = LATER;
        break;
    default:
        step_path(badge, label);
    }
}

/* --- a run --- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* The server says on its standard output what it mounts. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char path[] = "/tmp/cordon-XXXXXX", whole[] = "whole";
    char *arguments[] = {NULL, whole};
    int file = mkstemp(path);

    (void)argc, (void)argv;
    require(freopen("/dev/null", "w", stdout) != NULL, "there is /dev/null");
    require(file >= 0 && !ftruncate(file, BLOCKS * 1024), "there is a file");
    close(file);
    require(image_format(path, "-O ^resize_inode", 0, BLOCKS),
            "mke2fs makes a file system");
    disk_model_load(path);
    unlink(path);
    require(mount_arguments(2, arguments) == 0, "the arguments are right");
    return 0;
}

static void connect_both(void)
{
    struct message m = begin(WRITER, FILES_CONNECT);

    ask(&m);
    require(m.label == FILES_OK, "the writer connects");
    m = begin(READER, FILES_CONNECT);
    ask(&m);
    require(m.label == FILES_OK, "the reader connects");
}

/* As after a failed write: all files are closed, the volume goes. */
static void unmount(void)
{
    struct volume *v = mount_get();

    now = 0; /* too early for the next */
    if (v) {
        v->failed = true;
        require(mount_get() == NULL, "a failed volume is not used on");
    }
    disk_model.fail_at = SIZE_MAX;
    disk_model_rewind();
    now = LATER;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    next = data;
    end = data + size;
    forget_all();
    require(mount_get() != NULL, "the volume mounts");
    connect_both();
    now = 0;
    nothing_kept = byte() < 32;
    if (nothing_kept)
        disk_model.fail_at = disk_model.count + byte();
    for (unsigned i = 0; i < STEPS_MAX && next < end; i++)
        step();
    unmount();
    return 0;
}
