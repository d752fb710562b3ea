/*
 * Files without a name that somebody still has open. They stand on ext4's list
 * of orphans, so that after a power cut whoever mounts next frees them.
 */
#pragma once

#include "servers/fs/volume.h"

/* The last name of `inode` has gone: frees it, or puts it on the list if it is
 * open. */
int orphan_unlinked(struct volume *v, ext2_ino_t inode);

/* A handle was closed: frees the inode if it was the last of an orphan. */
void orphan_closed(struct volume *v, ext2_ino_t inode);

/* At mount: free what the list has, commit. */
int orphans_free(struct volume *v);
