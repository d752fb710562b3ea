/*
 * The shell: command lines in, commands run, a status out.
 *
 * Commands print to stdout, which is the terminal. They are functions in a
 * table (commands.h); the status is 0, or why not.
 */
#pragma once

#include <cordon/files.h>

enum shell_status {
    SHELL_OK = 0,
    SHELL_FAILED = 1,
    SHELL_USAGE = 2,
    SHELL_UNKNOWN = 127,     /* no such command */
    SHELL_INTERRUPTED = 130, /* by Ctrl-C */
};

/* Run all commands of a line; stops at the first that is interrupted. Returns
 * the status of the last one. */
int shell_run(const char *line);

/* For the command that runs: take what stands behind it on the line, which is
 * then not run by the shell. */
const char *shell_take_rest(void);

/* Status of the last command that ran. */
int shell_status(void);

/* Look for Ctrl-C; commands that take long ask now and then. Once it was
 * pressed, true until the command line ends. */
int shell_interrupted(void);

/* Prints `NAME: usage: ...` for the command that runs; SHELL_USAGE. */
int shell_usage(void);

/* Prints `NAME: SUBJECT: WHAT`, or without the subject if it is null;
 * SHELL_FAILED. */
int shell_fail(const char *subject, const char *what);

/* The same for an enum files_error of the path `subject`. */
int shell_fail_file(const char *subject, int error);

/* The connection to the file service; made on first use. Null when there is
 * none, and the reason has been printed. */
struct files *shell_files(void);

/* The same without a word, for completion. */
struct files *shell_files_quietly(void);

/* What `path` means from the current directory: `out` has FILES_PATH_MAX + 1
 * bytes. Not 0 if it is too long, which has been printed. */
int shell_path(const char *path, char *out);

/* The current directory, and setting it to a path from shell_path(). */
const char *shell_directory(void);
void shell_set_directory(const char *path);

/* 1 while colours help: at the prompt, not for run-and-exit. */
int shell_has_colour(void);
void shell_set_colour(int on);
