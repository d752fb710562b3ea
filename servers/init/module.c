/*
 * A module is an Untyped that only gives read-only Frames. They are made when
 * it is opened and deleted when it is closed, so slots are needed only while a
 * program is being copied.
 */
#include "servers/init/module.h"

#include <stdio.h>
#include <string.h>

#include <cordon/cordon.h>

#include "servers/init/ram.h"

static const struct boot_region *find(const char *name)
{
    for (uint32_t i = 0; i < boot_info->region_count; i++) {
        const struct boot_region *r = &boot_info->regions[i];

        if (r->kind == REGION_MODULE &&
            strncmp(r->name, name, sizeof r->name) == 0)
            return r;
    }
    return NULL;
}

static uint64_t make_frames(const struct boot_region *r, cap_t frames,
                            size_t pages)
{
    for (size_t done = 0; done < pages; done += 512) {
        size_t batch = pages - done < 512 ? pages - done : 512;
        uint64_t status = untyped_retype(r->slot, CAP_FRAME, PAGE_BITS, batch,
                                         0, frames + done, 0)
                              .status;

        if (status != OK)
            return status;
    }
    return OK;
}

int module_open(const char *name, struct module *m, char *err, size_t err_size)
{
    const struct boot_region *r = find(name);
    size_t pages;
    cap_t frames;
    uint64_t status;

    if (r == NULL) {
        snprintf(err, err_size, "the boot image has no such module");
        return -1;
    }
    m->bytes = r->data_size_low;
    pages = (m->bytes + PAGE_SIZE - 1) / PAGE_SIZE;
    if (pages == 0 || m->bytes > r->size) {
        snprintf(err, err_size, "the module is empty");
        return -1;
    }
    frames = slot_alloc_run(pages);
    status = frames == 0 ? ERR_LIMIT : make_frames(r, frames, pages);
    if (status == OK)
        status = memory_map(frames, pages, PAGE_BITS, MAP_READ, &m->view);
    if (status != OK) {
        if (frames != 0)
            cap_delete_run(frames, pages);
        snprintf(err, err_size, "cannot map the module: %s",
                 status_text(status));
        return -1;
    }
    m->data = m->view.address;
    return 0;
}

void module_close(struct module *m)
{
    memory_unmap(&m->view);
}
