/*
 * The file service's client (<cordon/files.h>) on a directory of the host, and
 * what a test can do to it.
 */
#pragma once

#include <stdbool.h>

struct files_on_host {
    const char *root; /* the directory that is the service's root */
    int error;        /* every call fails with it, if it is not 0 */
    int write_error;  /* files_write does */
    int sync_error;   /* files_sync does */
    bool read_only;   /* the client may not write */
    bool restarted;   /* the service has lost its clients: set by the test */
    bool lost;        /* the buffer is: zeros are in its place */
    unsigned calls;   /* counted */
    unsigned handles; /* open */
    unsigned most;    /* handles that were open at once */
    unsigned long free_bytes; /* of the disk; 0: plenty */
};
extern struct files_on_host files_on_host;
