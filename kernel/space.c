/* Address spaces and Domains: see space.h. */
#include "kernel/space.h"
#include "kernel/arch/x86_64/radix_cpu.h"
#include "kernel/cache.h"
#include "kernel/remote.h"

/* Pages that INVLPG takes out one by one; more reload CR3. */
#define FLUSH_PAGES 32
/* Mappings that one step of destruction forgets. */
#define DESTROY_BATCH     64
#define KERNEL_ROOT_FIRST 256 /* entry of the top table */

bool memory_quarantined;
static uint64_t spaces_made; /* guarded by the structure lock */

static void donate_pages(struct space *space, paddr_t first, uint64_t bytes)
{
    for (uint64_t at = 0; at < bytes; at += PAGE_SIZE)
        radix_donate(space->tables, (paddr_t){first.v + at});
}

/* The CPU's upper half is the kernel's, the same in all spaces. */
static void share_kernel_half(uint64_t *root)
{
    const uint64_t *kernel = phys_to_virt(platform.kernel_root);

    for (unsigned i = KERNEL_ROOT_FIRST; i < RADIX_SLOTS; i++)
        root[i] = kernel[i];
}

void space_init(struct space *space, enum cap_type type, unsigned size_bits)
{
    paddr_t root = {virt_to_phys(space).v + PAGE_SIZE};

    if (type == CAP_DOMAIN) {
        domain_init(space, root);
    } else {
        space->tables = &space->own_tables;
        space->root = root.v;
        space->number = ++spaces_made;
        share_kernel_half(phys_to_virt(root));
        radix_init(space->tables, platform.page_1g ? &radix_cpu_1g : &radix_cpu,
                   root);
    }
    donate_pages(space, (paddr_t){root.v + PAGE_SIZE},
                 (1ul << size_bits) - 2 * PAGE_SIZE);
}

/*
 * The CPUs that have the space loaded. Each notes it before the write to CR3,
 * which is serialising: a CPU that is not seen here loads later, and then
 * sees what was written to the tables before.
 */
static uint64_t loaded_on(const struct space *space)
{
    uint64_t mask = 0;

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (uint32_t i = 0; i < platform.cpu_count; i++)
        if (__atomic_load_n(&cpus[i].space, __ATOMIC_RELAXED) == space)
            mask |= 1ul << i;
    return mask;
}

void space_flush_local(struct cpu *cpu)
{
    uint64_t root = cr3_read();

    if (cpu->space && cpu->space->object.dying) {
        __atomic_store_n(&cpu->space, NULL, __ATOMIC_RELAXED);
        root = platform.kernel_root.v;
    }
    cr3_write(root);
}

void space_note(struct space *space, struct cap *frame, uint64_t address,
                uint64_t attributes)
{
    frame->data = address | attributes;
    frame->space = space;
    frame->map_prev = &space->mappings;
    frame->map_next = space->mappings.map_next;
    if (frame->map_next)
        frame->map_next->map_prev = frame;
    space->mappings.map_next = frame;
}

/* Joins a run of slots to the space's list, in their order. */
static void join_run(struct space *space, struct cap *frames, struct cap *end)
{
    struct cap *old = space->mappings.map_next;

    frames->map_prev = &space->mappings;
    space->mappings.map_next = frames;
    end[-1].map_next = old;
    if (old)
        old->map_prev = end - 1;
}

void space_map_run(struct space *space, struct cap *frames, uint64_t count,
                   unsigned bits, uint64_t address, unsigned leaf,
                   uint64_t attributes)
{
    struct cap *frame = frames, *end = frames + count;
    uint64_t data = address | attributes, step = 1ul << bits;
    struct radix_cursor cursor;

    radix_cursor_begin(&cursor, space->tables, address, bits, leaf);
    while (frame < end) {
        uint64_t n = (uint64_t)(end - frame);
        uint64_t *slot = radix_cursor_span(&cursor, &n);
        /* A leaf is the address | bits, an object address + DIRECT_BASE. */
        uint64_t to_leaf = cursor.bits - DIRECT_BASE;

#pragma GCC unroll 8
        for (struct cap *stop = frame + n; frame < stop; frame++) {
            *slot++ = (uint64_t)cap_object(frame) + to_leaf;
            frame->data = data;
            frame->space = space;
            frame->map_prev = frame - 1;
            frame->map_next = frame + 1;
            data += step;
        }
    }
    radix_cursor_end(&cursor);
    join_run(space, frames, end);
    space->mapped += count << bits;
}

