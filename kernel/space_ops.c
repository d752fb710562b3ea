/*
 * Operations on address spaces and Domains. Each takes a run of Frame
 * capabilities in consecutive slots: all are checked, then all are changed,
 * and one invalidation confirms the batch.
 */
#include "kernel/space.h"
#include "kernel/operations.h"
#include "kernel/untyped.h"

#define MAP_MAX 512
/* The MSI range: what a device writes there is an interrupt request and is
 * never translated (VT-d 4.1, 3.15). */
#define MSI_FIRST 0xfee00000ul
#define MSI_END   0xfef00000ul

struct frames {
    struct cap *first;
    uint64_t count;
    unsigned bits; /* log2 of their size */
    bool device;   /* device memory */
};

/* Depth, flags and log2 of the size of a capability, in one load. */
static inline uint64_t frame_kind(const struct cap *frame)
{
    uint64_t kind;

    __builtin_memcpy(&kind, &frame->depth, sizeof(kind));
    return kind;
}
_Static_assert(offsetof(struct cap, flags) == offsetof(struct cap, depth) + 2 &&
                   offsetof(struct cap, bits) ==
                       offsetof(struct cap, depth) + 3,
               "KIND_MASK takes out two of the three");
#define KIND_MASK ((uint64_t)CAP_DEVICE_MEM << 16 | 0xffull << 24)

/* Are all of one type, size and kind, with the rights, and perhaps mapped
 * nowhere? What all have and what any has tells; without branches: it is part
 * of what mapping one page costs. */
static inline __attribute__((always_inline)) bool
run_is_uniform(const struct frames *frames, uint64_t rights, bool unmapped)
{
    const struct cap *frame = frames->first, *end = frame + frames->count;
    uint64_t all = ~0ul, any = 0, kind_all = ~0ul, kind_any = 0, places = 0;

#pragma GCC unroll 8
    for (; frame < end; frame++) {
        all &= frame->word;
        any |= frame->word;
        kind_all &= frame_kind(frame);
        kind_any |= frame_kind(frame);
        if (unmapped)
            places |= (uint64_t)frame->space;
    }
    return (all & 0xff) == CAP_FRAME && (any & 0xff) == CAP_FRAME &&
           !((~all & rights << 8) | ((kind_all ^ kind_any) & KIND_MASK) |
             places);
}

/* Says which one is to blame. */
static void blame_frame(struct thread *self, const struct frames *frames,
                        uint64_t rights, bool unmapped)
{
    uint64_t slot = self->regs.rsi;

    for (uint64_t i = 0; i < frames->count; i++) {
        const struct cap *frame = &frames->first[i];
        bool alike = cap_type_of(frame) == CAP_FRAME &&
                     frame->bits == frames->bits &&
                     !(frame->flags & CAP_DEVICE_MEM) != frames->device;

        bool allowed = alike && !(rights & ~cap_rights_of(frame));

        if (!allowed || (unmapped && frame->space)) {
            syscall_fail(self,
                         allowed ? ERR_BUSY
                         : alike ? ERR_RIGHTS
                                 : ERR_CAPABILITY,
                         1);
            self->regs.rsi = slot + i;
            return;
        }
    }
}

/* Arguments 1 and 2: Frames of one size and kind in consecutive slots, all
 * with these rights, and perhaps none of them mapped. */
static bool find_frames(struct thread *self, struct frames *frames,
                        uint64_t rights, bool unmapped)
{
    uint64_t slot = self->regs.rsi, count = self->regs.rdx;

    if (count < 1 || count > MAP_MAX)
        return syscall_argument(self, 2, 1, MAP_MAX);
    frames->first = cap_find(self, slot, CAP_FRAME);
    if (!frames->first || count > self->slot_count - slot) {
        syscall_fail(self, ERR_CAPABILITY, 1);
        self->regs.rsi = slot;
        return false;
    }
    frames->count = count;
    frames->bits = frames->first->bits;
    frames->device = frames->first->flags & CAP_DEVICE_MEM;
    if (unmapped ? run_is_uniform(frames, rights, true)
                 : run_is_uniform(frames, rights, false))
        return true;
    blame_frame(self, frames, rights, unmapped);
    return false;
}

/* W^X, and what kinds of memory go together with what. */
static bool attributes_fit(const struct space *space, uint64_t attributes,
                           bool device)
{
    if (attributes & ~(uint64_t)MAP_ALL ||
        !(attributes & (MAP_READ | MAP_WRITE)))
        return false;
#ifndef MUTATION_no_write_xor_execute
    if (attributes & MAP_EXEC && (attributes & MAP_WRITE || device))
        return false;
#endif
    if (attributes & MAP_WRITE_COMBINE &&
        (!device || attributes & MAP_UNCACHED))
        return false;
    /* A device reaches RAM only, never another device's registers. */
    return space->object.type != CAP_DOMAIN ||
           (!device &&
            !(attributes & (MAP_EXEC | MAP_UNCACHED | MAP_WRITE_COMBINE)));
}

