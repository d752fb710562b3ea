/* Addresses hashed to a place and the few behind it. */
#include "servers/switch/table.h"

#define FIXED (~0ull)

uint64_t table_address(const uint8_t bytes[6])
{
    uint64_t address = 0;

    for (unsigned i = 0; i < 6; i++)
        address |= (uint64_t)bytes[i] << 8 * i;
    return address;
}

static uint32_t place(uint64_t address, uint32_t probe)
{
    /* The golden ratio's bits (Knuth, 6.4): neighbours spread. */
    return (uint32_t)((address * 0x9e3779b97f4a7c15ull >> 48) + probe) &
           (TABLE_ENTRIES - 1);
}

static bool is_old(const struct table_entry *e, uint64_t now)
{
    return e->seen != FIXED && now - e->seen > TABLE_AGE_NS;
}

static struct table_entry *entry_of(struct table *t, uint64_t address)
{
    for (uint32_t i = 0; i < TABLE_PROBES; i++) {
        struct table_entry *e = &t->entries[place(address, i)];

        if (e->address == address)
            return e;
    }
    return 0;
}

/* A free place, or the one that was seen longest ago. */
static struct table_entry *entry_take(struct table *t, uint64_t address)
{
    struct table_entry *oldest = 0;

    for (uint32_t i = 0; i < TABLE_PROBES; i++) {
        struct table_entry *e = &t->entries[place(address, i)];

        if (e->address == 0)
            return e;
        if (e->seen != FIXED && (!oldest || e->seen < oldest->seen))
            oldest = e;
    }
    return oldest;
}

bool table_learn(struct table *t, uint64_t address, uint8_t port, uint64_t now)
{
    struct table_entry *e = entry_of(t, address);

    if (address == 0 || table_is_group(address))
        return false;
    if (e && e->seen == FIXED)
        return e->port == port;
    if (!e)
        e = entry_take(t, address);
    if (e)
        *e = (struct table_entry){address, now, port};
    return true;
}

void table_fix(struct table *t, uint64_t address, uint8_t port)
{
    struct table_entry *e = entry_of(t, address);

    if (!e)
        e = entry_take(t, address);
    if (e)
        *e = (struct table_entry){address, FIXED, port};
}

uint8_t table_find(const struct table *t, uint64_t address, uint64_t now)
{
    for (uint32_t i = 0; i < TABLE_PROBES; i++) {
        const struct table_entry *e = &t->entries[place(address, i)];

        if (e->address == address)
            return is_old(e, now) ? TABLE_NOWHERE : e->port;
    }
    return TABLE_NOWHERE;
}

void table_forget(struct table *t, uint8_t port)
{
    for (uint32_t i = 0; i < TABLE_ENTRIES; i++)
        if (t->entries[i].address != 0 && t->entries[i].port == port)
            t->entries[i] = (struct table_entry){0};
}
