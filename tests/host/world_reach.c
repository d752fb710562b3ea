/*
 * Who reaches what: threads through their CPU's TLB, devices through the IOMMU,
 * interrupt requests. See world.h.
 */
#include "tests/host/caps.h"

/* Is `at` what a Frame that is mapped there stands for? */
static bool is_mapped(const struct space *space, uint64_t address, bool write,
                      uint64_t at)
{
    for (const struct cap *cap = space->mappings.map_next; cap;
         cap = cap->map_next) {
        uint64_t from = mapping_address(cap);

        if (cap_type_of(cap) == CAP_FRAME && address - from < 1ul << cap->bits)
            return at == virt_to_phys(cap_object(cap)).v + (address - from) &&
                   (!write || cap->data & MAP_WRITE);
    }
    return false;
}

void world_touch(uint64_t address, bool write)
{
    const struct thread *self = cpu_self()->current;
    paddr_t at;

    if (self && machine_access(address, write, &at))
        must(is_mapped(self->space, address, write, at.v),
             "R4: a thread reaches what is not mapped");
}

static const struct device *device_of(uint16_t rid)
{
    caps_gather();
    for (unsigned i = 0; i < cap_count; i++) {
        const struct device *device = cap_object(caps[i]);

        if (cap_type_of(caps[i]) == CAP_DEVICE && device->iommu.rid == rid)
            return device;
    }
    return NULL;
}

const struct space *world_domain(uint16_t rid)
{
    const struct device *device = device_of(rid);
    const struct cap *binding =
        device ? &device->bindings[DEVICE_BIND_DOMAIN] : NULL;

    if (!binding || device->state != DEVICE_CAGED ||
        cap_type_of(binding) != CAP_DOMAIN)
        return NULL;
    return cap_object(binding);
}

uint64_t world_mapped(const struct space *space, unsigned n)
{
    const struct cap *cap = NULL;

    for (unsigned i = 0; space && i <= n % 16; i++) {
        cap = cap ? cap->map_next : NULL;
        if (!cap)
            cap = space->mappings.map_next;
    }
    return cap && cap_type_of(cap) == CAP_FRAME ? mapping_address(cap) : 0;
}

#define TRIES   16
#define REACHES 8 /* of a space's mappings */

/* What devices did last. */
static struct dma {
    uint64_t address;
    uint16_t rid;
    bool write;
} tries[TRIES];
static unsigned next_try;

static void dma(const struct dma *d)
{
    const struct space *domain;
    uint64_t at;

    if (model_dma(0, d->rid, d->address, d->write, &at) != 0 ||
        memory_quarantined)
        return;
    domain = world_domain(d->rid);
    must(domain, "R1: a device without a cage reaches memory");
    must(is_mapped(domain, d->address, d->write, at),
         "R4: a device reaches what is not mapped");
}

void world_dma(uint16_t rid, uint64_t address, bool write)
{
    struct dma *d = &tries[next_try++ % TRIES];

    *d = (struct dma){address, rid, write};
    dma(d);
}

static void check_tlb(void)
{
    const struct thread *self = cpu_self()->current;
    uint64_t address;
    bool write;
    paddr_t at;

    for (unsigned n = 0; self && machine_cached(n, &address, &write, &at); n++)
        must(is_mapped(self->space, address, write, at.v),
             "R4: a TLB keeps what is not mapped");
}

/* Everything that is mapped is reached, so that caches keep it. */
static void touch_all(void)
{
    const struct thread *self = cpu_self()->current;
    const struct cap *cap = self ? self->space->mappings.map_next : NULL;

    for (unsigned i = 0; cap && i < REACHES; cap = cap->map_next, i++)
        if (cap_type_of(cap) == CAP_FRAME)
            world_touch(mapping_address(cap), cap->data & MAP_WRITE);
}

static void reach_all(const struct device *device)
{
    const struct space *domain = world_domain(device->iommu.rid);
    const struct cap *cap = domain ? domain->mappings.map_next : NULL;

    for (unsigned i = 0; cap && i < REACHES; cap = cap->map_next, i++)
        if (cap_type_of(cap) == CAP_FRAME)
            world_dma(device->iommu.rid, mapping_address(cap),
                      cap->data & MAP_WRITE);
}

/* R5: an interrupt's entry is for its device, and for no other. */
static void request_all(const struct interrupt *irq)
{
    uint64_t address = 0xfee00010 | (irq->index & 0x7ffful) << 5;
    uint8_t vector;
    uint32_t apic_id;

    must(irq->dead || irq->device || irq->is_line,
         "R3: an interrupt outlives its device");
    if (irq->dead || !irq->remapped || memory_quarantined)
        return;
    model_msi(0, irq->source, address, 0, &vector, &apic_id);
    must(model_msi(0, irq->source ^ 1, address, 0, &vector, &apic_id) != 0,
         "R5: another device's request is taken");
}

void world_check_reach(void)
{
    unsigned self = cpu_self()->index;

    for (unsigned i = 0; i < MACHINE_CPUS; i++) {
        machine_cpu(i);
        check_tlb();
        touch_all();
    }
    machine_cpu(self);
    for (unsigned i = 0; i < TRIES; i++)
        if (tries[i].rid)
            dma(&tries[i]);
    caps_gather();
    for (unsigned i = 0; i < cap_count; i++) {
        if (!(caps[i]->flags & CAP_ROOT))
            continue;
        if (cap_type_of(caps[i]) == CAP_DEVICE)
            reach_all(cap_object(caps[i]));
        if (cap_type_of(caps[i]) == CAP_INTERRUPT)
            request_all(cap_object(caps[i]));
    }
}

void world_forget(void)
{
    world_check_forget();
    for (unsigned i = 0; i < TRIES; i++)
        tries[i] = (struct dma){0};
}

void world_msi(uint16_t rid, uint64_t address, uint32_t data)
{
    unsigned self = cpu_self()->index;
    uint8_t vector;
    uint32_t apic_id;
    bool known = false;

    if (model_msi(0, rid, address, data, &vector, &apic_id) != 0)
        return;
    caps_gather();
    for (unsigned i = 0; i < cap_count; i++) {
        const struct interrupt *irq = cap_object(caps[i]);

        if (cap_type_of(caps[i]) == CAP_INTERRUPT && !irq->dead)
            known |= irq->source == rid && irq->vector == vector &&
                     irq->cpu == apic_id;
    }
    must(known || memory_quarantined, "R5: an interrupt comes from nowhere");
    if (apic_id < MACHINE_CPUS) {
        machine_cpu(apic_id);
        machine_interrupt(vector);
        machine_cpu(self);
    }
}
