/*
 * Requests as no honest client sends them. Each gets an error, none of them
 * harms the server or a file that another client has open.
 */
#include <cordon/cordon.h>
#include <cordon/files.h>
#include <string.h>

#include "tests/component/filetest/filetest.h"

#define PATIENCE clock_after(20 * NS_PER_S)

static cap_t server;

/* The label of the answer to these words; ~0 if there is none. */
static uint64_t ask(uint64_t label, unsigned words, const uint64_t *w)
{
    struct message m;

    message_begin(&m, label);
    for (unsigned i = 0; i < words; i++)
        message_put(&m, w[i]);
    if (message_call(server, &m, PATIENCE) != OK)
        return ~0ull;
    message_drop_caps(&m);
    return m.label;
}

#define ASK(label, ...)                                                        \
    ask(label, sizeof((uint64_t[]){__VA_ARGS__}) / 8,                          \
        (const uint64_t[]){__VA_ARGS__})

static const char *unconnected(void)
{
    EXPECT(ASK(FILES_CLOSE, 1) == FILES_ERR_CONNECT);
    EXPECT(ASK(FILES_READ, 1, 0, 1, 0) == FILES_ERR_CONNECT);
    EXPECT(ASK(FILES_BUFFER, 0) == FILES_ERR_CONNECT);
    EXPECT(ASK(FILES_CONNECT, 1) == FILES_ERR_REQUEST);
    return NULL;
}

static const char *paths(void)
{
    static uint64_t path[2 + 140] = {0, 140 * 8};

    memset(path + 2, 'a', 140 * 8);
    EXPECT(ask(FILES_OPEN, 142, path) == FILES_ERR_NAME);
    path[1] = ~0ull;
    EXPECT(ask(FILES_OPEN, 142, path) != FILES_OK);
    path[1] = 8;
    EXPECT(ask(FILES_OPEN, 142, path) == FILES_ERR_REQUEST);
    EXPECT(ask(FILES_OPEN, 2, path) == FILES_ERR_REQUEST);
    EXPECT(ask(FILES_OPEN, 1, path) == FILES_ERR_REQUEST);
    EXPECT(ask(FILES_OPEN, 0, path) == FILES_ERR_REQUEST);
    path[0] = ~0ull;
    EXPECT(ask(FILES_OPEN, 3, path) == FILES_ERR_REQUEST);
    EXPECT(ask(FILES_STAT, 3, path) == FILES_ERR_REQUEST);
    path[0] = 0;
    path[2] = 0x0000630064006f00; /* NULs in between */
    EXPECT(ask(FILES_STAT, 3, path) == FILES_ERR_NAME);
    return NULL;
}

static const char *handles(uint64_t handle)
{
    static const uint64_t wrong[] = {0, 2, 33, 64, 1ull << 32, ~0ull};

    for (unsigned i = 0; i < sizeof(wrong) / 8; i++) {
        EXPECT(ASK(FILES_READ, wrong[i], 0, 16, 0) == FILES_ERR_HANDLE);
        EXPECT(ASK(FILES_LIST, wrong[i], 0) == FILES_ERR_HANDLE);
        EXPECT(ASK(FILES_CLOSE, wrong[i]) == FILES_ERR_HANDLE);
    }
    EXPECT(ASK(FILES_LIST, handle, 0) == FILES_ERR_NOT_DIRECTORY);
    EXPECT(ASK(FILES_CLOSE, handle, 0) == FILES_ERR_REQUEST);
    return NULL;
}

static const char *reads(uint64_t handle)
{
    uint64_t all = FILES_BUFFER_BYTES;

    EXPECT(ASK(FILES_READ, handle, 0, all + 1, 0) == FILES_ERR_REQUEST);
    EXPECT(ASK(FILES_READ, handle, 0, all, 1) == FILES_ERR_REQUEST);
    EXPECT(ASK(FILES_READ, handle, 0, 1, all) == FILES_ERR_REQUEST);
    EXPECT(ASK(FILES_READ, handle, 0, ~0ull, 16) == FILES_ERR_REQUEST);
    EXPECT(ASK(FILES_READ, handle, 0, 16, ~0ull) == FILES_ERR_REQUEST);
    EXPECT(ASK(FILES_READ, handle, 0, 16, ~15ull) == FILES_ERR_REQUEST);
    EXPECT(ASK(FILES_READ, handle, ~0ull, 16, 0) == FILES_OK);
    EXPECT(ASK(FILES_READ, handle, ~0ull - 8, all, 0) == FILES_OK);
    EXPECT(ASK(FILES_READ, handle, 0, 16) == FILES_ERR_REQUEST);
    EXPECT(ASK(FILES_BUFFER, 64) == FILES_ERR_REQUEST);
    EXPECT(ASK(FILES_BUFFER, ~0ull) == FILES_ERR_REQUEST);
    return NULL;
}

