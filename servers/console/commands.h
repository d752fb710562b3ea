/*
 * The table of commands. Each cmd_*.c has some of them.
 */
#pragma once

#include <cordon/types.h>

#include "servers/console/complete.h"
#include "servers/console/shell.h"
#include "servers/console/table.h"

enum command_words {
    COMMAND_NO_WORDS,
    COMMAND_PATHS,      /* its arguments are files */
    COMMAND_COMMANDS,   /* a command */
    COMMAND_COMPONENTS, /* names of components */
};

struct command {
    const char *name;
    const char *arguments; /* for the usage line */
    const char *text;      /* what it does; null: not in the list of help */
    int (*run)(int argc, char **argv);
    enum command_words words; /* for completion */
};

extern const struct command *const command_tables[];
extern const struct command commands_basic[];
extern const struct command commands_files[];
extern const struct command commands_data[];
extern const struct command commands_change[];
extern const struct command commands_network[];
extern const struct command commands_system[];
extern const struct command commands_components[];

/* The command of that name, or null. */
const struct command *command_find(const char *name);

/* Candidates for the word that begins at `start` of a line of `bytes` bytes. */
void command_complete(struct complete *c, const char *line, size_t bytes,
                      size_t start, int word_number);

/* The service of init that a command needs, by name; 0, and said so, if the
 * policy does not grant it. */
cap_t command_service(const char *name);

/* The start of a command without arguments that asks init's monitor: finds the
 * service and reads its summary. Not SHELL_OK: it has been said why. */
struct monitor_system;
int command_monitor(int argc, cap_t *monitor, struct monitor_system *system);

/* table_start(), with a heading that stands out where colours help. */
void command_table(struct table *t, const char *heading);
