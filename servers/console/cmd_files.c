/*
 * Commands about files and directories: ls, stat, cd, pwd, df.
 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "servers/console/table.h"

#define COLUMNS 78

/* Type of an entry: its letter, its colour, and what `stat` calls it. */
static const struct {
    char letter;
    const char *colour, *text;
} types[] = {
    [FILES_TYPE_UNKNOWN] = {'?', "", "unknown"},
    [FILES_TYPE_REGULAR] = {'-', "", "file"},
    [FILES_TYPE_DIRECTORY] = {'d', "\x1b[1;34m", "directory"},
    [FILES_TYPE_CHARACTER] = {'c', "\x1b[33m", "character device"},
    [FILES_TYPE_BLOCK] = {'b', "\x1b[33m", "block device"},
    [FILES_TYPE_FIFO] = {'p', "\x1b[33m", "fifo"},
    [FILES_TYPE_SOCKET] = {'s', "\x1b[33m", "socket"},
    [FILES_TYPE_LINK] = {'l', "\x1b[36m", "symbolic link"},
};

static unsigned type_of(uint32_t mode)
{
    switch (mode >> 12) {
    case 1:
        return FILES_TYPE_FIFO;
    case 2:
        return FILES_TYPE_CHARACTER;
    case 4:
        return FILES_TYPE_DIRECTORY;
    case 6:
        return FILES_TYPE_BLOCK;
    case 8:
        return FILES_TYPE_REGULAR;
    case 10:
        return FILES_TYPE_LINK;
    case 12:
        return FILES_TYPE_SOCKET;
    default:
        return FILES_TYPE_UNKNOWN;
    }
}

static const char *mode_text(char text[11], uint32_t mode)
{
    text[0] = types[type_of(mode)].letter;
    for (unsigned i = 0; i < 9; i++)
        text[1 + i] = mode >> (8 - i) & 1 ? "rwx"[i % 3] : '-';
    text[10] = 0;
    return text;
}

static const char *date_text(char *text, size_t room, int64_t seconds)
{
    time_t time = (time_t)seconds;
    struct tm tm;

    gmtime_r(&time, &tm);
    strftime(text, room, "%Y-%m-%d %H:%M:%S", &tm);
    return text;
}

/* The entries of a directory, sorted by name. */
struct listing {
    struct entry {
        char *name;
        unsigned type;
    } * entries;
    size_t count, room;
    int all; /* names that begin with a dot too */
};

static int listing_add(struct listing *l, const char *name, unsigned type)
{
    if (l->count == l->room) {
        size_t room = l->room ? 2 * l->room : 64;
        struct entry *more = realloc(l->entries, room * sizeof(*more));

        if (!more)
            return FILES_ERR_MEMORY;
        l->entries = more;
        l->room = room;
    }
    l->entries[l->count].name = strdup(name);
    l->entries[l->count].type =
        type < sizeof(types) / sizeof(types[0]) ? type : FILES_TYPE_UNKNOWN;
    return l->entries[l->count].name ? (l->count++, 0) : FILES_ERR_MEMORY;
}

static int listing_each(void *context, const char *name,
                        const struct files_entry *entry)
{
    struct listing *l = context;

    return name[0] == '.' && !l->all ? 0 : listing_add(l, name, entry->type);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name,
                  ((const struct entry *)b)->name);
}

static void listing_free(struct listing *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->entries[i].name);
    free(l->entries);
    memset(l, 0, sizeof(*l));
}

static int listing_read(struct files *files, const char *path,
                        struct listing *l)
{
    uint64_t handle;
    int error = files_open(files, path, FILES_MUST_DIRECTORY, &handle, NULL);

    if (error)
        return error;
    error = files_list(files, handle, listing_each, l);
    files_close(files, handle);
    if (l->count)
        qsort(l->entries, l->count, sizeof(*l->entries), by_name);
    return error;
}

