/*
 * A model of PCI functions for tests: configuration space in memory, with BARs
 * that keep only their size's bits, a read-only identity, and a reset that
 * clears what a reset must.
 */
#pragma once

#include <assert.h>
#include <string.h>

#include "servers/pci/config.h"

#define MODEL_FUNCTIONS 16

struct model_function {
    uint32_t address;
    uint8_t bytes[4096];
    uint32_t bar_mask[6]; /* writable bits */
    uint32_t bar_type[6]; /* read-only bits */
    bool dead;            /* answers all ones */
    bool ignores_reset;
    uint32_t resets;
    uint32_t decode_while_sizing; /* how often sized with decode on */
};

struct model {
    struct model_function functions[MODEL_FUNCTIONS];
    uint32_t count;
    uint32_t slept_ms;
};

static inline uint32_t model_get(const uint8_t *bytes, uint32_t width)
{
    uint32_t value = 0;

    memcpy(&value, bytes, width);
    return value;
}

static inline void model_put(struct model_function *f, uint32_t offset,
                             uint32_t width, uint32_t value)
{
    memcpy(f->bytes + offset, &value, width);
}

static inline struct model_function *model_find(struct model *m,
                                                uint32_t address)
{
    for (uint32_t i = 0; i < m->count; i++)
        if (m->functions[i].address == address)
            return &m->functions[i];
    return NULL;
}

static inline uint32_t model_read(void *context, uint32_t address,
                                  uint32_t offset, uint32_t width)
{
    struct model_function *f = model_find(context, address);

    assert(offset + width <= 4096 && (offset & (width - 1)) == 0);
    if (f == NULL || f->dead)
        return width == 4 ? 0xffffffffu : (1u << 8 * width) - 1;
    return model_get(f->bytes + offset, width);
}

static inline void model_reset(struct model_function *f)
{
    f->resets++;
    if (f->ignores_reset)
        return;
    model_put(f, CONFIG_COMMAND, 2, 0);
    for (uint32_t i = 0; i < 6; i++)
        if (f->bar_mask[i] != 0)
            model_put(f, CONFIG_BAR0 + 4 * i, 4, f->bar_type[i]);
}

static inline void model_write(void *context, uint32_t address, uint32_t offset,
                               uint32_t width, uint32_t value)
{
    struct model *m = context;
    struct model_function *f = model_find(m, address);
    uint32_t express, bar = (offset - CONFIG_BAR0) / 4;

    assert(offset + width <= 4096 && (offset & (width - 1)) == 0);
    if (f == NULL || f->dead)
        return;
    express = model_get(f->bytes + 0x40, 1) == CAPABILITY_EXPRESS ? 0x40 : 0;
    if (offset >= CONFIG_BAR0 && offset < 0x28 &&
        ((f->bytes[CONFIG_HEADER] & 0x7f) == 0 || offset < 0x18)) {
        if (value == 0xffffffffu && (f->bytes[CONFIG_COMMAND] & 3) != 0)
            f->decode_while_sizing++;
        value = (value & f->bar_mask[bar]) | f->bar_type[bar];
    }
    model_put(f, offset, width, value);
    if (express != 0 && offset == express + EXPRESS_CONTROL &&
        (value & CONTROL_FLR) != 0) {
        model_put(f, offset, 2, value & ~CONTROL_FLR);
        model_reset(f);
    }
    if ((f->bytes[CONFIG_HEADER] & 0x7f) == 1 &&
        offset == CONFIG_BRIDGE_CONTROL && (value & BRIDGE_RESET) != 0)
        for (uint32_t i = 0; i < m->count; i++)
            if (((m->functions[i].address >> 8) & 0xff) ==
                f->bytes[CONFIG_SECONDARY])
                model_reset(&m->functions[i]);
}

static inline void model_sleep(void *context, uint32_t ms)
{
    ((struct model *)context)->slept_ms += ms;
}

static inline struct config_space model_space(struct model *m)
{
    return (struct config_space){model_read, model_write, model_sleep, m};
}

/* Adds a function with an identity and nothing else. */
static inline struct model_function *
model_add(struct model *m, uint32_t address, uint32_t id, uint32_t class_code)
{
    struct model_function *f = &m->functions[m->count++];

    assert(m->count <= MODEL_FUNCTIONS);
    f->address = address;
    model_put(f, CONFIG_ID, 4, id);
    model_put(f, CONFIG_CLASS, 4, class_code << 8);
    return f;
}

static inline void model_memory_bar(struct model_function *f, uint32_t bar,
                                    uint32_t base, uint32_t size)
{
    f->bar_mask[bar] = ~(size - 1) & ~0xfu;
    model_put(f, CONFIG_BAR0 + 4 * bar, 4, base);
}

/* An Express capability at 0x40 of this port type, with or without FLR. */
static inline void model_express(struct model_function *f, uint32_t port_type,
                                 bool flr)
{
    model_put(f, CONFIG_STATUS, 2, STATUS_CAPABILITIES);
    model_put(f, CONFIG_CAPABILITIES, 1, 0x40);
    model_put(f, 0x40, 2, CAPABILITY_EXPRESS);
    model_put(f, 0x40 + EXPRESS_FLAGS, 2, 2 | port_type << 4);
    model_put(f, 0x40 + EXPRESS_DEVICE_CAP, 4, flr ? DEVICE_CAP_FLR : 0);
}

static inline void model_acs(struct model_function *f)
{
    model_put(f, 0x100, 4, EXTENDED_ACS | 1u << 16);
    model_put(f, 0x100 + ACS_CAPABILITY, 2, ACS_ISOLATES);
}

static inline struct model_function *
model_bridge(struct model *m, uint32_t address, uint32_t secondary)
{
    struct model_function *f = model_add(m, address, 0x000c1b36, 0x060400);

    model_put(f, CONFIG_HEADER, 1, 1);
    model_put(f, CONFIG_SECONDARY, 1, secondary);
    return f;
}
