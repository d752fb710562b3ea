/*
 * A ring of text and, when needed, the serial port.
 */
#include "servers/init/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "servers/init/rescue.h"

#define RING_BYTES 16384u
#define LINE_BYTES 256

static char ring[RING_BYTES];
static uint64_t total;
static bool serial;

static void add(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ring[(total + i) % RING_BYTES] = text[i];
    total += bytes;
    if (serial)
        rescue_write(text, bytes);
}

void log_line(const char *format, ...)
{
    char line[LINE_BYTES];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    if (n < 0)
        return;
    if (n > LINE_BYTES - 2)
        n = LINE_BYTES - 2;
    line[n] = '\n';
    add(line, (size_t)n + 1);
}

size_t log_read(uint64_t *offset, char *out, size_t size)
{
    uint64_t oldest = total > RING_BYTES ? total - RING_BYTES : 0;
    size_t n = 0;

    if (*offset < oldest)
        *offset = oldest;
    for (; n < size && *offset + n < total; n++)
        out[n] = ring[(*offset + n) % RING_BYTES];
    return n;
}

uint64_t log_bytes(void)
{
    return total;
}

void log_to_serial(bool on)
{
    char part[LINE_BYTES];
    uint64_t offset = 0;
    size_t n;

    if (on && !serial)
        while ((n = log_read(&offset, part, sizeof part)) > 0) {
            rescue_write(part, n);
            offset += n;
        }
    serial = on;
}
