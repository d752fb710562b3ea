/*
 * Building a component, in order: its memory, its objects, its program, its
 * pages, the capabilities that the policy names, and last the rest of its
 * memory, when nothing more is carved from it.
 */
#include <stdio.h>
#include <string.h>

#include <cordon/cordon.h>

#include "servers/init/component.h"
#include "servers/init/device.h"
#include "servers/init/log.h"
#include "servers/init/ram.h"
#include "servers/init/spare.h"

/* The component's memory: the same range for all its lives. */
static int take_memory(struct component *c)
{
    uint64_t status, largest, sum;

    if (c->memory_quarantined)
        return component_say(c, c->policy->line,
                             "its memory is in quarantine: a device that did "
                             "not reset may still write there");
    if (c->holder == 0) {
        cap_t slot = slot_alloc();

        status = slot == 0 ? ERR_LIMIT
                           : ram_take(c->policy->memory, slot, &c->physical);
        if (status != OK) {
            sum = ram_free_bytes(&largest);
            if (slot != 0)
                slot_free(slot);
            return component_say(c, c->policy->line,
                                 "memory: %llu KiB wanted, the machine has "
                                 "%llu KiB left, %llu KiB in one piece",
                                 (unsigned long long)c->policy->memory >> 10,
                                 (unsigned long long)sum >> 10,
                                 (unsigned long long)largest >> 10);
        }
        c->holder = slot;
    }
    c->source = component_slots(c, 1);
    status = c->source == 0
                 ? ERR_LIMIT
                 : untyped_retype(c->holder, CAP_UNTYPED, c->policy->memory, 1,
                                  0, c->source, 0)
                       .status;
    if (status != OK) {
        c->source = 0;
        return component_say(c, c->policy->line, "memory: %s",
                             status_text(status));
    }
    return 0;
}

/* ERR_NO_MEMORY is by far the likeliest: say which number to change. */
static int say_status(struct component *c, const char *what, uint64_t status)
{
    if (STATUS_CODE(status) == ERR_NO_MEMORY)
        return component_say(c, c->policy->line,
                             "memory: %llu KiB are too little for %s",
                             (unsigned long long)c->policy->memory >> 10, what);
    return component_say(c, c->policy->line, "%s: %s", what,
                         status_text(status));
}

static uint32_t log2_of(uint64_t n)
{
    return 63u - (uint32_t)__builtin_clzll(n);
}

static int make_objects(struct component *c)
{
    uint64_t status;

    c->table = component_object(c, CAP_CAPTABLE,
                                log2_of(c->policy->capabilities), &status);
    if (c->table == 0)
        return say_status(c, "its capability table", status);
    c->space = component_object(c, CAP_ADDRESS_SPACE, SPACE_BITS, &status);
    if (c->space == 0)
        return say_status(c, "its address space", status);
    c->thread = component_object(c, CAP_THREAD, 0, &status);
    if (c->thread == 0)
        return say_status(c, "its thread", status);
    c->context_count = c->policy->threads;
    c->contexts = component_slots(c, c->context_count);
    status = c->contexts == 0
                 ? ERR_LIMIT
                 : untyped_retype(c->source, CAP_SCHED_CONTEXT, 0,
                                  c->context_count, 0, c->contexts, 0)
                       .status;
    if (status != OK)
        return say_status(c, "its scheduling contexts", status);
    return 0;
}

/* Fresh frames, mapped in the component; `first` is theirs if asked for. */
static int map_fresh(struct component *c, size_t pages, uint64_t address,
                     uint32_t attributes, const char *what, cap_t *first)
{
    cap_t frames = component_slots(c, pages);
    uint64_t status = frames == 0
                          ? ERR_LIMIT
                          : untyped_retype(c->source, CAP_FRAME, PAGE_BITS,
                                           pages, 0, frames, 0)
                                .status;

    if (status == OK && attributes != 0)
        status = component_map(c, frames, pages, address, attributes);
    if (status != OK)
        return say_status(c, what, status);
    if (first != NULL)
        *first = frames;
    return 0;
}

/* Stack, message page, and the startup page in init's view. */
static int make_pages(struct component *c)
{
    cap_t frames = 0;
    uint64_t status;

    if (map_fresh(c, STACK_BYTES / PAGE_SIZE, STACK_TOP - STACK_BYTES,
                  MAP_READ | MAP_WRITE, "its stack", NULL) ||
        map_fresh(c, 1, MESSAGE_ADDRESS, MAP_READ | MAP_WRITE,
                  "its message page", &c->message) ||
        map_fresh(c, STARTUP_PAGES, 0, 0, "its startup page", &frames))
        return -1;
    status = memory_map(frames, STARTUP_PAGES, PAGE_BITS, MAP_READ | MAP_WRITE,
                        &c->page_memory);
    if (status != OK)
        return say_status(c, "its startup page", status);
    c->page = c->page_memory.address;
    return 0;
}

/* Takes the startup page out of init's space and gives it to the component. */
static int hand_page_over(struct component *c)
{
    struct memory *m = &c->page_memory;
    uint64_t status;

    c->page = NULL;
    status = space_unmap(STARTUP_SPACE, m->frames, STARTUP_PAGES).status;
    if (status == OK) {
        address_free((uintptr_t)m->address, m->bytes);
        status = component_map(c, m->frames, STARTUP_PAGES, STARTUP_ADDRESS,
                               MAP_READ);
    }
    return status == OK ? 0 : say_status(c, "its startup page", status);
}

