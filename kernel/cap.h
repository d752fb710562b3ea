/*
 * The derivation tree and the structure lock that guards it: look up, derive,
 * move, delete. Everything here wants the structure lock held.
 */
#pragma once

#include "kernel/lock.h"
#include "kernel/object.h"

struct thread;

/*
 * Structural changes (derive, retype, map, revoke, destroy) take this lock.
 * While a CPU waits for it, it goes on answering TLB shootdowns, so that the
 * holder can wait for those.
 */
extern struct lock structures;
void structure_wait(uint32_t ticket);

static inline void structure_lock(void)
{
    uint32_t ticket;

    if (!lock_ticket(&structures, &ticket))
        structure_wait(ticket);
}

static inline void structure_unlock(void)
{
    lock_release(&structures);
}

/* How a bounded step ended. */
enum step {
    STEP_DONE,
    STEP_AGAIN,       /* more to do: restart the operation */
    STEP_UNCONFIRMED, /* hardware did not confirm; fail closed (R4) */
};

#define CAP_MAX_DEPTH 256

/* Puts a capability without a parent into an empty slot. */
void cap_insert_root(struct cap *slot, uint64_t word, uint64_t data,
                     uint8_t flags);
/* Puts a child of `parent` into the empty `slot`. Checked before: */
void cap_insert_child(struct cap *parent, struct cap *slot, uint64_t word,
                      uint64_t data);
/* OK, ERR_BUSY (being revoked) or ERR_DEPTH: may a child be derived? */
enum status cap_may_derive(const struct cap *parent);
bool cap_has_children(const struct cap *cap);
/* A child with at most these rights; Frames: a copy that is not mapped. */
void cap_derive(struct cap *source, struct cap *slot, uint64_t rights,
                uint64_t badge);
/* Moves a capability with its place in the tree. */
void cap_move(struct cap *to, struct cap *from);
/* Takes a capability without children out of the tree and empties it; nothing
 * if it is empty. */
void cap_remove(struct cap *cap);

/*
 * Bounded steps of revoke and delete; call again while they say so. Both end
 * with every object that lost its last capability torn down.
 */
enum step cap_revoke_step(struct cap *cap);
enum step cap_delete_step(struct cap *cap);

/*
 * Internal slots: a derived capability inside `owner`, which is told with
 * binding_lost() when it goes. `role` tells the owner's slots apart.
 */
void cap_bind(struct cap *from, struct cap *slot, struct object *owner,
              uint8_t role);
/*
 * For cap_bind: the capability of this type in `slot`, which argument `arg`
 * names. Binding changes the object or gives it power, so it takes the right
 * to write (R2). NULL: an error was set in `self`.
 */
struct cap *cap_to_bind(struct thread *self, cap_t slot, enum cap_type type,
                        uint64_t arg);

/* The slot if it holds this type, else NULL. */
struct cap *cap_find(const struct thread *thread, cap_t slot,
                     enum cap_type type);
