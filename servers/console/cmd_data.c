/*
 * Commands that read files: cat, head, tail, wc, grep, hexdump, sha256sum.
 *
 * Data is used where the file service put it, in the buffer that it lends, so
 * nothing is copied on this side.
 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "servers/console/sha256.h"

#define PIECE_BYTES FILES_BUFFER_BYTES

/* What is done with each piece of a file: not 0 to stop. */
typedef int piece(void *context, const uint8_t *data, size_t bytes);

static int read_open(struct files *files, const char *word, uint64_t handle,
                     uint64_t offset, piece *each, void *context)
{
    for (;;) {
        const uint8_t *data;
        size_t bytes;
        int error =
            files_view(files, handle, offset, PIECE_BYTES, &data, &bytes);

        if (error)
            return shell_fail_file(word, error);
        if (!bytes || shell_interrupted() || each(context, data, bytes))
            return SHELL_OK;
        offset += bytes;
    }
}

/* Open the file `word`; its handle and attributes, or SHELL_FAILED. */
static int open_file(struct files *files, const char *word, uint64_t *handle,
                     struct files_stat *stat)
{
    char path[FILES_PATH_MAX + 1];
    int error;

    if (shell_path(word, path))
        return SHELL_FAILED;
    error = files_open(files, path, 0, handle, stat);
    if (!error && stat->mode >> 12 == 4) {
        files_close(files, *handle);
        error = FILES_ERR_IS_DIRECTORY;
    }
    return error ? shell_fail_file(word, error) : SHELL_OK;
}

/* Read the file `word` from `offset` on, or from the end if that is negative */
static int read_file(const char *word, int64_t offset, piece *each,
                     void *context)
{
    struct files *files = shell_files();
    struct files_stat stat;
    uint64_t handle, start = (uint64_t)offset;
    int status;

    if (!files || open_file(files, word, &handle, &stat))
        return SHELL_FAILED;
    if (offset < 0)
        start =
            (uint64_t)-offset < stat.size ? stat.size - (uint64_t)-offset : 0;
    status = read_open(files, word, handle, start, each, context);
    files_close(files, handle);
    return status;
}

/* `-n NUMBER` in front of the other words: *number, and argc and argv moved
 * on. Not 0 if it is malformed. */
static int take_number(int *argc, char ***argv, uint64_t *number)
{
    char *end;

    if (*argc < 2 || strcmp((*argv)[1], "-n") != 0)
        return 0;
    if (*argc < 3 || (*argv)[2][0] < '0' || (*argv)[2][0] > '9')
        return -1;
    *number = strtoull((*argv)[2], &end, 10);
    *argc -= 2;
    *argv += 2;
    return *end ? -1 : 0;
}

static int cat_piece(void *context, const uint8_t *data, size_t bytes)
{
    (void)context;
    while (bytes && !shell_interrupted()) {
        size_t n = bytes < 4096 ? bytes : 4096;

        fwrite(data, 1, n, stdout);
        data += n;
        bytes -= n;
    }
    return shell_interrupted();
}

static int do_cat(int argc, char **argv)
{
    int status = SHELL_OK;

    if (argc < 2)
        return shell_usage();
    for (int i = 1; i < argc; i++)
        if (read_file(argv[i], 0, cat_piece, NULL))
            status = SHELL_FAILED;
    return status;
}

static int head_piece(void *context, const uint8_t *data, size_t bytes)
{
    uint64_t *lines = context;
    size_t n = 0;

    while (n < bytes && *lines)
        *lines -= data[n++] == '\n';
    fwrite(data, 1, n, stdout);
    return !*lines;
}

static int do_head(int argc, char **argv)
{
    uint64_t lines = 10;
    int status = SHELL_OK;

    if (take_number(&argc, &argv, &lines) || argc < 2)
        return shell_usage();
    for (int i = 1; i < argc; i++) {
        uint64_t left = lines;

        if (left && read_file(argv[i], 0, head_piece, &left))
            status = SHELL_FAILED;
    }
    return status;
}

/* The last bytes of a file, of which the last lines are shown. */
struct tail {
    size_t bytes;
    char data[64 << 10];
};

static int tail_piece(void *context, const uint8_t *data, size_t bytes)
{
    struct tail *t = context;

    if (bytes > sizeof(t->data) - t->bytes)
        bytes = sizeof(t->data) - t->bytes;
    memcpy(t->data + t->bytes, data, bytes);
    t->bytes += bytes;
    return 0;
}

static void tail_print(const struct tail *t, uint64_t lines)
{
    size_t at = t->bytes;

    if (!lines || !at)
        return;
    for (at--; at > 0; at--)
        if (t->data[at - 1] == '\n' && !--lines)
            break;
    fwrite(t->data + at, 1, t->bytes - at, stdout);
}

static int do_tail(int argc, char **argv)
{
    static struct tail t;
    uint64_t lines = 10;
    int status = SHELL_OK;

    if (take_number(&argc, &argv, &lines) || argc < 2)
        return shell_usage();
    for (int i = 1; i < argc; i++) {
        t.bytes = 0;
        if (read_file(argv[i], -(int64_t)sizeof(t.data), tail_piece, &t))
            status = SHELL_FAILED;
        else
            tail_print(&t, lines);
    }
    return status;
}