static void forget(struct cap *cap)
{
    cap->map_prev->map_next = cap->map_next;
    if (cap->map_next)
        cap->map_next->map_prev = cap->map_prev;
    cap->map_next = cap->map_prev = NULL;
    cap->space = NULL;
}

/* Nothing of a dying or emptied space needs to be flushed one by one. */
static bool is_live(const struct space *space)
{
    return !space->object.dying && !space->emptied;
}

/*
 * Goes to the Frame's leaf; the batch grows by what it maps. Frames that were
 * mapped in a run are mostly changed in one, too: then the cursor is there.
 */
static void batch_advance(struct flush_batch *batch, const struct cap *frame,
                          unsigned leaf)
{
    uint64_t from = mapping_address(frame), to = from + (1ul << frame->bits);

    if (batch->next != from || batch->bits != frame->bits) {
        radix_cursor_end(&batch->cursor);
        radix_cursor_begin(&batch->cursor, batch->space->tables, from,
                           frame->bits, leaf);
        batch->bits = frame->bits;
    }
    batch->next = to;
    batch->from = from < batch->from ? from : batch->from;
    batch->to = to > batch->to ? to : batch->to;
}

void space_protect_cap(struct cap *frame, struct flush_batch *batch,
                       unsigned leaf, uint64_t attributes)
{
    batch_advance(batch, frame, leaf);
    radix_cursor_put(&batch->cursor, virt_to_phys(cap_object(frame)));
    frame->data = mapping_address(frame) | attributes;
}

bool space_unmap_cap(struct cap *frame, struct flush_batch *batch)
{
    struct space *space = frame->space;
    bool confirmed = true;

    if (is_live(space)) {
        if (batch->space != space) {
            confirmed = space_flush(batch);
            *batch = (struct flush_batch){.space = space, .from = ~0ul};
        }
        batch_advance(batch, frame, 0);
        radix_cursor_clear(&batch->cursor);
        space->mapped -= 1ul << frame->bits;
    }
    frame->data = 0;
    forget(frame);
    return confirmed;
}

/* Are they mapped one after the other, and stand so in the list? */
static bool is_run(const struct cap *frames, uint64_t count)
{
    const struct cap *frame = frames, *last = frames + count - 1;
    uint64_t data = frames->data, step = 1ul << frames->bits, differs = 0;

#pragma GCC unroll 8
    for (; frame < last; frame++, data += step)
        differs |= ((uint64_t)frame->map_next ^ (uint64_t)(frame + 1)) |
                   (frame->data ^ data);
    return differs == 0 && frame->data == data;
}

static void unmap_run(struct space *space, struct cap *frames, uint64_t count,
                      struct flush_batch *batch)
{
    struct cap *frame = frames, *end = frames + count;
    uint64_t from = mapping_address(frames), bytes = count << frames->bits;

    *batch = (struct flush_batch){space, .from = from, .to = from + bytes};
    radix_cursor_begin(&batch->cursor, space->tables, from, frames->bits, 0);
    frames->map_prev->map_next = end[-1].map_next;
    if (end[-1].map_next)
        end[-1].map_next->map_prev = frames->map_prev;
    while (frame < end) {
        uint64_t n = (uint64_t)(end - frame);
        uint64_t *slot = radix_cursor_span(&batch->cursor, &n);

#pragma GCC unroll 8
        for (struct cap *stop = frame + n; frame < stop; frame++) {
            *slot++ = 0;
            frame->data = 0;
            frame->space = NULL;
            frame->map_prev = frame->map_next = NULL;
        }
    }
    space->mapped -= bytes;
}

/* A Frame that does not follow the last one in the tables costs a walk. */
#define STEP_BUDGET 96
#define WALK_COST   4

uint64_t space_step(const struct cap *frames, uint64_t count)
{
    uint64_t work = 0, next = ~0ul, i;

    for (i = 0; i < count && work < STEP_BUDGET; i++) {
        uint64_t at = mapping_address(&frames[i]);

        work += at == next ? 1 : WALK_COST;
        next = at + (1ul << frames[i].bits);
    }
    return i;
}

