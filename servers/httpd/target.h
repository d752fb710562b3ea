/*
 * From a request's target to the path of a file: percent-encoding undone, `.`
 * and `..` resolved, never above the root (RFC 3986 5.2.4, 6.2.2).
 */
#pragma once

#include <stdbool.h>

#include "servers/httpd/text.h"

/*
 * The path: starts with a slash, has no empty, `.` or `..` part, no slash at
 * its end but for the root itself, and no NUL. *directory: the target ended in
 * a slash. 0, or a status: 400 for what is not a path, 414 if it needs more
 * than `room` bytes with its NUL.
 */
int target_path(struct span target, char *path, size_t room, bool *directory);