struct counts {
    uint64_t lines, words, bytes;
    int in_word;
};

static int wc_piece(void *context, const uint8_t *data, size_t bytes)
{
    struct counts *c = context;

    c->bytes += bytes;
    for (size_t i = 0; i < bytes; i++) {
        int blank = data[i] == ' ' || (data[i] >= '\t' && data[i] <= '\r');

        c->lines += data[i] == '\n';
        c->words += !blank && !c->in_word;
        c->in_word = !blank;
    }
    return 0;
}

static int do_wc(int argc, char **argv)
{
    int status = SHELL_OK;

    if (argc < 2)
        return shell_usage();
    for (int i = 1; i < argc; i++) {
        struct counts c = {0};

        if (read_file(argv[i], 0, wc_piece, &c))
            status = SHELL_FAILED;
        else if (!shell_interrupted())
            printf("%7llu %7llu %8llu %s\n", (unsigned long long)c.lines,
                   (unsigned long long)c.words, (unsigned long long)c.bytes,
                   argv[i]);
    }
    return status;
}

/* Lines longer than the buffer are looked at in parts. */
struct grep {
    const char *text, *file; /* file: null if there is only one */
    uint64_t found;
    size_t bytes;
    char line[1024];
};

static void grep_line(struct grep *g)
{
    g->line[g->bytes] = 0;
    g->bytes = 0;
    if (!strstr(g->line, g->text))
        return;
    g->found++;
    printf("%s%s%s\n", g->file ? g->file : "", g->file ? ":" : "", g->line);
}

static int grep_piece(void *context, const uint8_t *data, size_t bytes)
{
    struct grep *g = context;

    for (size_t i = 0; i < bytes; i++) {
        if (data[i] == '\n' || g->bytes == sizeof(g->line) - 1)
            grep_line(g);
        if (data[i] != '\n')
            g->line[g->bytes++] = (char)data[i];
    }
    return 0;
}

static int do_grep(int argc, char **argv)
{
    static struct grep g;
    int status = SHELL_OK;

    if (argc < 3)
        return shell_usage();
    g.found = 0;
    g.text = argv[1];
    for (int i = 2; i < argc; i++) {
        g.file = argc > 3 ? argv[i] : NULL;
        g.bytes = 0;
        if (read_file(argv[i], 0, grep_piece, &g))
            status = SHELL_FAILED;
        if (g.bytes)
            grep_line(&g);
    }
    return g.found ? status : SHELL_FAILED;
}

struct dump {
    uint64_t offset, left;
};

static void dump_row(uint64_t offset, const uint8_t *data, size_t bytes)
{
    printf("%08llx ", (unsigned long long)offset);
    for (size_t i = 0; i < 16; i++) {
        printf("%s", i == 8 ? " " : "");
        if (i < bytes)
            printf(" %02x", data[i]);
        else
            printf("   ");
    }
    printf("  |");
    for (size_t i = 0; i < bytes; i++)
        printf("%c", data[i] >= ' ' && data[i] < 0x7f ? data[i] : '.');
    printf("|\n");
}

static int dump_piece(void *context, const uint8_t *data, size_t bytes)
{
    struct dump *d = context;

    while (bytes && d->left && !shell_interrupted()) {
        size_t n = bytes < 16 ? bytes : 16;

        if (n > d->left)
            n = (size_t)d->left;
        dump_row(d->offset, data, n);
        data += n, bytes -= n, d->offset += n, d->left -= n;
    }
    return !d->left || shell_interrupted();
}

static int do_hexdump(int argc, char **argv)
{
    struct dump d = {0, ~0ull};

    if (take_number(&argc, &argv, &d.left) || argc != 2)
        return shell_usage();
    return read_file(argv[1], 0, dump_piece, &d);
}

static int sum_piece(void *context, const uint8_t *data, size_t bytes)
{
    sha256_add(context, data, bytes);
    return 0;
}

static int do_sha256sum(int argc, char **argv)
{
    struct sha256 s;
    uint8_t digest[SHA256_BYTES];
    char text[SHA256_TEXT_BYTES];
    int status = SHELL_OK;

    if (argc < 2)
        return shell_usage();
    for (int i = 1; i < argc; i++) {
        sha256_start(&s);
        if (read_file(argv[i], 0, sum_piece, &s)) {
            status = SHELL_FAILED;
        } else if (!shell_interrupted()) {
            sha256_end(&s, digest);
            sha256_text(digest, text);
            printf("%s  %s\n", text, argv[i]);
        }
    }
    return status;
}

const struct command commands_data[] = {
    {"cat", "FILE...", "print files", do_cat, COMMAND_PATHS},
    {"head", "[-n LINES] FILE...", "the first lines of files", do_head,
     COMMAND_PATHS},
    {"tail", "[-n LINES] FILE...", "the last lines of files", do_tail,
     COMMAND_PATHS},
    {"grep", "TEXT FILE...", "lines that contain a text", do_grep,
     COMMAND_PATHS},
    {"wc", "FILE...", "count lines, words and bytes", do_wc, COMMAND_PATHS},
    {"hexdump", "[-n BYTES] FILE", "a file in hexadecimal", do_hexdump,
     COMMAND_PATHS},
    {"sha256sum", "FILE...", "SHA-256 checksums", do_sha256sum, COMMAND_PATHS},
    {0},
};
