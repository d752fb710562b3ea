/*
 * From a line of the policy to a running process, and back to empty memory.
 */
#include "servers/init/component.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cordon/cordon.h>

#include "servers/init/device.h"
#include "servers/init/log.h"
#include "servers/init/ram.h"

struct manifest manifest;
struct component components[MANIFEST_COMPONENTS_MAX];
uint32_t component_count;

int component_say(struct component *c, uint32_t line, const char *format, ...)
{
    char place[80] = "";
    va_list args;

    va_start(args, format);
    vsnprintf(c->text, sizeof c->text, format, args);
    va_end(args);
    if (line != 0)
        manifest_place(&manifest, line, place, sizeof place);
    log_line("%s%s: %s", place, c->name, c->text);
    return -1;
}

cap_t component_slots(struct component *c, size_t count)
{
    cap_t first;

    if (c->run_count == LIFE_RUNS_MAX)
        return 0;
    first = slot_alloc_run(count);
    if (first != 0)
        c->runs[c->run_count++] = (struct slot_run){first, count};
    return first;
}

cap_t component_object(struct component *c, enum cap_type type, uint64_t size,
                       uint64_t *status)
{
    cap_t slot = component_slots(c, 1);

    *status = ERR_LIMIT;
    if (slot == 0)
        return 0;
    *status = untyped_retype(c->source, type, size, 1, 0, slot, 0).status;
    return *status == OK ? slot : 0;
}

/* Page tables come out of the component's own memory (R8). */
static uint64_t donate(struct component *c, uint64_t tables)
{
    uint64_t status;
    cap_t memory =
        component_object(c, CAP_UNTYPED, tables * PAGE_SIZE, &status);

    return memory == 0 ? status : space_donate(c->space, memory).status;
}

uint64_t component_map(struct component *c, cap_t frames, size_t count,
                       uint64_t address, uint32_t attributes)
{
    while (count > 0) {
        size_t batch = count < 512 ? count : 512;
        struct result r =
            space_map(c->space, frames, batch, address, attributes);
        uint64_t status = r.status;

        if (STATUS_CODE(status) == ERR_NEED_TABLES) {
            status = donate(c, r.r[0] != 0 ? r.r[0] : 1);
            if (status != OK)
                return status;
            continue;
        }
        if (status != OK)
            return status;
        frames += batch;
        count -= batch;
        address += batch * PAGE_SIZE;
    }
    return OK;
}

int component_start(struct component *c)
{
    c->ready = false;
    c->said = 0;
    if (c->fault == 0) {
        c->fault = cap_copy(own_endpoint, RIGHT_WRITE | RIGHT_GRANT,
                            BADGE(BADGE_LIFE, c->number), NULL);
        if (c->fault == 0)
            return component_say(c, 0, "init has no slots left");
    }
    if (component_build(c) != 0) {
        char why[MONITOR_TEXT];

        memcpy(why, c->text, sizeof why);
        component_end(c);
        memcpy(c->text, why, sizeof why);
        c->state = MONITOR_NOT_STARTED;
        return -1;
    }
    c->state = MONITOR_RUNNING;
    return 0;
}

static void free_slots(struct component *c)
{
    for (uint32_t i = 0; i < c->run_count; i++)
        cap_delete_run(c->runs[i].first, c->runs[i].count);
    c->run_count = 0;
    c->source = c->table = c->space = c->thread = c->contexts = c->message =
        c->spares = c->spare_tables = 0;
}

void component_end(struct component *c)
{
    bool confirmed = device_block_all(c);

    if (c->page != NULL) {
        space_unmap(STARTUP_SPACE, c->page_memory.frames, STARTUP_PAGES);
        address_free((uintptr_t)c->page_memory.address, c->page_memory.bytes);
        c->page = NULL;
    }
    if (c->holder != 0)
        confirmed &= captable_revoke(STARTUP_CAPTABLE, c->holder).status == OK;
    free_slots(c);
    /* R4: only a reset recalls a DMA in flight, so until then the memory is
     * nobody's. */
    if (!device_reset_all(c) || !confirmed)
        c->memory_quarantined = c->holder != 0;
}
