/*
 * All capabilities that there are, for those who check them.
 */
#pragma once

#include "tests/host/world.h"

#define CAPS_MAX 4096

extern struct cap *caps[CAPS_MAX];    /* in preorder */
extern struct cap *parents[CAPS_MAX]; /* of each; NULL: a root */
extern unsigned cap_count;

/* The tree's head. */
struct cap *world_tree(void);
/* A new world begins: nothing has been reached or checked. */
void world_forget(void);
void world_check_forget(void);

/* Fills these anew; aborts if they form no tree. */
void caps_gather(void);
/* Aborts if it does not. */
static inline void must(bool holds, const char *what)
{
    if (!holds)
        machine_fail(what);
}
