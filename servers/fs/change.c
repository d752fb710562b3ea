/*
 * The blocks of the running change, in chains by number (see change.h).
 */
#include "change.h"

#include <stdlib.h>
#include <string.h>

static int *chain_of(struct change *change, uint64_t number)
{
    return &change->chains[number % CHANGE_BLOCKS_MAX];
}

static struct change_block *find(struct change *change, uint64_t number)
{
    for (int i = *chain_of(change, number); i >= 0; i = change->blocks[i].next)
        if (change->blocks[i].number == number)
            return &change->blocks[i];
    return NULL;
}

void change_init(struct change *change, uint32_t block_bytes, unsigned limit)
{
    memset(change, 0, sizeof(*change));
    memset(change->chains, 0xff, sizeof(change->chains));
    change->block_bytes = block_bytes;
    change->limit = limit < CHANGE_BLOCKS_MAX ? limit : CHANGE_BLOCKS_MAX;
}

void change_clear(struct change *change)
{
    for (unsigned i = 0; i < change->count; i++)
        free(change->blocks[i].data);
    change_init(change, change->block_bytes, change->limit);
}

const uint8_t *change_find(const struct change *change, uint64_t number)
{
    const struct change_block *b = find((struct change *)change, number);

    return b && !b->forgotten ? b->data : NULL;
}

int change_put(struct change *change, uint64_t number, const void *data)
{
    struct change_block *b = find(change, number);

    if (!b) {
        uint8_t *copy;

        if (change->count == change->limit)
            return -1;
        copy = malloc(change->block_bytes);
        if (!copy)
            return -1;
        b = &change->blocks[change->count];
        *b = (struct change_block){
            .number = number, .data = copy, .next = *chain_of(change, number)};
        *chain_of(change, number) = (int)change->count++;
    }
    memcpy(b->data, data, change->block_bytes);
    b->forgotten = false;
    return 0;
}

void change_forget(struct change *change, uint64_t number)
{
    struct change_block *b = find(change, number);

    if (b)
        b->forgotten = true;
}

unsigned change_count(const struct change *change)
{
    unsigned count = 0;

    for (unsigned i = 0; i < change->count; i++)
        count += !change->blocks[i].forgotten;
    return count;
}

bool change_has_room(const struct change *change)
{
    return change->count < change->limit / 2;
}
