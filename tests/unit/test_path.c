/*
 * Paths, over a small tree with good links, bad links and loops.
 *
 * links: servers/fs/path.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <cordon/files.h>

#include "servers/fs/path.h"

#define DIR  FILES_TYPE_DIRECTORY
#define REG  FILES_TYPE_REGULAR
#define LINK FILES_TYPE_LINK

static char long_text[FILES_PATH_MAX + 2];
static char nul_text[] = {'a', 0, 'b', 0};

/* 2 is the root; nodes are numbers, `text` is a link's. */
static const struct {
    uint64_t dir;
    const char *name;
    uint64_t node;
    unsigned type;
    const char *text;
} entries[] = {
    {2, ".", 2, DIR, NULL},
    {2, "..", 2, DIR, NULL},
    {2, "docs", 3, DIR, NULL},
    {2, "big", 4, REG, NULL},
    {3, ".", 3, DIR, NULL},
    {3, "..", 2, DIR, NULL},
    {3, "a.md", 5, REG, NULL},
    {3, "sub", 6, DIR, NULL},
    {6, ".", 6, DIR, NULL},
    {6, "..", 3, DIR, NULL},
    {6, "deep", 7, REG, NULL},
    {2, "abs", 10, LINK, "/docs/sub"},
    {3, "rel", 11, LINK, "sub/deep"},
    {6, "up", 12, LINK, "../a.md"},
    {2, "loop", 13, LINK, "loop"},
    {2, "ping", 14, LINK, "pong"},
    {2, "pong", 15, LINK, "/ping/"},
    {2, "dangling", 16, LINK, "nothing"},
    {2, "empty", 17, LINK, ""},
    {2, "slash", 18, LINK, "docs/"},
    {2, "fileslash", 19, LINK, "big/"},
    {2, "long", 20, LINK, long_text},
    {2, "nul", 21, LINK, nul_text},
    {2, "root", 22, LINK, "/"},
    {2, "c0", 30, LINK, "c1"},
    {2, "c1", 31, LINK, "c2"},
    {2, "c2", 32, LINK, "big"},
};
#define ENTRIES (sizeof(entries) / sizeof(entries[0]))

static int lookup(void *context, uint64_t dir, const char *name, size_t bytes,
                  uint64_t *node, unsigned *type)
{
    (void)context;
    assert_true(bytes > 0 && bytes <= FILES_NAME_MAX);
    assert_null(memchr(name, '/', bytes));
    for (size_t i = 0; i < ENTRIES; i++) {
        if (entries[i].dir != dir || strlen(entries[i].name) != bytes ||
            memcmp(entries[i].name, name, bytes))
            continue;
        *node = entries[i].node;
        *type = entries[i].type;
        return FILES_OK;
    }
    return FILES_ERR_NOT_FOUND;
}

static int readlink_text(void *context, uint64_t node, char *text, size_t room,
                         size_t *bytes)
{
    (void)context;
    for (size_t i = 0; i < ENTRIES; i++) {
        if (entries[i].node != node || !entries[i].text)
            continue;
        *bytes = entries[i].text == nul_text ? 3 : strlen(entries[i].text);
        if (*bytes > room)
            return FILES_ERR_NAME;
        memcpy(text, entries[i].text, *bytes);
        return FILES_OK;
    }
    fail_msg("node %d is no link", (int)node);
    return -1;
}

static const struct path_tree tree = {lookup, readlink_text, NULL, 2};

static void finds(const char *path, unsigned flags, uint64_t want)
{
    uint64_t node = 0;
    unsigned type;
    int error = path_walk(&tree, path, strlen(path), flags, &node, &type);

    if (error || node != want)
        fail_msg("%s: error %d, node %d", path, error, (int)node);
}

static void fails(const char *path, unsigned flags, int want)
{
    uint64_t node;
    unsigned type;
    int error = path_walk(&tree, path, strlen(path), flags, &node, &type);

    if (error != want)
        fail_msg("%s: error %d, not %d", path, error, want);
}

