/*
 * Completion of a word: collect what it could become, then know how far all of
 * that agrees.
 */
#pragma once

#include <stddef.h>

#define COMPLETE_SHOWN    128 /* candidates remembered to be listed */
#define COMPLETE_TEXT     4096
#define COMPLETE_NAME_MAX 256

struct complete {
    const char *prefix; /* what is typed of the name */
    size_t prefix_bytes;
    unsigned count; /* of all names that begin with the prefix */
    size_t common;  /* bytes in which all agree */
    char first[COMPLETE_NAME_MAX];
    unsigned shown;                    /* of `names` */
    const char *names[COMPLETE_SHOWN]; /* in the order they came */
    char text[COMPLETE_TEXT];
    size_t used;
};

void complete_start(struct complete *c, const char *prefix, size_t bytes);

/* One more name; `suffix` ('/' or ' ') is what follows it when it is the only
 * one. Names that do not begin with the prefix are passed over. */
void complete_add(struct complete *c, const char *name, char suffix);

/* What to insert behind the prefix: *bytes bytes, perhaps none. */
const char *complete_insertion(const struct complete *c, size_t *bytes);
