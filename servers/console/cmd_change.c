/*
 * Commands that change files: put, cp, mv, rm, mkdir, rmdir, touch, sync.
 *
 * Each is done when it returns, and durable a few seconds later; `sync` waits
 * for that.
 */
#include "commands.h"

#include <cordon/cordon.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "servers/console/editor.h"
#include "servers/console/uart.h"

#define TYPED_MAX 65536u /* bytes of a file that is typed */
#define COPY_MAX  65536u /* bytes at a time */

/* --- words --- */

/* Calls `one` for each of the words; goes on after one that failed. */
typedef int one_path(struct files *files, const char *path);

static int each_path(int argc, char **argv, one_path *one)
{
    struct files *files = argc > 1 ? shell_files() : NULL;
    char path[FILES_PATH_MAX + 1];
    int status = SHELL_OK;

    if (argc < 2)
        return shell_usage();
    if (!files)
        return SHELL_FAILED;
    for (int i = 1; i < argc && !shell_interrupted(); i++) {
        int error;

        if (shell_path(argv[i], path)) {
            status = SHELL_FAILED;
            continue;
        }
        error = one(files, path);
        if (error)
            status = shell_fail_file(argv[i], error);
    }
    return status;
}

static bool is_directory(struct files *files, const char *path)
{
    struct files_stat stat;

    return !files_stat(files, path, 0, &stat) && stat.mode >> 12 == 4;
}

/* The last name of a path, and how many bytes it has without slashes. */
static const char *last_name(const char *path, size_t *bytes)
{
    size_t end = strlen(path), start;

    while (end && path[end - 1] == '/')
        end--;
    for (start = end; start && path[start - 1] != '/';)
        start--;
    *bytes = end - start;
    return path + start;
}

/* Where `from` goes: into `to` if that is a directory. */
static int target(struct files *files, const char *from, const char *to,
                  char *out)
{
    size_t bytes;
    const char *name = last_name(from, &bytes);
    char path[FILES_PATH_MAX + 1];
    int n;

    if (shell_path(to, out))
        return SHELL_FAILED;
    if (!is_directory(files, out))
        return SHELL_OK;
    memcpy(path, out, sizeof(path));
    n = snprintf(out, FILES_PATH_MAX + 1, "%s/%.*s", path, (int)bytes, name);
    return n < 0 || n > FILES_PATH_MAX ? shell_fail_file(to, FILES_ERR_NAME)
                                       : SHELL_OK;
}

/* Calls `one` for each source and where it goes to. */
typedef int one_move(struct files *files, const char *word, const char *from,
                     const char *to);

static int each_move(int argc, char **argv, one_move *one)
{
    struct files *files = argc > 2 ? shell_files() : NULL;
    char from[FILES_PATH_MAX + 1], to[FILES_PATH_MAX + 1];
    int status = SHELL_OK;

    if (argc < 3)
        return shell_usage();
    if (!files || shell_path(argv[argc - 1], to))
        return SHELL_FAILED;
    if (argc > 3 && !is_directory(files, to))
        return shell_fail_file(argv[argc - 1], FILES_ERR_NOT_DIRECTORY);
    for (int i = 1; i < argc - 1 && !shell_interrupted(); i++)
        if (shell_path(argv[i], from) ||
            target(files, from, argv[argc - 1], to) ||
            one(files, argv[i], from, to))
            status = SHELL_FAILED;
    return status;
}

/* --- names --- */

static int make_directory(struct files *files, const char *path)
{
    return files_mkdir(files, path, 0755);
}

static int do_mkdir(int argc, char **argv)
{
    return each_path(argc, argv, make_directory);
}

static int do_rmdir(int argc, char **argv)
{
    return each_path(argc, argv, files_rmdir);
}

static int do_rm(int argc, char **argv)
{
    return each_path(argc, argv, files_remove);
}

/* The time of a change is the server's; a file that is not there is made. */
static int touch(struct files *files, const char *path)
{
    struct files_stat stat;
    uint64_t handle;
    int error =
        files_open(files, path,
                   FILES_OPEN_WRITE | FILES_OPEN_CREATE | FILES_OPEN_MODE(0644),
                   &handle, &stat);

    if (error)
        return error;
    error = files_resize(files, handle, stat.size);
    files_close(files, handle);
    return error;
}

static int do_touch(int argc, char **argv)
{
    return each_path(argc, argv, touch);
}

static int move(struct files *files, const char *word, const char *from,
                const char *to)
{
    int error = files_rename(files, from, to);

    return error == FILES_ERR_REQUEST
               ? shell_fail(word, "cannot be moved there")
           : error ? shell_fail_file(word, error)
                   : SHELL_OK;
}

static int do_mv(int argc, char **argv)
{
    return each_move(argc, argv, move);
}

/* --- data --- */

static int copy_data(struct files *files, uint64_t in, uint64_t out)
{
    uint8_t *data = malloc(COPY_MAX);
    uint64_t offset = 0;
    size_t done = 1;
    int error = data ? FILES_OK : FILES_ERR_MEMORY;

    while (!error && done && !shell_interrupted()) {
        error = files_read(files, in, offset, data, COPY_MAX, &done);
        if (!error && done)
            error = files_write(files, out, offset, data, done, NULL);
        offset += done;
    }
    free(data);
    return error;
}

