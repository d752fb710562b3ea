/*
 * Revoke and delete. What is derived goes first, leaf by leaf, so an object's
 * bindings (a thread in its address space) are gone before the object is.
 *
 * An object that takes many steps goes to a list of zombies when its root
 * capability goes: the slot is free at once, but no memory is used again
 * before that list is empty. So a table that holds its own capability, or two
 * that hold each other's, end like all others.
 */
#include "kernel/destroy.h"
#include "kernel/captable.h"
#include "kernel/device.h"
#include "kernel/endpoint.h"
#include "kernel/notification.h"
#include "kernel/space.h"

static struct object *zombies;

static bool takes_long(enum cap_type type)
{
    return type == CAP_CAPTABLE || type == CAP_ADDRESS_SPACE ||
           type == CAP_DOMAIN;
}

static enum step destroy_step(struct object *object)
{
    switch (object->type) {
    case CAP_THREAD:
        return thread_destroy_step((struct thread *)object);
    case CAP_SCHED_CONTEXT:
        return sched_destroy_step((struct sched_context *)object);
    case CAP_ENDPOINT:
        return endpoint_destroy_step((struct endpoint *)object);
    case CAP_REPLY:
        return reply_destroy_step((struct reply *)object);
    case CAP_NOTIFICATION:
        return notification_destroy_step((struct notification *)object);
    case CAP_ADDRESS_SPACE:
    case CAP_DOMAIN:
        return space_destroy_step((struct space *)object);
    case CAP_DEVICE:
        return device_destroy_step((struct device *)object);
    case CAP_INTERRUPT:
        return interrupt_destroy_step((struct interrupt *)object);
    default:
        return STEP_DONE; /* Untyped, Frame, ports: no state of their own */
    }
}

/* The object that a binding belonged to learns of its loss. */
static enum step binding_lost(struct cap *cap)
{
    struct object *owner = cap->owner;

    switch (owner->type) {
    case CAP_THREAD:
        return thread_binding_lost((struct thread *)owner, cap->bits);
    case CAP_SCHED_CONTEXT:
        return sched_binding_lost((struct sched_context *)owner);
    case CAP_NOTIFICATION:
        return notification_binding_lost((struct notification *)owner);
    case CAP_DEVICE:
        return device_binding_lost((struct device *)owner, cap->bits);
    case CAP_INTERRUPT:
        return interrupt_binding_lost((struct interrupt *)owner, cap->bits);
    default:
        return STEP_DONE;
    }
}

/* Removes a capability that nothing is derived from. */
static enum step remove_leaf(struct cap *cap, struct flush_batch *batch)
{
    enum cap_type type = cap_type_of(cap);
    enum step step = STEP_DONE;

    if (cap->flags & CAP_INTERNAL) {
        step = binding_lost(cap);
    } else if (type == CAP_FRAME && cap->space) {
        if (!space_unmap_cap(cap, batch))
            step = STEP_UNCONFIRMED;
    } else if (type == CAP_TABLE_MEMORY) {
        step = space_withdraw_step(cap);
    } else if (cap->flags & CAP_ROOT) {
        struct object *object = cap_object(cap);

        if (takes_long(type)) {
            object->zombie_next = zombies;
            zombies = object;
        } else {
            step = destroy_step(object);
        }
    }
    /* Unconfirmed: nothing is used again, but the capability can go. */
    if (step != STEP_AGAIN)
        cap_remove(cap);
    return step;
}

/* The first leaf below `cap`, or `cap` itself. */
static struct cap *first_leaf(struct cap *cap)
{
    while (cap_has_children(cap))
        cap = cap->next;
    return cap;
}

/* Removes what is derived from `cap`, and `cap` too if `itself`. */
static enum step remove_below(struct cap *cap, bool itself, unsigned *budget)
{
    struct flush_batch batch = {0};
    enum step result = STEP_DONE;
    struct cap *place = cap;

    while (itself || cap_has_children(cap)) {
        struct cap *leaf = first_leaf(place);
        enum step step;

#ifndef MUTATION_revoke_at_once
        if (!*budget) {
            result = STEP_AGAIN;
            break;
        }
        (*budget)--;
#endif
        place = leaf->prev; /* its parent: the next leaf is there */
        step = remove_leaf(leaf, &batch);
        if (step != STEP_DONE)
            result = step;
        if (step == STEP_AGAIN || leaf == cap)
            break;
    }
    if (!space_flush(&batch))
        result = STEP_UNCONFIRMED;
    return result;
}

static enum step zombie_table_step(struct captable *table, unsigned *budget)
{
    struct object *object = &table->object;

    while (object->progress < table->count) {
        struct cap *slot = &table->slots[object->progress];
        enum step step;

        if (!*budget)
            return STEP_AGAIN;
        (*budget)--;
        if (!cap_is_empty(slot)) {
            step = remove_below(slot, true, budget);
            if (step == STEP_AGAIN)
                return step;
        }
        object->progress++;
    }
    return STEP_DONE;
}

enum step destroy_zombies(unsigned *budget)
{
    while (zombies) {
        struct object *object = zombies;
        enum step step;

        if (!*budget)
            return STEP_AGAIN;
        (*budget)--;
        step = object->type == CAP_CAPTABLE
                   ? zombie_table_step((struct captable *)object, budget)
                   : destroy_step(object);
        if (step == STEP_AGAIN)
            return step;
        if (object == zombies) /* else others came: they go first */
            zombies = object->zombie_next;
    }
    return STEP_DONE;
}

static enum step remove_step(struct cap *cap, bool itself)
{
    unsigned budget = DESTROY_BUDGET;
    enum step step = STEP_DONE, rest;

    if (!cap_is_empty(cap)) {
        cap->flags |= CAP_REVOKING;
        step = remove_below(cap, itself, &budget);
        if (step == STEP_AGAIN)
            return step;
        cap->flags &= (uint8_t)~CAP_REVOKING;
    }
    rest = destroy_zombies(&budget);
    return rest == STEP_DONE ? step : rest;
}

enum step cap_revoke_step(struct cap *cap)
{
    return remove_step(cap, false);
}

enum step cap_delete_step(struct cap *cap)
{
    return remove_step(cap, true);
}
