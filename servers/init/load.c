/*
 * Copies a program out of its boot module into frames of the component. init
 * sees both for that moment only; afterwards the component has its frames,
 * mapped as its headers say and never both writable and executable.
 */
#include <string.h>

#include <cordon/cordon.h>

#include "servers/init/component.h"
#include "servers/init/elf.h"
#include "servers/init/module.h"

/* Maps `count` frames into init for a moment. */
static uint64_t view_open(cap_t frames, size_t count, struct memory *view)
{
    return memory_map(frames, count, PAGE_BITS, MAP_READ | MAP_WRITE, view);
}

static uint64_t view_close(struct memory *view)
{
    for (size_t done = 0; done < view->count; done += 512) {
        size_t batch = view->count - done < 512 ? view->count - done : 512;
        uint64_t status =
            space_unmap(STARTUP_SPACE, view->frames + done, batch).status;

        if (status != OK)
            return status;
    }
    address_free((uintptr_t)view->address, view->bytes);
    return OK;
}

static uint64_t carve(struct component *c, size_t pages, cap_t *frames)
{
    *frames = component_slots(c, pages);
    if (*frames == 0)
        return ERR_LIMIT;
    for (size_t done = 0; done < pages; done += 512) {
        size_t batch = pages - done < 512 ? pages - done : 512;
        uint64_t status = untyped_retype(c->source, CAP_FRAME, PAGE_BITS, batch,
                                         0, *frames + done, 0)
                              .status;

        if (status != OK)
            return status;
    }
    return OK;
}

static uint32_t attributes_of(const struct elf_segment *s)
{
    return MAP_READ | ((s->access & ELF_WRITE) != 0 ? MAP_WRITE : 0u) |
           ((s->access & ELF_EXEC) != 0 ? MAP_EXEC : 0u);
}

static uint64_t load_segment(struct component *c, const struct elf_segment *s,
                             const uint8_t *file)
{
    size_t pages = elf_page_count(s);
    struct memory view;
    cap_t frames;
    uint64_t status = carve(c, pages, &frames);

    if (status == OK)
        status = view_open(frames, pages, &view);
    if (status != OK)
        return status;
    memcpy((uint8_t *)view.address + (s->address - elf_first_page(s)),
           file + s->offset, s->file_bytes);
    status = view_close(&view);
    if (status != OK)
        return status;
    return component_map(c, frames, pages, elf_first_page(s), attributes_of(s));
}

static int load_image(struct component *c, const struct elf_image *image,
                      const uint8_t *file)
{
    for (uint32_t i = 0; i < image->segment_count; i++) {
        uint64_t status = load_segment(c, &image->segments[i], file);

        if (STATUS_CODE(status) == ERR_NO_MEMORY)
            return component_say(
                c, c->policy->line,
                "memory: %llu KiB are too little for a program of %llu KiB",
                (unsigned long long)c->policy->memory >> 10,
                (unsigned long long)image->pages * PAGE_SIZE >> 10);
        if (status != OK)
            return component_say(c, c->policy->line, "its program: %s",
                                 status_text(status));
    }
    return 0;
}

int load_program(struct component *c, uint64_t *entry)
{
    const char *binary = manifest_string(&manifest, c->policy->binary);
    struct elf_image image;
    struct module module;
    char err[96];
    int failed;

    if (module_open(binary, &module, err, sizeof err) != 0)
        return component_say(c, c->policy->line, "binary %s: %s", binary, err);
    if (elf_parse(module.data, module.bytes, &image, err, sizeof err) != 0)
        failed =
            component_say(c, c->policy->line, "binary %s: %s", binary, err);
    else
        failed = load_image(c, &image, module.data);
    module_close(&module);
    *entry = image.entry;
    return failed;
}
