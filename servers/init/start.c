/*
 * How init comes to a startup page: every other component gets one from init,
 * init makes its own from what the kernel says, before libsys itself works. So
 * only bare system calls are used here.
 */
#include <string.h>

#include <cordon/cordon.h>

#include "libsys/runtime.h"
#include "servers/init/ram.h"

#define HEAP_END   0x400000000000ull
#define OWN_MEMORY (1ul << 20) /* for tables, endpoints, log and mappings */

const struct boot_info *boot_info;

/* The smallest range of RAM that has room for init's own memory. */
static const struct boot_region *own_region(const struct boot_info *info)
{
    const struct boot_region *best = NULL;

    for (uint32_t i = 0; i < info->region_count; i++) {
        const struct boot_region *r = &info->regions[i];

        if (r->kind == REGION_RAM && r->size >= OWN_MEMORY &&
            (best == NULL || r->size < best->size))
            best = r;
    }
    return best;
}

const struct startup *startup_from_boot_info(const struct boot_info *info)
{
    static struct startup own;
    const struct boot_region *ram = own_region(info);
    cap_t memory = info->first_free_slot;

    boot_info = info;
    if (ram == NULL ||
        untyped_retype(ram->slot, CAP_UNTYPED, OWN_MEMORY, 1, 0, memory, 0)
                .status != OK)
        return NULL;
    memory_source_set(memory);
    own.magic = STARTUP_MAGIC;
    own.size = sizeof own;
    own.cpus = info->cpus;
    own.clock = info->clock;
    own.message_address = info->message_address;
    own.heap_address = info->heap_address;
    own.heap_end = HEAP_END;
    own.table_slots = info->table_slots;
    own.first_free_slot = memory + 1;
    own.memory_bytes = OWN_MEMORY;
    own.isolation = info->isolation;
    strcpy(own.name, "init");
    return &own;
}
