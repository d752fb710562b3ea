/*
 * An Untyped is carved front to back; what a cut skips is lost. BARs are cut in
 * ascending order after all are known, so nothing is skipped that is needed;
 * for the ECAM, needed first, the part before it becomes a piece of its own.
 */
#include "servers/pci/mmio.h"

#include <cordon/cordon.h>

#define PIECES_MAX (STARTUP_MAX_CAPS + BOOT_INFO_MAX_SEGMENTS)

struct piece {
    cap_t untyped;
    uint64_t base, size;
    uint64_t used; /* bytes at its front that are gone */
};

static struct piece pieces[PIECES_MAX];
static unsigned piece_count;

static void piece_add(cap_t untyped, uint64_t base, uint64_t size)
{
    if (piece_count < PIECES_MAX)
        pieces[piece_count++] = (struct piece){untyped, base, size, 0};
}

void mmio_open(void)
{
    const struct startup_cap *cap;

    for (unsigned i = 0;; i++) {
        cap = startup_find(STARTUP_DEVICE_MEMORY, NULL, i);
        if (cap == NULL)
            return;
        piece_add(cap->slot, cap->base, cap->size);
    }
}

/* The piece that still holds all of [base, base + bytes), or NULL. */
static struct piece *piece_find(uint64_t base, uint64_t bytes)
{
    for (unsigned i = 0; i < piece_count; i++) {
        struct piece *p = &pieces[i];

        if (base >= p->base + p->used && base - p->base < p->size &&
            bytes <= p->size - (base - p->base))
            return p;
    }
    return NULL;
}

static cap_t cut(struct piece *p, uint64_t base, uint64_t bytes)
{
    cap_t slot = slot_alloc();
    struct result r;

    if (slot == 0)
        return 0;
    r = untyped_retype(p->untyped, CAP_UNTYPED, bytes, 1, 0, slot,
                       base - p->base);
    if (r.status != OK) {
        slot_free(slot);
        return 0;
    }
    p->used = base - p->base + bytes;
    return slot;
}

cap_t mmio_cut(uint64_t base, uint64_t bytes)
{
    struct piece *p = piece_find(base, bytes);

    return p == NULL ? 0 : cut(p, base, bytes);
}

cap_t mmio_reserve(uint64_t base, uint64_t bytes)
{
    struct piece *p = piece_find(base, bytes);
    uint64_t start;

    if (p == NULL)
        return 0;
    start = p->base + p->used;
    if (start < base) {
        cap_t before = cut(p, start, base - start);

        if (before != 0)
            piece_add(before, start, base - start);
    }
    return cut(p, base, bytes);
}
