/*
 * Finding commands and what their words may be (see commands.h).
 */
#include "commands.h"

#include <cordon/cordon.h>
#include <cordon/monitor.h>
#include <stdio.h>
#include <string.h>

const struct command *const command_tables[] = {
    commands_files,      commands_data,   commands_change, commands_network,
    commands_components, commands_system, commands_basic,  NULL,
};

const struct command *command_find(const char *name)
{
    for (unsigned i = 0; command_tables[i]; i++)
        for (const struct command *c = command_tables[i]; c->name; c++)
            if (!strcmp(c->name, name))
                return c;
    return NULL;
}

cap_t command_service(const char *name)
{
    cap_t service = service_find(name);
    char text[64];

    if (!service) {
        snprintf(text, sizeof(text),
                 "the policy does not grant the console `%s`", name);
        shell_fail(NULL, text);
    }
    return service;
}

int command_monitor(int argc, cap_t *monitor, struct monitor_system *system)
{
    int error;

    if (argc > 1)
        return shell_usage();
    *monitor = command_service("monitor");
    if (!*monitor)
        return SHELL_FAILED;
    error = monitor_system(*monitor, system);
    return error ? shell_fail(NULL, service_error_text((uint64_t)error))
                 : SHELL_OK;
}

void command_table(struct table *t, const char *heading)
{
    table_start(t, heading);
    if (shell_has_colour())
        t->colour[0] = 1; /* bold */
}

static void complete_commands(struct complete *c)
{
    for (unsigned i = 0; command_tables[i]; i++)
        for (const struct command *each = command_tables[i]; each->name; each++)
            complete_add(c, each->name, ' ');
}

static void complete_components(struct complete *c)
{
    cap_t monitor = service_find("monitor");
    struct monitor_component component;

    if (!monitor)
        return;
    for (uint32_t i = 0; !monitor_component(monitor, i, &component); i++)
        complete_add(c, component.name, ' ');
}

static int complete_entry(void *context, const char *name,
                          const struct files_entry *entry)
{
    struct complete *c = context;

    if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
        (name[0] != '.' || c->prefix[0] == '.'))
        complete_add(c, name, entry->type == FILES_TYPE_DIRECTORY ? '/' : ' ');
    return 0;
}

/* `word` is a path of which the last name is to be completed. */
static void complete_paths(struct complete *c, const char *word, size_t bytes)
{
    struct files *files = shell_files_quietly();
    char text[FILES_PATH_MAX + 1], path[FILES_PATH_MAX + 1];
    size_t names = bytes;
    uint64_t handle;

    while (names && word[names - 1] != '/')
        names--;
    complete_start(c, word + names, bytes - names);
    if (!files || names > FILES_PATH_MAX)
        return;
    snprintf(text, sizeof(text), "%.*s", (int)names, word);
    if (shell_path(text, path) ||
        files_open(files, path, FILES_MUST_DIRECTORY, &handle, NULL))
        return;
    files_list(files, handle, complete_entry, c);
    files_close(files, handle);
}

/* The command whose word number 0 is; `time` and `run-and-exit` pass on. */
static enum command_words words_of(const char *line, size_t start, int *number)
{
    char name[32];
    const struct command *command;

    while (start > 0 && line[start - 1] != ';')
        start--;
    for (;;) {
        size_t n = 0;

        while (line[start] == ' ')
            start++;
        while (line[start] && line[start] != ' ' && n < sizeof(name) - 1)
            name[n++] = line[start++];
        name[n] = 0;
        command = command_find(name);
        if (!command || command->words != COMMAND_COMMANDS || *number < 2)
            return command ? command->words : COMMAND_NO_WORDS;
        --*number;
    }
}

void command_complete(struct complete *c, const char *line, size_t bytes,
                      size_t start, int word_number)
{
    enum command_words words = COMMAND_COMMANDS;

    complete_start(c, line + start, bytes - start);
    if (word_number)
        words = words_of(line, start, &word_number);
    if (words == COMMAND_COMMANDS)
        complete_commands(c);
    else if (words == COMMAND_COMPONENTS)
        complete_components(c);
    else if (words == COMMAND_PATHS)
        complete_paths(c, line + start, bytes - start);
}