static void print_name(const struct entry *e, size_t width)
{
    const char *colour = shell_has_colour() ? types[e->type].colour : "";
    size_t bytes = strlen(e->name) + (e->type == FILES_TYPE_DIRECTORY);

    printf("%s%s%s%s", colour, e->name, *colour ? "\x1b[0m" : "",
           e->type == FILES_TYPE_DIRECTORY ? "/" : "");
    if (bytes < width)
        printf("%*s", (int)(width - bytes), "");
}

/* Names in columns, downwards. */
static void print_short(const struct listing *l)
{
    size_t width = 1, columns, rows;

    for (size_t i = 0; i < l->count; i++)
        if (width < strlen(l->entries[i].name) + 3)
            width = strlen(l->entries[i].name) + 3;
    columns = width < COLUMNS && shell_has_colour() ? COLUMNS / width : 1;
    rows = (l->count + columns - 1) / columns;
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = row; i < l->count; i += rows)
            print_name(&l->entries[i], i + rows < l->count ? width : 0);
        printf("\n");
    }
}

/* The line of `ls -l`; `path` is the entry's own. */
static int print_long(struct files *files, const struct entry *e,
                      const char *path)
{
    char mode[11], date[32], target[FILES_PATH_MAX + 1];
    struct files_stat s;
    int error = files_stat(files, path, FILES_NO_FOLLOW, &s);

    if (error)
        return shell_fail_file(path, error);
    printf("%s %3u %5u %5u %10llu %s ", mode_text(mode, s.mode),
           (unsigned)s.links, (unsigned)s.uid, (unsigned)s.gid,
           (unsigned long long)s.size,
           date_text(date, sizeof(date), s.modify_seconds));
    print_name(e, 0);
    if (type_of(s.mode) == FILES_TYPE_LINK &&
        !files_readlink(files, path, target, sizeof(target)))
        printf(" -> %s", target);
    printf("\n");
    return SHELL_OK;
}

static int print_all_long(struct files *files, const char *directory,
                          const struct listing *l)
{
    char path[FILES_PATH_MAX + FILES_NAME_MAX + 3];
    int status = SHELL_OK;

    for (size_t i = 0; i < l->count && !shell_interrupted(); i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, l->entries[i].name);
        if (print_long(files, &l->entries[i], path))
            status = SHELL_FAILED;
    }
    return status;
}

static int list_directory(struct files *files, const char *path, int is_long,
                          int all)
{
    struct listing l = {.all = all};
    int status = SHELL_OK, error = listing_read(files, path, &l);

    if (error)
        status = shell_fail_file(path, error);
    else if (is_long)
        status = print_all_long(files, path, &l);
    else
        print_short(&l);
    listing_free(&l);
    return status;
}

static int list(struct files *files, const char *word, int is_long, int all)
{
    char path[FILES_PATH_MAX + 1];
    struct files_stat s;
    struct entry e = {(char *)word, FILES_TYPE_UNKNOWN};
    int error;

    if (shell_path(word, path))
        return SHELL_FAILED;
    error = files_stat(files, path, is_long ? FILES_NO_FOLLOW : 0, &s);
    if (error)
        return shell_fail_file(word, error);
    e.type = type_of(s.mode);
    if (e.type == FILES_TYPE_DIRECTORY)
        return list_directory(files, path, is_long, all);
    if (is_long)
        return print_long(files, &e, path);
    print_name(&e, 0);
    printf("\n");
    return SHELL_OK;
}

static int do_ls(int argc, char **argv)
{
    struct files *files;
    int is_long = 0, all = 0, status = SHELL_OK, first;

    for (first = 1; first < argc && argv[first][0] == '-'; first++)
        for (const char *p = argv[first] + 1; *p; p++) {
            is_long |= *p == 'l';
            all |= *p == 'a';
            if (*p != 'l' && *p != 'a')
                return shell_usage();
        }
    files = shell_files();
    if (!files)
        return SHELL_FAILED;
    if (first == argc)
        return list(files, shell_directory(), is_long, all);
    for (int i = first; i < argc; i++) {
        if (argc - first > 1)
            printf("%s%s:\n", i > first ? "\n" : "", argv[i]);
        if (list(files, argv[i], is_long, all))
            status = SHELL_FAILED;
    }
    return status;
}