static void fill_page(struct component *c)
{
    struct startup *s = c->page;
    uint32_t used = 0;

    s->magic = STARTUP_MAGIC;
    s->size = sizeof *s;
    s->cpus = startup->cpus;
    s->clock = startup->clock;
    s->wall_seconds = startup->wall_seconds;
    s->message_address = MESSAGE_ADDRESS;
    s->heap_address = HEAP_ADDRESS;
    s->heap_end = HEAP_END;
    if (spare_wanted(c)) {
        s->lent_address = LENT_ADDRESS;
        s->lent_end = LENT_END;
    }
    s->stack_address = STACK_TOP - STACK_BYTES;
    s->stack_bytes = STACK_BYTES;
    s->table_slots = c->policy->capabilities;
    s->isolation = startup->isolation;
    strncpy(s->name, c->name, sizeof s->name - 1);
    /* argv[0] is the name. */
    used = (uint32_t)snprintf(s->args, sizeof s->args, "%s", c->name) + 1;
    s->argc = 1;
    for (uint32_t i = 0; i < c->policy->args.count; i++) {
        const char *text = manifest_string(
            &manifest, manifest.args[c->policy->args.first + i].text);
        size_t bytes = strlen(text) + 1;

        if (used + bytes > sizeof s->args)
            break;
        memcpy(s->args + used, text, bytes);
        used += (uint32_t)bytes;
        s->argc++;
    }
    s->arg_bytes = used;
}

/* The slots that every component has (enum startup_slot). */
static int fill_table(struct component *c)
{
    const struct {
        uint32_t slot;
        cap_t source;
        uint32_t rights;
    } fixed[] = {
        {STARTUP_CAPTABLE, c->table, RIGHTS_ALL},
        {STARTUP_SPACE, c->space, RIGHTS_ALL},
        {STARTUP_THREAD, c->thread, RIGHTS_ALL},
        {STARTUP_SCHED_CONTEXT, c->contexts, RIGHTS_ALL},
        {STARTUP_MESSAGE, c->message, RIGHT_READ | RIGHT_WRITE},
        {STARTUP_FAULT, c->fault, RIGHT_WRITE | RIGHT_GRANT},
    };

    c->next_slot = STARTUP_NAMED;
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        uint64_t status = captable_copy(c->table, fixed[i].slot, 0,
                                        fixed[i].source, fixed[i].rights, 0)
                              .status;

        if (status != OK)
            return say_status(c, "its first capabilities", status);
    }
    return 0;
}

/* Its threads share the budget evenly, so that they add up to what the policy
 * says (R7). */
static int set_budgets(struct component *c, uint32_t cpu)
{
    uint64_t share = c->policy->budget_ns / c->context_count;

    if (share < MANIFEST_BUDGET_MIN)
        share = MANIFEST_BUDGET_MIN;
    for (uint32_t i = 0; i < c->context_count; i++) {
        uint64_t status = sched_configure(SLOT_SCHED_CONTROL, c->contexts + i,
                                          c->policy->priority, share,
                                          c->policy->period_ns, cpu)
                              .status;
        uint32_t slot;

        if (status != OK)
            return say_status(c, "its budget", status);
        if (i == 0)
            continue;
        slot = grant_copy(c, c->contexts + i, RIGHTS_ALL, 0);
        if (slot == 0 ||
            grant_note(c, STARTUP_SPARE_CONTEXT, slot, i - 1, cpu, 0, ""))
            return component_say(c, c->policy->line,
                                 "capabilities: %u slots are too few for %u "
                                 "threads",
                                 c->policy->capabilities, c->context_count);
    }
    return 0;
}

/* The CPU that the policy names, or the last one if there are fewer. */
static uint32_t choose_cpu(struct component *c)
{
    if (c->policy->cpu < startup->cpus)
        return c->policy->cpu;
    log_line("%s: the policy wants CPU %u, this machine has %u: it runs on "
             "CPU %u",
             c->name, c->policy->cpu, startup->cpus, startup->cpus - 1);
    return startup->cpus - 1;
}

static int set_running(struct component *c, uint64_t entry, uint32_t cpu)
{
    struct thread_registers *regs = (void *)message_page();
    uint64_t status;

    status = thread_configure(c->thread, c->table, c->space, c->message,
                              c->fault, cpu)
                 .status;
    if (status == OK)
        status = sched_bind(c->contexts, c->thread).status;
    if (status != OK)
        return say_status(c, "its thread", status);
    memset(regs, 0, sizeof *regs);
    regs->rip = entry;
    regs->rsp = STACK_TOP;
    regs->rdi = STARTUP_ADDRESS;
    regs->rflags = 0x202;
    status = thread_write(c->thread, 1).status;
    return status == OK ? 0 : say_status(c, "its thread", status);
}

static int make_spares(struct component *c)
{
    uint64_t status = spare_open(c);

    return status == OK ? 0 : say_status(c, "its spare pages", status);
}

/* The rest of its memory becomes its own, and the page can be closed. */
static int give_memory(struct component *c)
{
    struct result r = untyped_info(c->source);
    uint64_t status = r.status;

    if (status != OK)
        return say_status(c, "its memory", status);
    c->page->memory_bytes = r.r[1] - r.r[2];
    c->page->first_free_slot = c->next_slot;
    if (hand_page_over(c))
        return -1;
    status = captable_move(c->table, STARTUP_MEMORY, 0, c->source).status;
    return status == OK ? 0 : say_status(c, "its memory", status);
}

int component_build(struct component *c)
{
    uint64_t entry = 0;
    uint32_t cpu = choose_cpu(c);

    if (take_memory(c) || make_objects(c) || load_program(c, &entry) ||
        make_pages(c) || fill_table(c))
        return -1;
    fill_page(c);
    c->page->cpu = cpu;
    if (set_budgets(c, cpu) || grant_all(c) || device_grant_all(c) ||
        make_spares(c) || give_memory(c))
        return -1;
    return set_running(c, entry, cpu);
}