static int copy_to(struct files *files, const char *to, uint64_t in,
                   unsigned mode)
{
    uint64_t out;
    int error = files_open(files, to,
                           FILES_OPEN_WRITE | FILES_OPEN_CREATE |
                               FILES_OPEN_TRUNCATE | FILES_OPEN_MODE(mode),
                           &out, NULL);

    if (error)
        return shell_fail_file(to, error);
    error = copy_data(files, in, out);
    files_close(files, out);
    return error ? shell_fail_file(to, error) : SHELL_OK;
}

static int copy(struct files *files, const char *word, const char *from,
                const char *to)
{
    struct files_stat stat, other;
    uint64_t in;
    int status, error = files_open(files, from, 0, &in, &stat);

    if (error)
        return shell_fail_file(word, error);
    if (stat.mode >> 12 == 4)
        status = shell_fail_file(word, FILES_ERR_IS_DIRECTORY);
    else if (!files_stat(files, to, 0, &other) && other.inode == stat.inode)
        status = shell_fail(word, "is the same file");
    else
        status = copy_to(files, to, in, stat.mode);
    files_close(files, in);
    return status;
}

static int do_cp(int argc, char **argv)
{
    return each_move(argc, argv, copy);
}

/* The words with blanks between them, and a line's end. */
static size_t join(char *text, size_t room, int argc, char **argv)
{
    size_t used = 0;

    for (int i = 0; i < argc; i++)
        used += (size_t)snprintf(text + used, room - used, "%s%s", argv[i],
                                 i + 1 < argc ? " " : "\n");
    return used;
}

static void echo(const char *text, size_t bytes)
{
    fwrite(text, 1, bytes, stdout);
    fflush(stdout);
}

/* One key of a text that is typed; its new length. */
static size_t typed(char *text, size_t bytes, uint8_t key)
{
    if (key == '\r')
        key = '\n';
    if (key == 0x7f || key == '\b') {
        if (!bytes || text[bytes - 1] == '\n')
            return bytes;
        echo("\b \b", 3);
        return bytes - 1;
    }
    if (bytes == TYPED_MAX || (key < ' ' && key != '\n' && key != '\t'))
        return bytes;
    text[bytes] = (char)key;
    echo(text + bytes, 1);
    return bytes + 1;
}

/* What is typed until Ctrl-D. -1: Ctrl-C. */
static long type_text(char *text)
{
    size_t bytes = 0;
    uint8_t key;

    for (;;) {
        uart_handle();
        if (!uart_read(&key, 1)) {
            notification_wait(uart_events(), clock_after(10 * NS_PER_MS));
            continue;
        }
        if (key == KEY_CTRL('D') || key == KEY_CTRL('C')) {
            if (bytes && text[bytes - 1] != '\n')
                echo("\n", 1);
            return key == KEY_CTRL('D') ? (long)bytes : -1;
        }
        bytes = typed(text, bytes, key);
    }
}

static int put(const char *word, bool append, const char *text, size_t bytes)
{
    struct files *files = shell_files();
    char path[FILES_PATH_MAX + 1];
    uint64_t handle;
    int error;

    if (!files || shell_path(word, path))
        return SHELL_FAILED;
    error = files_open(files, path,
                       FILES_OPEN_WRITE | FILES_OPEN_CREATE |
                           FILES_OPEN_MODE(0644) |
                           (append ? 0 : FILES_OPEN_TRUNCATE),
                       &handle, NULL);
    if (!error) {
        error = files_write(files, handle, append ? FILES_APPEND : 0, text,
                            bytes, NULL);
        files_close(files, handle);
    }
    return error ? shell_fail_file(word, error) : SHELL_OK;
}

static int do_put(int argc, char **argv)
{
    static char text[TYPED_MAX + 1];
    bool append = argc > 1 && !strcmp(argv[1], "-a");
    int first = append ? 2 : 1;
    long bytes;

    if (argc <= first)
        return shell_usage();
    if (argc > first + 1) {
        bytes =
            (long)join(text, sizeof(text), argc - first - 1, argv + first + 1);
    } else {
        printf("(end with Ctrl-D)\n");
        fflush(stdout);
        bytes = type_text(text);
    }
    return bytes < 0 ? SHELL_INTERRUPTED
                     : put(argv[first], append, text, (size_t)bytes);
}

static int do_sync(int argc, char **argv)
{
    struct files *files = argc == 1 ? shell_files() : NULL;
    int error;

    (void)argv;
    if (argc > 1)
        return shell_usage();
    if (!files)
        return SHELL_FAILED;
    error = files_sync(files, 0);
    return error ? shell_fail_file(NULL, error) : SHELL_OK;
}

const struct command commands_change[] = {
    {"put", "[-a] FILE [TEXT...]", "write a file, or append to it", do_put,
     COMMAND_PATHS},
    {"cp", "FILE... TO", "copy files", do_cp, COMMAND_PATHS},
    {"mv", "FROM... TO", "move or rename", do_mv, COMMAND_PATHS},
    {"rm", "FILE...", "remove files", do_rm, COMMAND_PATHS},
    {"mkdir", "DIRECTORY...", "make directories", do_mkdir, COMMAND_PATHS},
    {"rmdir", "DIRECTORY...", "remove empty directories", do_rmdir,
     COMMAND_PATHS},
    {"touch", "FILE...", "make files, or set their time", do_touch,
     COMMAND_PATHS},
    {"sync", "", "make all changes durable", do_sync, COMMAND_NO_WORDS},
    {0},
};