uint64_t space_unmap_run(struct space *space, struct cap *frames,
                         uint64_t count, bool *confirmed)
{
    struct flush_batch batch = {0};

    if (frames->space == space && is_live(space) && is_run(frames, count)) {
        unmap_run(space, frames, count, &batch);
        *confirmed = space_flush(&batch);
        return count;
    }
    count = space_step(frames, count);
    for (uint64_t i = 0; i < count; i++)
        if (frames[i].space == space)
            *confirmed &= space_unmap_cap(&frames[i], &batch);
    *confirmed &= space_flush(&batch);
    return count;
}

static void flush_cpus(struct space *space, uint64_t from, uint64_t to)
{
    struct cpu *cpu = cpu_self();
    uint64_t self = 1ul << cpu->index, mask;

    if (platform.pcid) /* CPUs that load it later flush then */
        __atomic_add_fetch(&space->flushes, 1, __ATOMIC_SEQ_CST);
    mask = loaded_on(space);
#ifndef MUTATION_skip_tlb_flush
    if (mask & ~self)
        remote_flush(mask & ~self);
#endif
    if (!(mask & self))
        return;
    if (to - from > FLUSH_PAGES * PAGE_SIZE) {
        cr3_write(cr3_read());
        return;
    }
    for (; from < to; from += PAGE_SIZE)
        page_invalidate(from);
}

static bool flush_range(struct space *space, uint64_t from, uint64_t to)
{
    bool confirmed = true;

    if (space->object.type == CAP_DOMAIN)
        confirmed = domain_flush(space, from, to);
    else
        flush_cpus(space, from, to);
    if (!confirmed)
        memory_quarantined = true;
    return confirmed;
}

bool space_flush(struct flush_batch *batch)
{
    struct space *space = batch->space;

    if (!space)
        return true;
    radix_cursor_end(&batch->cursor);
    batch->space = NULL;
    return flush_range(space, batch->from, batch->to);
}

bool space_map_page(struct space *space, struct cap *frame, uint64_t address,
                    unsigned leaf, uint64_t attributes)
{
    struct radix *tables = space->tables;
    uint64_t *slot = radix_recent_slot(tables, address);

    if (!slot || *slot || !is_live(space))
        return false;
    radix_slot_write(tables, slot,
                     virt_to_phys(cap_object(frame)).v |
                         tables->format->leaf_bits(leaf));
    space_note(space, frame, address, attributes);
    space->mapped += PAGE_SIZE;
    return true;
}

bool space_unmap_page(struct space *space, struct cap *frame, bool *confirmed)
{
    uint64_t address = mapping_address(frame);
    uint64_t *slot = radix_recent_slot(space->tables, address);

    if (!slot || !is_live(space))
        return false;
#ifdef MUTATION_keep_entry
    if (space->object.type != CAP_DOMAIN)
#endif
        radix_slot_write(space->tables, slot, 0);
    space->mapped -= PAGE_SIZE;
    frame->data = 0;
    forget(frame);
    *confirmed = flush_range(space, address, address + PAGE_SIZE);
    return true;
}

/* Forgets a batch of mappings without touching the tables. */
static enum step forget_some(struct space *space)
{
    for (unsigned i = 0; i < DESTROY_BATCH; i++) {
        struct cap *cap = space->mappings.map_next;

        if (!cap)
            return STEP_DONE;
        if (cap_type_of(cap) == CAP_FRAME)
            cap->data = 0;
        forget(cap);
    }
    return STEP_AGAIN;
}

enum step space_destroy_step(struct space *space)
{
    if (!space->object.dying) {
        space->object.dying = true;
        if (space->object.type == CAP_DOMAIN)
            domain_destroy(space);
        else
            remote_flush(loaded_on(space));
    }
    return forget_some(space);
}

/* Takes all tables from the space at once: its root is cleared. */
static bool empty(struct space *space)
{
    struct flush_batch all = {.space = space, .to = USER_END};
    uint64_t *root = space->tables->root;
    bool cpu = space->object.type != CAP_DOMAIN;

    space->emptied = true;
    space->mapped = 0;
    radix_forget_tables(space->tables);
    for (unsigned i = 0; i < (cpu ? KERNEL_ROOT_FIRST : RADIX_SLOTS); i++)
        root[i] = 0;
    cache_flush(root, PAGE_SIZE);
    return space_flush(&all);
}

enum step space_withdraw_step(struct cap *memory)
{
    struct space *space = memory->space;

    if (!space)
        return STEP_DONE;
    if (is_live(space) && !empty(space))
        return STEP_UNCONFIRMED;
    return forget_some(space) == STEP_AGAIN ? STEP_AGAIN : STEP_DONE;
}
