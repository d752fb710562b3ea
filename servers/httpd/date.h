/*
 * HTTP dates (RFC 9110 5.6.7): written in the one form, read in all three.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "servers/httpd/text.h"

#define DATE_BYTES 29 /* "Sun, 06 Nov 1994 08:49:37 GMT" */

/* `seconds` since 1970, of years 1970 to 9999; others count as the nearest. */
void date_put(struct text *t, int64_t seconds);

/* "2026-11-21 17:03", for people. */
void date_put_short(struct text *t, int64_t seconds);

/* False if it is not a date. */
bool date_parse(struct span s, int64_t *seconds);
