/*
 * A ring of lines (see history.h).
 */
#include "history.h"

#include <string.h>

void history_add(struct history *history, const char *line)
{
    const char *last = history_line(history, 1);
    size_t bytes = strlen(line);
    unsigned at;

    if (!bytes || bytes >= HISTORY_LINE_BYTES || (last && !strcmp(last, line)))
        return;
    at = (history->first + history->count) % HISTORY_LINES;
    memcpy(history->lines[at], line, bytes + 1);
    if (history->count < HISTORY_LINES)
        history->count++;
    else
        history->first = (history->first + 1) % HISTORY_LINES;
}

const char *history_line(const struct history *history, unsigned back)
{
    if (!back || back > history->count)
        return NULL;
    return history
        ->lines[(history->first + history->count - back) % HISTORY_LINES];
}
