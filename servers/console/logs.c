/*
 * Following init's log (see logs.h).
 */
#include "logs.h"

#include <cordon/cordon.h>
#include <cordon/monitor.h>
#include <stdio.h>
#include <string.h>

#define SCREENFUL 2048u

static uint64_t offset; /* of the log, printed so far */

/* A component's text could hold anything: no tricks with the terminal. */
static void make_plain(char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (((unsigned char)text[i] < ' ' && text[i] != '\n') ||
            text[i] == 0x7f)
            text[i] = '?';
}

/* Bytes up to the last line feed; all of them if there is none. */
static size_t whole_lines(const char *text, size_t bytes)
{
    size_t n = bytes;

    while (n && text[n - 1] != '\n')
        n--;
    return n ? n : bytes;
}

static uint64_t log_end(cap_t monitor)
{
    struct monitor_system system;

    return monitor_system(monitor, &system) ? offset : system.log_bytes;
}

static void print_rest(cap_t monitor, logs_print *print)
{
    uint64_t end = log_end(monitor);
    char text[80];
    int n;

    if (end <= offset)
        return;
    n = snprintf(text, sizeof(text), "(and %llu bytes more: see `log`)\n",
                 (unsigned long long)(end - offset));
    offset = end;
    print(text, (size_t)n);
}

/* Print the next part; how many bytes that was. */
static size_t print_part(cap_t monitor, logs_print *print)
{
    char text[SCREENFUL];
    uint64_t next = offset;
    size_t bytes, lines;

    if (monitor_log(monitor, &next, text, sizeof(text), &bytes) || !bytes)
        return 0;
    lines = whole_lines(text, bytes);
    offset = next - (bytes - lines);
    make_plain(text, lines);
    print(text, lines);
    return lines;
}

void logs_new(logs_print *print)
{
    cap_t monitor = service_find("monitor");
    size_t printed = 0, n;

    if (!monitor)
        return;
    while ((n = print_part(monitor, print)))
        if ((printed += n) >= SCREENFUL) {
            print_rest(monitor, print);
            return;
        }
}
