/*
 * A file system to test with, made by mke2fs: with the same arguments the same,
 * bit by bit. (That includes this program's time(), which libext2fs asks.)
 */
#pragma once

#include <stdbool.h>

/* What time() says, ever. */
#define IMAGE_TIME 1750000000

/* Formats `blocks` blocks of 1 KiB of the file, from byte `offset` on: ext4
 * with a journal and 128 inodes, and what the options say. */
bool image_format(const char *path, const char *options, unsigned offset,
                  unsigned blocks);