/* The rights that a mapping with these attributes uses. */
static uint64_t attributes_rights(uint64_t attributes)
{
#ifdef MUTATION_no_frame_rights
    return 0;
#endif
    return attributes & (MAP_READ | MAP_WRITE | MAP_EXEC);
}

/* Is each Frame mapped in `in`? */
static bool places_check(struct thread *self, const struct frames *frames,
                         const struct space *in)
{
    for (uint64_t i = 0; i < frames->count; i++)
        if (frames->first[i].space != in) {
            syscall_fail(self, ERR_BUSY, 1);
            self->regs.rsi = self->regs.rsi + i;
            return false;
        }
    return true;
}

static bool range_fits(struct thread *self, const struct space *space,
                       const struct frames *frames, uint64_t address)
{
    uint64_t bytes = frames->count << frames->bits;
    uint64_t end = space->object.type == CAP_DOMAIN
                       ? 1ul << space->tables->format->input_bits
                       : USER_END - PAGE_SIZE;

    if (address & ((1ul << frames->bits) - 1) || address >= end ||
        bytes > end - address)
        return syscall_argument(self, 3, 0, end - bytes);
    if (space->object.type == CAP_DOMAIN && address < MSI_END &&
        address + bytes > MSI_FIRST)
        return syscall_argument(self, 3, MSI_END, end - bytes);
    return true;
}

static bool tables_fit(struct thread *self, const struct space *space,
                       const struct frames *frames, uint64_t address)
{
    switch (radix_check(space->tables, address, frames->bits,
                        (uint32_t)frames->count)) {
    case RADIX_OK:
        return true;
    case RADIX_NEED_TABLES:
        syscall_fail(self, ERR_NEED_TABLES, 0);
        self->regs.rsi =
            radix_tables_needed(space->tables, address, frames->bits,
                                (uint32_t)frames->count) -
            space->tables->pool_count;
        return false;
    case RADIX_OVERLAP:
        return syscall_fail(self, ERR_OCCUPIED, 3);
    default: /* a size that this hardware does not map */
        return syscall_fail(self, ERR_ARGUMENT, 1);
    }
}

/* What the page tables are told: users' pages, devices uncached. */
static unsigned leaf_attributes(const struct space *space, uint64_t attributes,
                                bool device)
{
    if (device && !(attributes & MAP_WRITE_COMBINE))
        attributes |= MAP_UNCACHED;
    if (space->object.type != CAP_DOMAIN)
        attributes |= RADIX_USER;
    return (unsigned)attributes;
}

/* One Frame of 4 KiB with these rights, or NULL. */
static struct cap *find_page(struct thread *self, uint64_t rights)
{
    struct cap *frame = cap_slot(self, self->regs.rsi);
    uint64_t mask = 0xff | rights << 8, wanted = CAP_FRAME | rights << 8;

    return frame && (frame->word & mask) == wanted && frame->bits == PAGE_BITS
               ? frame
               : NULL;
}

/* The short way, for one page. False: take the long one, which finds out what
 * is wrong if anything is. */
static bool map_page(struct thread *self, struct space *space)
{
    uint64_t address = self->regs.r10, attributes = self->regs.r8;
    struct cap *frame = find_page(self, attributes_rights(attributes));
    bool device;

    if (!frame || frame->space || address % PAGE_SIZE ||
        address >= USER_END - PAGE_SIZE)
        return false;
    device = frame->flags & CAP_DEVICE_MEM;
    if (!attributes_fit(space, attributes, device) ||
        (space->object.type == CAP_DOMAIN &&
         address - MSI_FIRST < MSI_END - MSI_FIRST) ||
        !space_map_page(space, frame, address,
                        leaf_attributes(space, attributes, device), attributes))
        return false;
    self->regs.rsi = 1;
    if (space->object.type == CAP_DOMAIN &&
        !domain_flush_mapped(space, address, address + PAGE_SIZE))
        syscall_fail(self, ERR_UNCONFIRMED, 0);
    return true;
}

void space_map_op(struct thread *self, struct cap *cap)
{
    struct space *space = cap_object(cap);
    uint64_t address = self->regs.r10, attributes = self->regs.r8;
    struct frames frames;

    if (self->regs.rdx == 1 && map_page(self, space))
        return;
    if (!find_frames(self, &frames, attributes_rights(attributes), true))
        return;
    if (!attributes_fit(space, attributes, frames.device))
        return (void)syscall_fail(self, ERR_ARGUMENT, 4);
    if (!range_fits(self, space, &frames, address))
        return;
    if (space->emptied || space->object.dying)
        return (void)syscall_fail(self, ERR_BUSY, 0);
    if (!tables_fit(self, space, &frames, address))
        return;
    space_map_run(space, frames.first, frames.count, frames.bits, address,
                  leaf_attributes(space, attributes, frames.device),
                  attributes);
    self->regs.rsi = frames.count;
    if (space->object.type == CAP_DOMAIN &&
        !domain_flush_mapped(space, address,
                             address + (frames.count << frames.bits)))
        syscall_fail(self, ERR_UNCONFIRMED, 0);
}

