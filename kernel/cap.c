/*
 * The derivation tree: a circular list in preorder, with the depth of each
 * capability. `tree` is its head, at depth 0; capabilities without a parent
 * stand at depth 1.
 */
#include "kernel/cap.h"
#include "kernel/syscall.h"

static struct cap tree = {.next = &tree, .prev = &tree};

static void link_after(struct cap *place, struct cap *cap)
{
    cap->prev = place;
    cap->next = place->next;
    place->next->prev = cap;
    place->next = cap;
}

/* An empty slot will be filled; look-ups without lock see that it changed
 * before they can see anything that is new (cap_read). */
static inline void count_change(struct cap *slot)
{
    __atomic_store_n(&slot->changes, slot->changes + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

/* `word` is written last: a look-up without lock sees all or nothing. */
static void fill(struct cap *slot, uint64_t word, uint64_t data)
{
    count_change(slot);
    slot->flags = 0;
    slot->bits = 0;
    slot->space = NULL;
    slot->map_next = NULL;
    slot->map_prev = NULL;
    slot->data = data;
    __atomic_store_n(&slot->word, word, __ATOMIC_RELEASE);
}

void cap_insert_root(struct cap *slot, uint64_t word, uint64_t data,
                     uint8_t flags)
{
    fill(slot, word, data);
    slot->flags = flags;
    slot->depth = 1;
    link_after(tree.prev, slot);
}

void cap_insert_child(struct cap *parent, struct cap *slot, uint64_t word,
                      uint64_t data)
{
    fill(slot, word, data);
    slot->depth = (uint16_t)(parent->depth + 1);
    link_after(parent, slot);
}

enum status cap_may_derive(const struct cap *parent)
{
    if (parent->flags & CAP_REVOKING)
        return ERR_BUSY;
    return parent->depth < CAP_MAX_DEPTH ? OK : ERR_DEPTH;
}

void cap_derive(struct cap *source, struct cap *slot, uint64_t rights,
                uint64_t badge)
{
    enum cap_type type = cap_type_of(source);
    uint64_t word =
        word_make(type, rights & cap_rights_of(source), cap_object(source));

    cap_insert_child(source, slot, word, type == CAP_FRAME ? 0 : badge);
    slot->bits = source->bits;
    slot->flags = source->flags & (CAP_DEVICE_MEM | CAP_MODULE_MEM);
}

bool cap_has_children(const struct cap *cap)
{
    return cap->next->depth > cap->depth;
}

/* A mapped Frame is also on its space's list. */
static void relink_mapping(struct cap *to)
{
    if (to->map_next)
        to->map_next->map_prev = to;
    to->map_prev->map_next = to;
}

void cap_move(struct cap *to, struct cap *from)
{
    uint64_t word = from->word;
    enum cap_type type = word_type(word);

    __atomic_store_n(&from->word, 0, __ATOMIC_RELEASE);
    count_change(to);
    to->data = from->data;
    to->next = from->next;
    to->prev = from->prev;
    to->depth = from->depth;
    to->flags = from->flags;
    to->bits = from->bits;
    to->space = from->space;
    to->map_next = from->map_next;
    to->map_prev = from->map_prev;
    to->next->prev = to;
    to->prev->next = to;
    if ((type == CAP_FRAME || type == CAP_TABLE_MEMORY) && to->map_prev)
        relink_mapping(to);
    __atomic_store_n(&to->word, word, __ATOMIC_RELEASE);
}

void cap_remove(struct cap *cap)
{
    if (cap_is_empty(cap))
        return;
    __atomic_store_n(&cap->word, 0, __ATOMIC_RELEASE);
    cap->next->prev = cap->prev;
    cap->prev->next = cap->next;
    cap->next = cap->prev = NULL;
    cap->flags = 0;
}

void cap_bind(struct cap *from, struct cap *slot, struct object *owner,
              uint8_t role)
{
    cap_insert_child(from, slot, from->word, from->data);
    slot->flags = CAP_INTERNAL;
    slot->bits = role;
    slot->owner = owner;
}

struct cap *cap_find(const struct thread *thread, cap_t slot,
                     enum cap_type type)
{
    struct cap *cap = cap_slot(thread, slot);

    return cap && cap_type_of(cap) == type ? cap : NULL;
}

struct cap *cap_to_bind(struct thread *self, cap_t slot, enum cap_type type,
                        uint64_t arg)
{
    struct cap *cap = cap_find(self, slot, type);
    enum status status = !cap ? ERR_CAPABILITY
                         : cap_rights_of(cap) & RIGHT_WRITE
                             ? cap_may_derive(cap)
                             : ERR_RIGHTS;

    if (status == OK)
        return cap;
    syscall_fail(self, status, arg);
    return NULL;
}
