/*
 * statvfs, which newlib lacks: how large a file system is, and how full.
 */
#pragma once

#include <sys/types.h>

struct statvfs {
    unsigned long f_bsize;  /* bytes of a block */
    unsigned long f_frsize; /* the same: the unit of the next three */
    fsblkcnt_t f_blocks, f_bfree, f_bavail;
    fsfilcnt_t f_files, f_ffree, f_favail;
    unsigned long f_fsid;
    unsigned long f_flag; /* ST_RDONLY */
    unsigned long f_namemax;
};

#define ST_RDONLY 1ul
#define ST_NOSUID 2ul

/* Of the file system that `path` is on. 0, or -1 and errno. */
int statvfs(const char *__restrict path, struct statvfs *__restrict out);
