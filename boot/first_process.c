/*
 * Making the first process. It is the only one that the kernel loads; its
 * objects come from boot memory, and its table then holds an Untyped for each
 * range of RAM, of device memory and for each module.
 */
#include "boot/radix_map.h"
#include "boot/first_process.h"
#include "boot/arch/x86_64/cpu_features.h"
#include "boot/arch/x86_64/steps.h"
#include "iommu/iommu.h"
#include "kernel/captable.h"
#include "boot/elf.h"
#include "boot/print.h"
#include "kernel/sched.h"
#include "kernel/space.h"

#define TABLE_BITS      14 /* slots of its table */
#define SPACE_BITS      19 /* bytes of its address space's tables: 127 pages */
#define MESSAGE_AT      0x20000000ul
#define INFO_AT         0x20010000ul
#define STACK_AT        0x20100000ul /* first byte beyond the stack */
#define STACK_PAGES     16
#define HEAP_AT         0x40000000ul
#define FIRST_PRIORITY  250
#define FIRST_PERIOD_NS 10000000ul

static struct captable *table;
static struct space *space;
static struct boot_info *info;

static void *boot_pages(uint64_t bytes)
{
    return phys_to_virt(
        boot_alloc_pages((bytes + PAGE_SIZE - 1) / PAGE_SIZE, PAGE_SIZE));
}

static struct cap *put(uint64_t slot, enum cap_type type, void *object)
{
    struct cap *cap = &table->slots[slot];

    cap_insert_root(cap, word_make(type, RIGHTS_ALL, object), 0, 0);
    return cap;
}

static void map_page(uint64_t address, const void *page, unsigned attributes)
{
    enum radix_status status =
        radix_map(space->tables, address, virt_to_phys(page), PAGE_BITS,
                  attributes | RADIX_USER);

    if (status != RADIX_OK)
        boot_fail("init: cannot map a page at %lx (%u)", address, status);
}

static unsigned segment_attributes(const struct elf_segment *segment)
{
    return (segment->flags & ELF_FLAG_R ? RADIX_READ : 0u) |
           (segment->flags & ELF_FLAG_W ? RADIX_WRITE | RADIX_READ : 0u) |
           (segment->flags & ELF_FLAG_X ? RADIX_EXEC | RADIX_READ : 0u);
}

static void load_segment(const char *file, const struct elf_segment *segment)
{
    uint64_t start = segment->address & ~(PAGE_SIZE - 1);
    uint64_t lead = segment->address - start;
    uint64_t bytes = lead + segment->memory_bytes;
    char *memory = boot_pages(bytes);

    __builtin_memcpy(memory + lead, file + segment->offset,
                     segment->file_bytes);
    for (uint64_t at = 0; at < bytes; at += PAGE_SIZE)
        map_page(start + at, memory + at, segment_attributes(segment));
}

static uint64_t load(const struct module *module)
{
    const char *file = phys_to_virt(module->base);
    const struct elf_header *header = (const void *)file;

    if (!elf_check(file, module->size))
        boot_fail("module init is not an x86-64 executable");
    for (unsigned i = 0; i < header->segment_count; i++) {
        const struct elf_segment *segment = elf_segment(file, module->size, i);

        if (!segment)
            boot_fail("module init: segment %u is malformed", i);
        if (segment->type == ELF_LOAD && segment->memory_bytes)
            load_segment(file, segment);
    }
    return header->entry;
}

static void add_region(struct phys_range range, enum boot_region_kind kind,
                       const struct module *module)
{
    struct boot_region *region = &info->regions[info->region_count];
    uint64_t slot = info->first_free_slot;
    struct cap *cap;

    if (info->region_count == BOOT_INFO_MAX_REGIONS ||
        range.start.v == range.end.v)
        return;
    info->region_count++;
    info->first_free_slot++;
    cap = put(slot, CAP_UNTYPED, phys_to_virt(range.start));
    cap->size = range.end.v - range.start.v;
    cap->flags = kind == REGION_DEVICE   ? CAP_DEVICE_MEM
                 : kind == REGION_MODULE ? CAP_MODULE_MEM
                                         : 0;
    region->slot = slot;
    region->base = range.start.v;
    region->size = cap->size;
    region->kind = kind;
    if (module) {
        region->data_size_low = (uint32_t)module->size;
        __builtin_memcpy(region->name, module->name, sizeof(region->name));
        region->name[sizeof(region->name) - 1] = 0;
    }
}

/* The rest of RAM, device memory and modules; boot memory ends here. */
static void hand_out_memory(void)
{
    for (unsigned i = 0; i < machine.module_count; i++) {
        const struct module *module = &machine.modules[i];
        uint64_t end = module->base.v + module->size + PAGE_SIZE - 1;

        add_region((struct phys_range){module->base, {end & ~(PAGE_SIZE - 1)}},
                   REGION_MODULE, module);
    }
    for (unsigned i = 0; i < machine.ram_count; i++)
        add_region(machine.ram[i], REGION_RAM, NULL);
    for (unsigned i = 0; i < machine.device_count; i++)
        add_region(machine.device[i], REGION_DEVICE, NULL);
}

