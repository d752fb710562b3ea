/*
 * Places in the tree of directories, and the single steps by which tree.c
 * changes them.
 */
#pragma once

#include "servers/fs/volume.h"

/* A place in the tree: a directory, a name in it, and what is there. */
struct place {
    ext2_ino_t directory;
    char name[FILES_NAME_MAX + 1];
    int name_bytes;
    ext2_ino_t inode; /* 0: nothing */
    struct ext2_inode attributes;
    bool must_be_directory; /* the path ends with a slash */
};

/* Finds a path's place. FILES_OK also if nothing is there. */
int place_find(struct volume *v, struct path path, struct place *p);
/* Looks again at what is there. */
int place_look(struct volume *v, struct place *p);
bool place_is_directory(const struct place *p);

/* The type that an inode's directory entry says. */
unsigned entry_type(const struct ext2_inode *inode);
/* Gives an inode the place's name. */
errcode_t entry_add(struct volume *v, const struct place *p, ext2_ino_t inode,
                    unsigned type);
/* Points a name to another inode. */
errcode_t entry_retarget(struct volume *v, ext2_ino_t directory,
                         const char *name, ext2_ino_t inode, unsigned type);

/* A directory has changed: its time, and the links that ".." of others are. */
errcode_t directory_touch(struct volume *v, ext2_ino_t number, int links);
/* FILES_ERR_NOT_EMPTY. */
int directory_check_empty(struct volume *v, ext2_ino_t directory);
/* FILES_ERR_FULL: no further directory fits below it. */
int directory_check_links(struct volume *v, ext2_ino_t directory);
