/*
 * The console: a terminal on the first serial port, with a shell.
 *
 * One thread does it all: keys come in, commands run, and what init has logged
 * in the meantime appears above the line that is being typed. So output never
 * mixes.
 */
#include <cordon/cordon.h>
#include <cordon/fd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "servers/console/commands.h"
#include "servers/console/editor.h"
#include "servers/console/logs.h"
#include "servers/console/table.h"
#include "servers/console/uart.h"
#include "servers/console/words.h"

#define PROMPT  "cordon> "
#define COLUMNS 80
/* How often to look: at init's log, and at a UART without an interrupt. */
#define IDLE_NS (NS_PER_S)
#define POLL_NS (10 * NS_PER_MS)

static struct editor editor;

/* stdout: a line feed also returns the carriage. */
static ssize_t terminal_write(void *state, const void *data, size_t bytes)
{
    const char *text = data;
    size_t start = 0;

    (void)state;
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] != '\n')
            continue;
        uart_write(text + start, i - start);
        uart_write("\r\n", 2);
        start = i + 1;
    }
    uart_write(text + start, bytes - start);
    return (ssize_t)bytes;
}

static const struct fd_operations terminal = {
    .write = terminal_write,
    .terminal = true,
};

static void editor_write(void *context, const char *text, size_t bytes)
{
    (void)context;
    uart_write(text, bytes);
}

/* A line from elsewhere: above the one that is being typed. */
static void print_above(const char *text, size_t bytes)
{
    editor_hide(&editor);
    terminal_write(NULL, text, bytes);
    if (bytes && text[bytes - 1] != '\n')
        terminal_write(NULL, "\n", 1);
    editor_show(&editor);
}

static void print_plain(const char *text, size_t bytes)
{
    fwrite(text, 1, bytes, stdout);
}

static void banner(void)
{
    printf("\nCordon: devices in cages. `help` lists the commands.\n");
    logs_new(print_plain);
    printf("\n");
    fflush(stdout);
}

/* Show the candidates, as many as were kept, below the line. */
static void show_candidates(struct complete *c)
{
    editor_hide(&editor);
    printf(PROMPT "%s\n", editor.line);
    names_print(c->names, c->shown, COLUMNS - 1);
    if (c->count > c->shown)
        printf("and %u more\n", c->count - c->shown);
    fflush(stdout);
    editor_show(&editor);
}

static void complete(void)
{
    static struct complete c;
    int word_number;
    size_t bytes, start;
    const char *text;

    start = words_last(editor.line, editor.cursor, &word_number);
    command_complete(&c, editor.line, editor.cursor, start, word_number);
    text = complete_insertion(&c, &bytes);
    if (bytes)
        editor_insert(&editor, text, bytes);
    else if (c.count > 1)
        show_candidates(&c);
}

static void feed(uint8_t byte)
{
    switch (editor_feed(&editor, byte)) {
    case EDITOR_LINE:
        shell_run(editor.line);
        fflush(stdout);
        editor_start(&editor);
        break;
    case EDITOR_INTERRUPT:
    case EDITOR_END:
        editor_start(&editor);
        break;
    case EDITOR_COMPLETE:
        complete();
        break;
    default:
        break;
    }
}

/* Returns 1 if there were any. */
static int take_keys(void)
{
    uint8_t byte;
    int any = 0;

    uart_handle();
    for (; uart_read(&byte, 1); any = 1)
        feed(byte);
    return any;
}

/* Lines of the log wait until nobody has typed for a moment. */
static _Noreturn void serve(void)
{
    uint64_t look_at_log = clock_after(IDLE_NS);

    for (;;) {
        if (take_keys())
            look_at_log = clock_after(IDLE_NS);
        notification_wait(uart_events(), uart_is_polled() ? clock_after(POLL_NS)
                                                          : look_at_log);
        if (clock_now() < look_at_log)
            continue;
        logs_new(print_above);
        look_at_log = clock_after(IDLE_NS);
    }
}

int main(void)
{
    const char *missing = uart_open();

    if (missing) {
        printf("console: %s\n", missing);
        return EXIT_FAILURE;
    }
    fd_set_operations(STDOUT_FILENO, &terminal, NULL);
    fd_set_operations(STDERR_FILENO, &terminal, NULL);
    editor.write = editor_write;
    editor.prompt = PROMPT;
    editor.columns = COLUMNS;
    service_ready();
    banner();
    editor_start(&editor);
    serve();
}
