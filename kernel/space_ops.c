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
};

/* Arguments 1 and 2: Frames of one size in consecutive slots. */
static bool find_frames(struct thread *self, struct frames *frames)
{
    uint64_t slot = self->regs.rsi, count = self->regs.rdx;

    if (count < 1 || count > MAP_MAX) {
        syscall_argument(self, 2, 1, MAP_MAX);
        return false;
    }
    frames->first = cap_find(self, slot, CAP_FRAME);
    if (!frames->first || count > self->slot_count - slot) {
        syscall_fail(self, ERR_CAPABILITY, 1);
        self->regs.rsi = slot;
        return false;
    }
    frames->count = count;
    frames->bits = frames->first->bits;
    for (uint64_t i = 1; i < count; i++)
        if (cap_type_of(&frames->first[i]) != CAP_FRAME ||
            frames->first[i].bits != frames->bits) {
            syscall_fail(self, ERR_CAPABILITY, 1);
            self->regs.rsi = slot + i;
            return false;
        }
    return true;
}

/* W^X, and what kinds of memory go together with what. */
static bool attributes_fit(const struct space *space, uint64_t attributes,
                           bool device)
{
    if (attributes & ~(uint64_t)MAP_ALL ||
        !(attributes & (MAP_READ | MAP_WRITE)))
        return false;
    if (attributes & MAP_EXEC && (attributes & MAP_WRITE || device))
        return false;
    if (attributes & MAP_WRITE_COMBINE &&
        (!device || attributes & MAP_UNCACHED))
        return false;
    /* A device reaches RAM only, never another device's registers. */
    return space->object.type != CAP_DOMAIN ||
           (!device &&
            !(attributes & (MAP_EXEC | MAP_UNCACHED | MAP_WRITE_COMBINE)));
}

