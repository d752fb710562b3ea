/*
 * Tables and numbers (see table.h).
 */
#include "table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GAP "  "

static void add_text(struct table *t, const char *text)
{
    size_t bytes = strlen(text) + 1;
    unsigned column = t->cells % t->columns;

    if (t->cells / t->columns >= TABLE_ROWS ||
        bytes > sizeof(t->text) - t->used) {
        t->overflow = 1;
        return;
    }
    memcpy(t->text + t->used, text, bytes);
    t->used += bytes;
    if (t->width[column] < bytes - 1)
        t->width[column] = (uint16_t)(bytes - 1);
    t->cells++;
}

void table_start(struct table *t, const char *heading)
{
    char name[32];
    size_t n = 0;

    memset(t, 0, offsetof(struct table, text));
    t->columns = 1;
    for (const char *p = heading; *p; p++)
        t->columns += *p == '|';
    for (const char *p = heading;; p++) {
        if (*p == '>' && !n) {
            t->right |= 1u << t->cells;
        } else if (*p && *p != '|') {
            if (n < sizeof(name) - 1)
                name[n++] = *p;
        } else {
            name[n] = 0;
            n = 0;
            add_text(t, name);
            if (!*p)
                break;
        }
    }
}

void table_add(struct table *t, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    add_text(t, text);
}

void table_colour(struct table *t, unsigned colour)
{
    if (t->cells / t->columns < TABLE_ROWS)
        t->colour[t->cells / t->columns] = (uint8_t)colour;
}

static void print_line(const char *line, size_t bytes, unsigned colour)
{
    if (colour)
        printf("\x1b[%um", colour);
    printf("%.*s%s\n", (int)bytes, line, colour ? "\x1b[0m" : "");
}

void table_print(const struct table *t)
{
    const char *cell = t->text;
    char line[512];

    for (unsigned i = 0; i + t->columns <= t->cells; i += t->columns) {
        size_t n = 0;

        for (unsigned c = 0; c < t->columns; c++) {
            int width = t->width[c];

            if (n < sizeof(line))
                n += (size_t)snprintf(line + n, sizeof(line) - n, "%s%*s",
                                      c ? GAP : "",
                                      t->right >> c & 1 ? width : -width, cell);
            cell += strlen(cell) + 1;
        }
        if (n >= sizeof(line))
            n = sizeof(line) - 1;
        while (n && line[n - 1] == ' ')
            n--;
        print_line(line, n, t->colour[i / t->columns]);
    }
    if (t->overflow)
        printf("(more rows did not fit)\n");
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void names_print(const char **names, unsigned count, unsigned width)
{
    unsigned longest = 1, columns, rows;

    qsort(names, count, sizeof(*names), by_name);
    for (unsigned i = 0; i < count; i++)
        if (longest < strlen(names[i]) + 2)
            longest = (unsigned)strlen(names[i]) + 2;
    columns = width < longest ? 1 : width / longest;
    rows = (count + columns - 1) / columns;
    for (unsigned row = 0; row < rows; row++)
        for (unsigned i = row; i < count; i += rows)
            if (i + rows < count)
                printf("%-*s", (int)longest, names[i]);
            else
                printf("%s\n", names[i]);
}

const char *format_bytes(char *text, size_t room, uint64_t bytes)
{
    static const char *const units[] = {"B",   "KiB", "MiB", "GiB",
                                        "TiB", "PiB", "EiB"};
    unsigned unit = 0;
    uint64_t rest = 0;

    while (bytes >= 1024 && unit < 6) {
        rest = bytes % 1024;
        bytes /= 1024;
        unit++;
    }
    if (rest * 10 / 1024 && bytes < 100)
        snprintf(text, room, "%u.%u %s", (unsigned)bytes,
                 (unsigned)(rest * 10 / 1024), units[unit]);
    else
        snprintf(text, room, "%u %s", (unsigned)bytes, units[unit]);
    return text;
}

const char *format_time(char *text, size_t room, uint64_t ns)
{
    uint64_t s = ns / 1000000000, ms = ns / 1000000;

    if (ns < 1000000)
        snprintf(text, room, "%u us", (unsigned)(ns / 1000));
    else if (ms < 1000)
        snprintf(text, room, "%u.%u ms", (unsigned)ms,
                 (unsigned)(ns / 100000 % 10));
    else if (s < 60)
        snprintf(text, room, "%u.%03u s", (unsigned)s, (unsigned)(ms % 1000));
    else if (s < 86400)
        snprintf(text, room, "%u:%02u:%02u", (unsigned)(s / 3600),
                 (unsigned)(s / 60 % 60), (unsigned)(s % 60));
    else
        snprintf(text, room, "%u d %u:%02u:%02u", (unsigned)(s / 86400),
                 (unsigned)(s / 3600 % 24), (unsigned)(s / 60 % 60),
                 (unsigned)(s % 60));
    return text;
}
