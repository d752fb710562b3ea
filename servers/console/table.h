/*
 * Tables for people: rows of short texts, columns as wide as they need to be.
 * Also numbers as people read them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define TABLE_COLUMNS 12
#define TABLE_ROWS    320
#define TABLE_TEXT    (24u << 10)

struct table {
    unsigned columns;
    unsigned right; /* bit n: column n is flush right */
    unsigned cells; /* so far, row by row, the heading first */
    size_t used;    /* of `text` */
    int overflow;   /* something did not fit and is left out */
    uint16_t width[TABLE_COLUMNS];
    uint8_t colour[TABLE_ROWS]; /* ANSI attribute of a row; 0: none */
    char text[TABLE_TEXT];      /* the cells, each with its NUL */
};

/* Begin a table whose heading is `columns` names separated by '|'; those that
 * begin with '>' are flush right. */
void table_start(struct table *t, const char *heading);

/* The next cell. A row is complete when all its cells are there. */
__attribute__((format(printf, 2, 3))) void table_add(struct table *t,
                                                     const char *format, ...);

/* The row of the next cell is shown in this ANSI colour, 30 to 37. */
void table_colour(struct table *t, unsigned colour);

/* Print it to stdout, without blanks at the ends of lines. */
void table_print(const struct table *t);

/* Print names sorted and in columns, downwards, on rows of `width`. Puts the
 * names in order where they are. */
void names_print(const char **names, unsigned count, unsigned width);

/* 1536 as "1.5 KiB"; whole numbers without a fraction. */
const char *format_bytes(char *text, size_t room, uint64_t bytes);

/* Nanoseconds as "1.234 s", "12.3 ms", "2 d 03:04:05". */
const char *format_time(char *text, size_t room, uint64_t ns);