/* Is each Frame fit for these attributes, and mapped in `in` (or nowhere)? */
static bool check_frames(struct thread *self, const struct frames *frames,
                         const struct space *space, const struct space *in,
                         uint64_t attributes, uint64_t attributes_arg)
{
    uint64_t needed = attributes & (MAP_READ | MAP_WRITE | MAP_EXEC);

    for (uint64_t i = 0; i < frames->count; i++) {
        const struct cap *frame = &frames->first[i];
        enum status status = OK;

        if (needed & ~cap_rights_of(frame))
            status = ERR_RIGHTS;
        else if (frame->space != in)
            status = ERR_BUSY;
        else if (!attributes_fit(space, attributes,
                                 frame->flags & CAP_DEVICE_MEM)) {
            syscall_argument(self, attributes_arg, MAP_READ, MAP_ALL);
            return false;
        }
        if (status != OK) {
            syscall_fail(self, status, 1);
            self->regs.rsi = self->regs.rsi + i;
            return false;
        }
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
        bytes > end - address) {
        syscall_argument(self, 3, 0, end - bytes);
        return false;
    }
    if (space->object.type == CAP_DOMAIN && address < MSI_END &&
        address + bytes > MSI_FIRST) {
        syscall_argument(self, 3, MSI_END, end - bytes);
        return false;
    }
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
        self->regs.rsi = radix_tables_needed(space->tables, address,
                                             frames->bits,
                                             (uint32_t)frames->count) -
                         space->tables->pool_count;
        return false;
    case RADIX_OVERLAP:
        syscall_fail(self, ERR_OCCUPIED, 3);
        return false;
    default: /* a size that this hardware does not map */
        syscall_fail(self, ERR_ARGUMENT, 1);
        return false;
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

void space_map_op(struct cpu *cpu, struct thread *self, struct cap *cap)
{
    struct space *space = cap_object(cap);
    uint64_t address = self->regs.r10, attributes = self->regs.r8;
    struct radix_cursor cursor;
    struct frames frames;
    uint64_t bytes;
    bool device;

    (void)cpu;
    if (!find_frames(self, &frames) ||
        !check_frames(self, &frames, space, NULL, attributes, 4) ||
        !range_fits(self, space, &frames, address))
        return;
    if (space->emptied || space->object.dying) {
        syscall_fail(self, ERR_BUSY, 0);
        return;
    }
    device = frames.first->flags & CAP_DEVICE_MEM;
    for (uint64_t i = 1; i < frames.count; i++)
        if (!(frames.first[i].flags & CAP_DEVICE_MEM) == device) {
            syscall_fail(self, ERR_ARGUMENT, 1);
            return;
        }
    if (!tables_fit(self, space, &frames, address))
        return;
    bytes = frames.count << frames.bits;
    radix_cursor_begin(&cursor, space->tables, address, frames.bits,
                       leaf_attributes(space, attributes, device));
    for (uint64_t i = 0; i < frames.count; i++) {
        struct cap *frame = &frames.first[i];

        radix_cursor_put(&cursor, virt_to_phys(cap_object(frame)));
        space_note(space, frame, address + (i << frames.bits), attributes);
    }
    radix_cursor_end(&cursor);
    space->mapped += bytes;
    self->regs.rsi = frames.count;
    if (space->object.type == CAP_DOMAIN &&
        !domain_flush_mapped(space, address, address + bytes))
        syscall_fail(self, ERR_UNCONFIRMED, 0);
}

static void confirm(struct thread *self, struct flush_batch *batch,
                    bool confirmed)
{
    if (!space_flush(batch) || !confirmed)
        syscall_fail(self, ERR_UNCONFIRMED, 0);
}

void space_unmap_op(struct cpu *cpu, struct thread *self, struct cap *cap)
{
    struct space *space = cap_object(cap);
    struct flush_batch batch = {0};
    struct frames frames;
    bool confirmed = true;

    (void)cpu;
    if (!find_frames(self, &frames))
        return;
    for (uint64_t i = 0; i < frames.count; i++)
        if (frames.first[i].space == space)
            confirmed &= space_unmap_cap(&frames.first[i], &batch);
    confirm(self, &batch, confirmed);
}

void space_protect_op(struct cpu *cpu, struct thread *self, struct cap *cap)
{
    struct space *space = cap_object(cap);
    uint64_t attributes = self->regs.r10;
    struct flush_batch batch = {space, ~0ul, 0};
    struct frames frames;

    (void)cpu;
    if (!find_frames(self, &frames) ||
        !check_frames(self, &frames, space, space, attributes, 3))
        return;
    for (uint64_t i = 0; i < frames.count; i++) {
        struct cap *frame = &frames.first[i];
        uint64_t from = mapping_address(frame);
        uint64_t to = from + (1ul << frames.bits);

        radix_protect(space->tables, from, frames.bits,
                      leaf_attributes(space, attributes,
                                      frame->flags & CAP_DEVICE_MEM));
        frame->data = from | attributes;
        batch.from = from < batch.from ? from : batch.from;
        batch.to = to > batch.to ? to : batch.to;
    }
    confirm(self, &batch, true);
}

/* Bytes of one donation: its pages go in at once. */
#define DONATE_MAX (1024 * PAGE_SIZE)

void space_donate_op(struct cpu *cpu, struct thread *self, struct cap *cap)
{
    struct space *space = cap_object(cap);
    struct cap *memory = cap_find(self, self->regs.rsi, CAP_UNTYPED);
    uint64_t base, at;

    (void)cpu;
    if (!memory || memory->flags & (CAP_DEVICE_MEM | CAP_MODULE_MEM)) {
        syscall_fail(self, ERR_CAPABILITY, 1);
        return;
    }
    base = virt_to_phys(cap_object(memory)).v;
    if (base % PAGE_SIZE || memory->size % PAGE_SIZE ||
        memory->size > DONATE_MAX) {
        syscall_argument(self, 1, PAGE_SIZE, DONATE_MAX);
        return;
    }
    if (space->emptied || space->object.dying || cap_has_children(memory) ||
        memory->data) {
        syscall_fail(self, ERR_BUSY, 1);
        return;
    }
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

void space_info_op(struct cpu *cpu, struct thread *self, struct cap *cap)
{
    struct space *space = cap_object(cap);
    bool domain = space->object.type == CAP_DOMAIN;

    (void)cpu;
    self->regs.rsi = space->tables->pool_count;
    self->regs.rdx = space->tables->used_count;
    self->regs.r10 = space->mapped;
    self->regs.r8 = domain ? domain_device_count(space) : 0;
    self->regs.r9 = domain ? domain_id(space) : 0;
}

void space_lookup_op(struct cpu *cpu, struct thread *self, struct cap *cap)
{
    struct space *space = cap_object(cap);
    uint64_t address = self->regs.rsi;
    struct radix_leaf leaf;

    (void)cpu;
    if (address >> space->tables->format->input_bits) {
        syscall_argument(self, 1, 0,
                         (1ul << space->tables->format->input_bits) - 1);
        return;
    }
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