static void copy_text(char *to, const char *from, size_t size)
{
    for (size_t i = 0; i + 1 < size && from[i]; i++)
        to[i] = from[i];
}

static void describe(void)
{
    info->magic = BOOT_INFO_MAGIC;
    info->size = sizeof(*info);
    info->cpus = platform.cpu_count;
    info->clock = platform.clock;
    info->table_slots = table->count;
    info->first_free_slot = SLOT_INIT_FIRST_FREE;
    info->ram_bytes = machine.ram_bytes;
    info->message_address = MESSAGE_AT;
    info->heap_address = HEAP_AT;
    info->isolation = !machine.no_isolation;
    info->pm1a_port = machine.acpi.pm1a_port;
    info->pm1b_port = machine.acpi.pm1b_port;
    info->fpu_area_size = fpu_area_bytes;
    if (machine.no_isolation)
        copy_text(info->isolation_reason, machine.no_isolation,
                  sizeof(info->isolation_reason));
    copy_text(info->cpu_name, cpu_features.name, sizeof(info->cpu_name));
    for (unsigned i = 0; i < machine.acpi.segment_count; i++) {
        const struct acpi_segment *segment = &machine.acpi.segments[i];

        info->ecam[info->ecam_count++] =
            (struct boot_ecam){.base = segment->base.v,
                               .segment = segment->segment,
                               .first_bus = segment->first_bus,
                               .last_bus = segment->last_bus};
    }
}

static void make_table_and_space(void)
{
    table = boot_pages(sizeof(*table) + (sizeof(struct cap) << TABLE_BITS));
    table->object.type = CAP_CAPTABLE;
    table->count = 1ul << TABLE_BITS;
    space = boot_pages(1ul << SPACE_BITS);
    space->object.type = CAP_ADDRESS_SPACE;
    space_init(space, CAP_ADDRESS_SPACE, SPACE_BITS);
    put(SLOT_CAPTABLE, CAP_CAPTABLE, table);
    put(SLOT_SPACE, CAP_ADDRESS_SPACE, space);
    put(SLOT_SCHED_CONTROL, CAP_SCHED_CONTROL, table);
    put(SLOT_DEVICE_CONTROL, CAP_DEVICE_CONTROL, table);
    put(SLOT_IO_PORTS, CAP_IO_PORTS, table)->data = 0x10000ul << 16;
}

static struct thread *make_thread(uint64_t entry)
{
    struct thread *thread = boot_pages(PAGE_SIZE);
    struct message_page *message = boot_pages(PAGE_SIZE);
    char *stack = boot_pages(STACK_PAGES * PAGE_SIZE);

    thread->object.type = CAP_THREAD;
    thread_init(thread);
    put(SLOT_THREAD, CAP_THREAD, thread);
    put(SLOT_MESSAGE_FRAME, CAP_FRAME, message)->bits = PAGE_BITS;
    map_page(MESSAGE_AT, message, RADIX_READ | RADIX_WRITE);
    for (uint64_t i = 0; i < STACK_PAGES; i++)
        map_page(STACK_AT - (i + 1) * PAGE_SIZE, stack + i * PAGE_SIZE,
                 RADIX_READ | RADIX_WRITE);
    cap_bind(&table->slots[SLOT_CAPTABLE], &thread->bindings[BIND_TABLE],
             &thread->object, BIND_TABLE);
    cap_bind(&table->slots[SLOT_SPACE], &thread->bindings[BIND_SPACE],
             &thread->object, BIND_SPACE);
    cap_bind(&table->slots[SLOT_MESSAGE_FRAME], &thread->bindings[BIND_MESSAGE],
             &thread->object, BIND_MESSAGE);
    thread->slots = table->slots;
    thread->slot_count = table->count;
    thread->space = space;
    thread->message = message;
    thread->regs.rip = entry;
    thread->regs.rsp = STACK_AT;
    thread->regs.rdi = INFO_AT;
    thread->resumable = true;
    return thread;
}

static void make_context(struct thread *thread)
{
    struct sched_context *context = boot_pages(sizeof(*context));
    uint64_t period = clock_ns_to_tsc(FIRST_PERIOD_NS) - clock_ns_to_tsc(0);

    context->object.type = CAP_SCHED_CONTEXT;
    context->refill.kind = TIMER_BUDGET;
    context->priority = FIRST_PRIORITY;
    context->budget = context->period = period;
    put(SLOT_SCHED_CONTEXT, CAP_SCHED_CONTEXT, context);
    cap_bind(&table->slots[SLOT_THREAD], &context->binding, &context->object,
             0);
    thread->own = thread->context = context;
    context->thread = thread;
}

void first_process_make(void)
{
    if (!machine.module_count)
        boot_fail("no boot module: the first must be init");
    make_table_and_space();
    info = boot_pages(sizeof(*info));
    for (uint64_t at = 0; at < sizeof(*info); at += PAGE_SIZE)
        map_page(INFO_AT + at, (char *)info + at, RADIX_READ);
    make_context(make_thread(load(&machine.modules[0])));
}

void first_process_start(void)
{
    struct thread *thread = cap_object(&table->slots[SLOT_THREAD]);

    describe();
    hand_out_memory();
    thread->state = THREAD_READY;
    sched_enqueue(cpu_self(), thread->context);
}
