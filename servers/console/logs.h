/*
 * Lines of other components: what they print goes into init's log, and from
 * there to the terminal, above the line that is being typed.
 */
#pragma once

#include <stddef.h>

typedef void logs_print(const char *text, size_t bytes);

/*
 * Print what init's log got since the last call, whole lines only. At most a
 * screenful: a chatterbox cannot keep anyone from the prompt (R7). What is
 * passed over is said; `log` shows it.
 */
void logs_new(logs_print *print);
