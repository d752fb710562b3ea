/*
 * Running command lines (see shell.h).
 */
#include "shell.h"

#include <cordon/cordon.h>
#include <stdio.h>
#include <string.h>

#include "servers/console/commands.h"
#include "servers/console/editor.h"
#include "servers/console/uart.h"
#include "servers/console/words.h"

static const struct command *running;
static const char *rest; /* of the command line, behind what runs */
static int last_status;
static int interrupted;
static int colour = 1;
static char directory[FILES_PATH_MAX + 1] = "/";

static struct files files;
static int connected;

int shell_status(void)
{
    return last_status;
}

int shell_has_colour(void)
{
    return colour;
}

void shell_set_colour(int on)
{
    colour = on;
}

int shell_interrupted(void)
{
    if (!interrupted && uart_take_until(KEY_CTRL('C')))
        interrupted = 1;
    return interrupted;
}

int shell_usage(void)
{
    printf("%s: usage: %s%s%s\n", running->name, running->name,
           *running->arguments ? " " : "", running->arguments);
    return SHELL_USAGE;
}

int shell_fail(const char *subject, const char *what)
{
    printf("%s: %s%s%s\n", running ? running->name : "console",
           subject ? subject : "", subject ? ": " : "", what);
    return SHELL_FAILED;
}

int shell_fail_file(const char *subject, int error)
{
    char text[FILES_STATUS_MAX + 1], both[2 * FILES_STATUS_MAX];
    const char *what = files_error_text(error);

    /* What the whole service suffers from is worth saying. */
    if (((error == FILES_ERR_NO_DISK || error == FILES_ERR_CORRUPT ||
          error == FILES_ERR_IO) &&
         files_status(&files, text)) ||
        (error == FILES_ERR_READ_ONLY && !files_status(&files, text))) {
        snprintf(both, sizeof(both), "%s (%s)", what, text);
        what = both;
    }
    return shell_fail(subject, what);
}

/* One command, while another may be running (`time`, `run-and-exit`). */
static int run_words(struct words *words)
{
    const struct command *outer = running;
    const struct command *command = command_find(words->word[0]);
    int status;

    if (!command) {
        printf("%s: no such command; `help` lists them\n", words->word[0]);
        return SHELL_UNKNOWN;
    }
    running = command;
    status = command->run(words->count, words->word);
    running = outer;
    fflush(stdout);
    return interrupted ? SHELL_INTERRUPTED : status;
}

int shell_run(const char *line)
{
    const char *outer = rest;
    char buffer[EDITOR_LINE_BYTES];
    struct words words;

    if (!running)
        interrupted = 0;
    rest = line;
    while (!interrupted && words_next(&rest, &words, buffer)) {
        if (words.error) {
            printf("%s\n", words.error);
            last_status = SHELL_USAGE;
        } else {
            last_status = run_words(&words);
        }
    }
    rest = outer;
    return last_status;
}

const char *shell_take_rest(void)
{
    const char *taken = rest;

    rest = "";
    return taken;
}

static int files_try(void)
{
    if (!connected)
        connected = files_connect_service(&files, "files") == FILES_OK;
    return connected;
}

struct files *shell_files_quietly(void)
{
    return files_try() ? &files : NULL;
}

struct files *shell_files(void)
{
    if (files_try())
        return &files;
    shell_fail(NULL, service_find("files")
                         ? "the file service does not answer"
                         : "this system has no file service (see its policy)");
    return NULL;
}

const char *shell_directory(void)
{
    return directory;
}

void shell_set_directory(const char *path)
{
    snprintf(directory, sizeof(directory), "%s", path);
}

int shell_path(const char *path, char *out)
{
    int absolute = path[0] == '/';
    int at_root = directory[1] == 0;
    int n =
        snprintf(out, FILES_PATH_MAX + 1, "%s%s%s", absolute ? "" : directory,
                 absolute || at_root ? "" : "/", path);

    if (n < 0 || n > FILES_PATH_MAX)
        return shell_fail(path, "file name too long");
    return 0;
}