static void test_names(void **state)
{
    (void)state;
    finds("", 0, 2);
    finds("/", 0, 2);
    finds("///", 0, 2);
    finds("/docs", 0, 3);
    finds("docs/a.md", 0, 5);
    finds("//docs//./sub/../a.md", 0, 5);
    finds("/../../docs/..", 0, 2);
    finds("/docs/", FILES_MUST_DIRECTORY, 3);
    fails("/nope", 0, FILES_ERR_NOT_FOUND);
    fails("/nope/x", 0, FILES_ERR_NOT_FOUND);
    fails("/big/x", 0, FILES_ERR_NOT_DIRECTORY);
    fails("/big/", 0, FILES_ERR_NOT_DIRECTORY);
    fails("/big/..", 0, FILES_ERR_NOT_DIRECTORY);
    fails("/big", FILES_MUST_DIRECTORY, FILES_ERR_NOT_DIRECTORY);
}

static void test_links(void **state)
{
    (void)state;
    finds("/abs", 0, 6);
    finds("/abs/deep", 0, 7);
    finds("/docs/rel", 0, 7);
    finds("/abs/up", 0, 5);
    finds("/abs/../a.md", 0, 5);
    finds("/c0", 0, 4);
    finds("/root/docs", 0, 3);
    finds("/root", 0, 2);
    finds("/slash", 0, 3);
    finds("/slash/a.md", 0, 5);
    finds("/abs", FILES_NO_FOLLOW, 10);
    finds("/abs/up", FILES_NO_FOLLOW, 12);
    finds("/abs/", FILES_NO_FOLLOW, 6);
    finds("/dangling", FILES_NO_FOLLOW, 16);
    finds("/loop", FILES_NO_FOLLOW, 13);
    fails("/dangling", 0, FILES_ERR_NOT_FOUND);
    fails("/empty", 0, FILES_ERR_NOT_FOUND);
    fails("/fileslash", 0, FILES_ERR_NOT_DIRECTORY);
    fails("/c0/x", 0, FILES_ERR_NOT_DIRECTORY);
    fails("/abs", FILES_NO_FOLLOW | FILES_MUST_DIRECTORY,
          FILES_ERR_NOT_DIRECTORY);
}

static void test_loops_end(void **state)
{
    (void)state;
    fails("/loop", 0, FILES_ERR_LOOP);
    fails("/loop/x", 0, FILES_ERR_LOOP);
    fails("/ping", 0, FILES_ERR_LOOP);
    fails("/pong/docs/a.md", 0, FILES_ERR_LOOP);
}

static void test_lengths(void **state)
{
    char path[FILES_PATH_MAX + 2];
    uint64_t node;
    unsigned type;

    (void)state;
    memset(path, 'n', sizeof(path));
    path[FILES_NAME_MAX] = 0;
    fails(path, 0, FILES_ERR_NOT_FOUND);
    path[FILES_NAME_MAX] = 'n';
    path[FILES_NAME_MAX + 1] = 0;
    fails(path, 0, FILES_ERR_NAME);
    memset(path, '/', sizeof(path));
    assert_int_equal(path_walk(&tree, path, FILES_PATH_MAX, 0, &node, &type),
                     FILES_OK);
    assert_int_equal(
        path_walk(&tree, path, FILES_PATH_MAX + 1, 0, &node, &type),
        FILES_ERR_NAME);
    assert_int_equal(path_walk(&tree, "do\0cs", 5, 0, &node, &type),
                     FILES_ERR_NAME);
    fails("/nul", 0, FILES_ERR_NAME);
    memset(long_text, '/', FILES_PATH_MAX);
    finds("/long", 0, 2);
    fails("/long/x", 0, FILES_ERR_NAME);
    memset(long_text, '/', FILES_PATH_MAX + 1);
    fails("/long", 0, FILES_ERR_NAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_loops_end),
        cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
