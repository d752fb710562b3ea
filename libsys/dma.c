/*
 * DMA memory: Frames that the device reaches through its Domain. A Frame
 * capability is mapped once, so the Domain maps copies; taking the original
 * away takes the copy with it.
 */
#include <cordon/cordon.h>
#include <cordon/driver.h>

#include "libsys/runtime.h"

#define LARGE (1ul << PAGE_2M_BITS)

/* Maps Frames in the Domain at a free IOVA. */
static uint64_t map_in_domain(struct driver *d, cap_t frames, uint32_t count,
                              uint32_t size_bits, unsigned attributes,
                              iova_t *iova)
{
    uint64_t bytes = (uint64_t)count << size_bits, first, status;

    if (d->domain == 0)
        return ERR_NO_ISOLATION;
    if (!ranges_take(&d->iova, bytes, 1ull << size_bits, &first))
        return ERR_LIMIT;
    status =
        memory_map_at(d->domain, frames, count, first, size_bits, attributes);
    if (status != OK)
        ranges_add(&d->iova, first, first + bytes);
    iova->v = first;
    return status;
}

/* An IOVA is free again only after its unmapping was confirmed (R4). */
static void unmap_in_domain(struct driver *d, cap_t frames, uint32_t count,
                            uint32_t size_bits, iova_t iova)
{
    uint64_t bytes = (uint64_t)count << size_bits;

    if (frames_unmap(d->domain, frames, count) == OK)
        ranges_add(&d->iova, iova.v, iova.v + bytes);
}

uint64_t dma_lend(struct driver *d, cap_t frames, uint32_t count,
                  uint32_t size_bits, unsigned attributes, struct dma_loan *out)
{
    out->frames = frames;
    out->count = count;
    out->size_bits = size_bits;
    return map_in_domain(d, frames, count, size_bits, attributes, &out->iova);
}

void dma_return(struct driver *d, struct dma_loan *loan)
{
    unmap_in_domain(d, loan->frames, loan->count, loan->size_bits, loan->iova);
    loan->count = 0;
}

/* Frames out of the policy's DMA bytes. */
static uint64_t carve(struct driver *d, size_t bytes, struct memory *m)
{
    m->size_bits = bytes % LARGE == 0 ? PAGE_2M_BITS : PAGE_BITS;
    for (;;) {
        uint64_t status = ERR_LIMIT;

        m->count =
            (uint32_t)((bytes + (1ul << m->size_bits) - 1) >> m->size_bits);
        m->frames = m->count <= 512 ? slot_alloc_run(m->count) : 0;
        if (m->frames != 0)
            status = untyped_retype(d->dma_source, CAP_FRAME, m->size_bits,
                                    m->count, 0, m->frames, 0)
                         .status;
        if (status == OK)
            return OK;
        if (m->frames != 0)
            slot_free_run(m->frames, m->count);
        if (m->size_bits == PAGE_BITS)
            return status;
        m->size_bits = PAGE_BITS; /* alignment may have cost too much */
    }
}

static uint64_t copy_frames(struct dma_memory *m)
{
    uint32_t count = m->memory.count;
    uint64_t status;

    m->copies = slot_alloc_run(count);
    if (m->copies == 0)
        return ERR_LIMIT;
    for (uint32_t i = 0; i < count; i++) {
        status =
            captable_copy(STARTUP_CAPTABLE, m->copies + i, 0,
                          m->memory.frames + i, RIGHT_READ | RIGHT_WRITE, 0)
                .status;
        if (status != OK) {
            cap_delete_run(m->copies, count);
            return status;
        }
    }
    return OK;
}

/* With memory carved: maps it on both sides. */
static uint64_t map_both(struct driver *d, struct dma_memory *m)
{
    struct memory *mem = &m->memory;
    uint64_t status = copy_frames(m);

    if (status != OK)
        return status;
    status = map_in_domain(d, m->copies, mem->count, mem->size_bits,
                           MAP_READ | MAP_WRITE, &m->iova);
    if (status == OK) {
        status = memory_map(mem->frames, mem->count, mem->size_bits,
                            MAP_READ | MAP_WRITE, mem);
        if (status != OK)
            unmap_in_domain(d, m->copies, mem->count, mem->size_bits, m->iova);
    }
    if (status != OK)
        cap_delete_run(m->copies, mem->count);
    return status;
}

uint64_t dma_alloc(struct driver *d, size_t bytes, struct dma_memory *out)
{
    uint64_t status;

    if (bytes == 0)
        return ERR_ARGUMENT;
    if (d->dma_source == 0)
        return ERR_NO_MEMORY;
    status = carve(d, bytes, &out->memory);
    if (status != OK)
        return status;
    status = map_both(d, out);
    if (status != OK)
        cap_delete_run(out->memory.frames, out->memory.count);
    return status;
}

void dma_free(struct driver *d, struct dma_memory *m)
{
    unmap_in_domain(d, m->copies, m->memory.count, m->memory.size_bits,
                    m->iova);
    cap_delete_run(m->copies, m->memory.count);
    memory_unmap(&m->memory);
    *m = (struct dma_memory){0};
}
