/*
 * newlib's <sys/stat.h> and the one function that it declares for others only.
 */
#pragma once

#include_next <sys/stat.h>

int lstat(const char *restrict path, struct stat *restrict out);