static void stat_print(const char *word, const struct files_stat *s,
                       const char *target)
{
    char text[32];

    printf("  file: %s%s%s\n", word, *target ? " -> " : "", target);
    printf("  type: %s, inode %llu, %u link%s\n", types[type_of(s->mode)].text,
           (unsigned long long)s->inode, (unsigned)s->links,
           s->links == 1 ? "" : "s");
    printf("  size: %llu bytes, %llu on the disk\n",
           (unsigned long long)s->size, (unsigned long long)s->blocks * 512);
    printf("  mode: %s, ", mode_text(text, s->mode));
    printf("user %u, group %u\n", (unsigned)s->uid, (unsigned)s->gid);
    printf("  modified: %s\n",
           date_text(text, sizeof(text), s->modify_seconds));
}

static int do_stat(int argc, char **argv)
{
    struct files *files = argc > 1 ? shell_files() : NULL;
    char path[FILES_PATH_MAX + 1], target[FILES_PATH_MAX + 1];
    struct files_stat s;
    int status = SHELL_OK;

    if (argc < 2)
        return shell_usage();
    if (!files)
        return SHELL_FAILED;
    for (int i = 1; i < argc; i++) {
        int error = shell_path(argv[i], path)
                        ? FILES_ERR_NAME
                        : files_stat(files, path, FILES_NO_FOLLOW, &s);

        target[0] = 0;
        if (!error && type_of(s.mode) == FILES_TYPE_LINK)
            error = files_readlink(files, path, target, sizeof(target));
        if (error)
            status = shell_fail_file(argv[i], error);
        else
            stat_print(argv[i], &s, target);
    }
    return status;
}

static int do_cd(int argc, char **argv)
{
    struct files *files = shell_files();
    char path[FILES_PATH_MAX + 1];
    uint64_t handle;
    int error;

    if (argc > 2)
        return shell_usage();
    if (!files || shell_path(argc > 1 ? argv[1] : "/", path))
        return SHELL_FAILED;
    error = files_open(files, path, FILES_MUST_DIRECTORY, &handle, NULL);
    if (error)
        return shell_fail_file(argv[1], error);
    files_close(files, handle);
    shell_set_directory(path);
    return SHELL_OK;
}

static int do_pwd(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return shell_usage();
    printf("%s\n", shell_directory());
    return SHELL_OK;
}

static int do_df(int argc, char **argv)
{
    struct files *files = shell_files();
    struct files_statfs s;
    char text[FILES_STATUS_MAX + 1], size[16], left[16];
    int error;

    (void)argv;
    if (argc > 1)
        return shell_usage();
    if (!files)
        return SHELL_FAILED;
    error = files_status(files, text);
    if (error)
        return shell_fail(NULL, text);
    error = files_statfs(files, &s);
    if (error)
        return shell_fail_file(NULL, error);
    printf("%s\n%s, %s free; %llu files, room for %llu more\n", text,
           format_bytes(size, sizeof(size), s.blocks * s.block_bytes),
           format_bytes(left, sizeof(left), s.free_blocks * s.block_bytes),
           (unsigned long long)(s.inodes - s.free_inodes),
           (unsigned long long)s.free_inodes);
    return SHELL_OK;
}

const struct command commands_files[] = {
    {"ls", "[-la] [PATH...]", "list directories", do_ls, COMMAND_PATHS},
    {"cd", "[DIRECTORY]", "go to a directory", do_cd, COMMAND_PATHS},
    {"pwd", "", "where that is", do_pwd, COMMAND_NO_WORDS},
    {"stat", "PATH...", "all about a file", do_stat, COMMAND_PATHS},
    {"df", "", "the file system and its disk", do_df, COMMAND_NO_WORDS},
    {0},
};