/* The first `done` of the Frames are; the registers advance like REP's. */
static void frames_go_on(struct thread *self, uint64_t done, bool confirmed,
                         uint64_t operation)
{
    self->regs.rsi += done;
    self->regs.rdx -= done;
    if (!confirmed)
        syscall_fail(self, ERR_UNCONFIRMED, 0);
    else if (self->regs.rdx)
        syscall_again(self, operation);
}

void space_unmap_op(struct thread *self, struct cap *cap)
{
    struct space *space = cap_object(cap);
    struct cap *page = self->regs.rdx == 1 ? find_page(self, 0) : NULL;
    struct frames frames;
    bool confirmed = true;
    uint64_t done = 1;

    if (!page || page->space != space ||
        !space_unmap_page(space, page, &confirmed)) {
        if (!find_frames(self, &frames, 0, false))
            return;
        done = space_unmap_run(space, frames.first, frames.count, &confirmed);
    }
    frames_go_on(self, done, confirmed, OP_SPACE_UNMAP);
}

void space_protect_op(struct thread *self, struct cap *cap)
{
    struct space *space = cap_object(cap);
    uint64_t attributes = self->regs.r10;
    struct flush_batch batch = {.space = space, .from = ~0ul};
    struct frames frames;

    if (!find_frames(self, &frames, attributes_rights(attributes), false))
        return;
    if (!attributes_fit(space, attributes, frames.device))
        return (void)syscall_fail(self, ERR_ARGUMENT, 3);
    if (!places_check(self, &frames, space))
        return;
    frames.count = space_step(frames.first, frames.count);
    for (uint64_t i = 0; i < frames.count; i++)
        space_protect_cap(&frames.first[i], &batch,
                          leaf_attributes(space, attributes, frames.device),
                          attributes);
    frames_go_on(self, frames.count, space_flush(&batch), OP_SPACE_PROTECT);
}

/* Bytes of one donation: its pages go in at once. */
#define DONATE_MAX (1ul << SPACE_MAX_BITS)

void space_donate_op(struct thread *self, struct cap *cap)
{
    struct space *space = cap_object(cap);
    struct cap *memory = cap_find(self, self->regs.rsi, CAP_UNTYPED);
    uint64_t base, at;

    if (!memory || memory->flags & (CAP_DEVICE_MEM | CAP_MODULE_MEM))
        return (void)syscall_fail(self, ERR_CAPABILITY, 1);
    base = virt_to_phys(cap_object(memory)).v;
    if (base % PAGE_SIZE || memory->size % PAGE_SIZE ||
        memory->size > DONATE_MAX)
        return (void)syscall_argument(self, 1, PAGE_SIZE, DONATE_MAX);
    if (space->emptied || space->object.dying || cap_has_children(memory) ||
        memory->data)
        return (void)syscall_fail(self, ERR_BUSY, 1);
    /* Zeroed first, in steps; then all pages go in at once. */
    if (!untyped_zero_step(memory)) {
        syscall_again(self, OP_SPACE_DONATE);
        return;
    }
    at = memory->size;
    memory->word = word_make(CAP_TABLE_MEMORY, 0, cap_object(memory));
    space_note(space, memory, 0, 0);
    memory->data = at;
    for (uint64_t i = 0; i < at; i += PAGE_SIZE)
        radix_donate(space->tables, (paddr_t){base + i});
    self->regs.rsi = space->tables->pool_count;
}

void space_info_op(struct thread *self, struct cap *cap)
{
    struct space *space = cap_object(cap);
    bool domain = space->object.type == CAP_DOMAIN;

    self->regs.rsi = space->tables->pool_count;
    self->regs.rdx = space->tables->used_count;
    self->regs.r10 = space->mapped;
    self->regs.r8 = domain ? domain_device_count(space) : 0;
    self->regs.r9 = domain ? domain_id(space) : 0;
}

void space_lookup_op(struct thread *self, struct cap *cap)
{
    struct space *space = cap_object(cap);
    uint64_t address = self->regs.rsi;
    struct radix_leaf leaf;

    if (address >> space->tables->format->input_bits)
        return (void)syscall_argument(
            self, 1, 0, (1ul << space->tables->format->input_bits) - 1);
    switch (radix_next(space->tables, &address, &leaf)) {
    case RADIX_OK:
        self->regs.rsi = leaf.va;
        self->regs.rdx = leaf.pa.v;
        self->regs.r10 = leaf.size_bits;
        self->regs.r8 = leaf.attrs & MAP_ALL;
        break;
    case RADIX_AGAIN:
        self->regs.rsi = address;
        self->regs.r10 = 0;
        break;
    default:
        self->regs.rsi = ~0ul;
        self->regs.r10 = 0;
    }
}
