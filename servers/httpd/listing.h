/*
 * A directory as a page of HTML: its entries by name, with sizes and times.
 */
#pragma once

#include "servers/httpd/file.h"

#define LISTING_MAX 2000u /* entries; how many more there are is said */

/* Files that are not shown and not served: uploads under way. */
#define HIDDEN_PREFIX ".put-"

/*
 * The page for the directory `path` of the disk, which clients know as `shown`
 * (without its last slash). 0 and *html, to be freed, or an enum files_error.
 */
int listing_make(struct library *l, const char *path, const char *shown,
                 uint64_t now, char **html, size_t *bytes);