/* The policy lets this client read only, whatever it asks for. */
static const char *changes(const struct files *files, uint64_t handle)
{
    uint64_t path[] = {FILES_OPEN_CREATE, 4, 0x77656e2f}; /* "/new" */
    uint64_t two[] = {4, 0x77656e2f, 4, 0x77656e2f};

    EXPECT(!files->may_write);
    EXPECT(ASK(FILES_WRITE, handle, 0, 16, 0) == FILES_ERR_DENIED);
    EXPECT(ASK(FILES_WRITE, handle, 0, 16, ~0ull) == FILES_ERR_REQUEST);
    EXPECT(ASK(FILES_WRITE, handle, 0, ~0ull, 16) == FILES_ERR_REQUEST);
    EXPECT(ASK(FILES_WRITE, 7, 0, 16, 0) == FILES_ERR_HANDLE);
    EXPECT(ASK(FILES_RESIZE, handle, 0) == FILES_ERR_DENIED);
    EXPECT(ASK(FILES_RESIZE, handle) == FILES_ERR_REQUEST);
    EXPECT(ASK(FILES_SYNC, 7) == FILES_ERR_HANDLE);
    EXPECT(ask(FILES_OPEN, 3, path) == FILES_ERR_DENIED);
    path[0] = 0;
    EXPECT(ask(FILES_REMOVE, 3, path) == FILES_ERR_DENIED);
    EXPECT(ask(FILES_MAKE_DIRECTORY, 3, path) == FILES_ERR_DENIED);
    EXPECT(ask(FILES_REMOVE_DIRECTORY, 3, path) == FILES_ERR_DENIED);
    EXPECT(ask(FILES_RENAME, 4, two) == FILES_ERR_DENIED);
    two[2] = ~0ull;
    EXPECT(ask(FILES_RENAME, 4, two) == FILES_ERR_REQUEST);
    return NULL;
}

/* The buffer is lent to be read: it cannot be mapped writable. */
static const char *buffer(const struct files *files)
{
    struct memory map;
    cap_t copy = cap_copy(files->frames, RIGHTS_ALL, 0, NULL);

    EXPECT(copy != 0);
    EXPECT(memory_map(copy, 1, PAGE_BITS, MAP_READ | MAP_WRITE, &map) != OK);
    EXPECT(memory_map(copy, 1, PAGE_BITS, MAP_READ, &map) == OK);
    return NULL;
}

static const char *labels(void)
{
    uint64_t words[MSG_MAX_WORDS];

    memset(words, 0xff, sizeof(words));
    for (uint64_t label = 0; label < 60; label++)
        for (unsigned n = 0; n <= MSG_MAX_WORDS; n += 1 + n / 4)
            EXPECT(ask(label, n, words) != ~0ull);
    EXPECT(ask(0xfffffffffff0, 4, words) == FILES_ERR_REQUEST);
    return NULL;
}

const char *test_hostile(void)
{
    struct files files;
    struct files_stat stat;
    const char *failed;
    const uint8_t *data;
    uint64_t handle;
    size_t done;

    server = service_find("files");
    EXPECT(server != 0);
    failed = unconnected();
    EXPECT(failed || files_connect(&files, server) == FILES_OK);
    EXPECT(failed ||
           files_open(&files, "/big.bin", 0, &handle, &stat) == FILES_OK);
    (void)(failed || (failed = paths()) || (failed = handles(handle)) ||
           (failed = reads(handle)) || (failed = changes(&files, handle)) ||
           (failed = buffer(&files)) || (failed = labels()));
    if (failed)
        return failed;
    /* labels() has connected anew on its way: what was open is not any more. */
    EXPECT(files_view(&files, handle, 0, 16, &data, &done) == FILES_ERR_HANDLE);
    EXPECT(files_connect(&files, server) == FILES_OK);
    EXPECT(files_open(&files, "/big.bin", 0, &handle, &stat) == FILES_OK);
    EXPECT(files_view(&files, handle, stat.size - 7, 16, &data, &done) ==
           FILES_OK);
    EXPECT(done == 7);
    /* Two pieces of the buffer at once. */
    EXPECT(files_view_at(&files, handle, 4096, 4096, 8192, &data, &done) ==
           FILES_OK);
    EXPECT(done == 4096 && data == files.buffer + 8192);
    EXPECT(files_view_at(&files, handle, 0, 8192, 0, &data, &done) == FILES_OK);
    EXPECT(done == 8192 && !memcmp(data + 4096, files.buffer + 8192, 4096));
    return NULL;
}
