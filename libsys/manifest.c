/*
 * Reader of the manifest: checks every byte once, then hands out the tables.
 *
 * The check goes from outside to inside: header and checksum, sizes (the
 * layout follows from the counts alone), strings; then manifest_check.c looks
 * at the records. It reads nothing before it knows that it lies inside, and
 * stops at the first thing that is wrong.
 */
#include <cordon/manifest.h>

#include "manifest_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const manifest_role_names[] = {"none", "pci-server", "console"};
const char *const manifest_access_names[] = {"read", "write"};
const char *const manifest_restart_names[] = {"never", "on-failure", "always"};
const char *const manifest_select_names[] = {"class", "id", "address"};
const char *const manifest_init_offers[] = {"monitor", "power"};

_Static_assert(sizeof(struct manifest_header) == 72, "header");
_Static_assert(sizeof(struct manifest_component) == 112, "component");
_Static_assert(sizeof(struct manifest_device) == 40, "device");
_Static_assert(sizeof(struct manifest_network) == 32, "network");
_Static_assert(sizeof(struct manifest_ioport) == 16, "ioport");
_Static_assert(sizeof(struct manifest_irq) == 12, "irq");
_Static_assert(sizeof(struct manifest_offer) == 12, "offer");
_Static_assert(sizeof(struct manifest_use) == 28, "use");
_Static_assert(sizeof(struct manifest_arg) == 12, "arg");
_Static_assert(sizeof(struct manifest_network_rule) == 28, "rule");

#define CRC_START offsetof(struct manifest_header, file)

int manifest_fail(const struct manifest_check *c, const char *format, ...)
{
    int used = 0;
    va_list args;

    if (c->err_size == 0)
        return -1;
    if (c->line == 0)
        used = snprintf(c->err, c->err_size, "manifest: ");
    else
        used = snprintf(c->err, c->err_size, "%s:%u: ", manifest_file(c->m),
                        (unsigned)c->line);
    if (used < 0 || (size_t)used >= c->err_size)
        return -1;
    va_start(args, format);
    vsnprintf(c->err + used, c->err_size - (size_t)used, format, args);
    va_end(args);
    return -1;
}

uint32_t manifest_crc32(const void *data, size_t size)
{
    static const uint32_t nibbles[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    const uint8_t *byte = data;
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < size; i++) {
        crc = nibbles[(crc ^ byte[i]) & 15] ^ (crc >> 4);
        crc = nibbles[(crc ^ (byte[i] >> 4)) & 15] ^ (crc >> 4);
    }
    return ~crc;
}

int manifest_is_name(const char *text)
{
    size_t n = 0;

    if (text[0] < 'a' || text[0] > 'z')
        return 0;
    for (; text[n] != 0 && n <= MANIFEST_NAME_MAX; n++) {
        char c = text[n];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
              c == '_'))
            return 0;
    }
    return n <= MANIFEST_NAME_MAX;
}

const char *manifest_component_name(const struct manifest *m, uint32_t number)
{
    return number == MANIFEST_INIT
               ? "init"
               : manifest_string(m, m->components[number].name);
}

uint32_t manifest_grants(const struct manifest *m,
                         const struct manifest_component *c)
{
    uint32_t grants = c->offers.count + c->uses.count + c->ioports.count +
                      c->irqs.count + c->threads - 1 +
                      (c->role == MANIFEST_ROLE_PCI_SERVER);

    for (uint32_t i = 0; i < c->devices.count; i++)
        grants += MANIFEST_GRANTS_DEVICE +
                  m->devices[c->devices.first + i].interrupts;
    return grants;
}

const struct manifest_network *manifest_network_of(const struct manifest *m,
                                                   uint32_t use)
{
    for (uint32_t i = 0; i < m->header->network_count; i++)
        if (m->networks[i].use == use)
            return &m->networks[i];
    return NULL;
}

char *manifest_place(const struct manifest *m, uint32_t line, char *out,
                     size_t out_size)
{
    snprintf(out, out_size, "%s:%u: ", manifest_file(m), (unsigned)line);
    return out;
}

/* --- header, sizes, strings --- */

static int check_header(const struct manifest_check *c, const void *data,
                        size_t size)
{
    const struct manifest_header *h = data;

    if (((uintptr_t)data & 7) != 0)
        return manifest_fail(c, "is not 8-byte aligned");
    if (size < sizeof *h)
        return manifest_fail(c, "has %zu bytes, a header alone takes %zu", size,
                             sizeof *h);
    if (memcmp(h->magic, MANIFEST_MAGIC, sizeof h->magic) != 0)
        return manifest_fail(c, "does not begin with " MANIFEST_MAGIC
                                ": not a manifest");
    if (h->version != MANIFEST_VERSION)
        return manifest_fail(c, "has version %u, this reader knows %u",
                             (unsigned)h->version, MANIFEST_VERSION);
    if (h->size < sizeof *h || h->size > size)
        return manifest_fail(c,
                             "says it has %u bytes, there are %zu: cut short?",
                             (unsigned)h->size, size);
    if (manifest_crc32((const char *)data + CRC_START, h->size - CRC_START) !=
        h->crc32)
        return manifest_fail(c, "checksum is not %08x: damaged",
                             (unsigned)h->crc32);
    return 0;
}

/* Takes the next table; NULL if it is longer than allowed. */
static const void *take(const struct manifest_check *c, size_t *at,
                        const char *name, uint32_t count, uint32_t max,
                        size_t record)
{
    const char *table = (const char *)c->m->header + *at;

    if (count > max) {
        manifest_fail(c, "%u %s, at most %u", (unsigned)count, name,
                      (unsigned)max);
        return NULL;
    }
    *at += count * record;
    return table;
}

#define TAKE(singular, plural, limit)                                          \
    do {                                                                       \
        m->plural = take(c, &at, #plural, h->singular##_count, limit,          \
                         sizeof *m->plural);                                   \
        if (m->plural == NULL)                                                 \
            return -1;                                                         \
    } while (0)

/* Point m's tables into the data; the layout follows from the counts. */
static int check_tables(const struct manifest_check *c)
{
    struct manifest *m = c->m;
    const struct manifest_header *h = m->header;
    size_t at = sizeof *h;

    TAKE(component, components, MANIFEST_COMPONENTS_MAX);
    TAKE(device, devices, MANIFEST_DEVICES_MAX);
    TAKE(network, networks, MANIFEST_NETWORKS_MAX);
    TAKE(ioport, ioports, MANIFEST_IOPORTS_MAX);
    TAKE(irq, irqs, MANIFEST_IRQS_MAX);
    TAKE(offer, offers, MANIFEST_OFFERS_MAX);
    TAKE(use, uses, MANIFEST_USES_MAX);
    TAKE(arg, args, MANIFEST_ARGS_MAX);
    TAKE(rule, rules, MANIFEST_RULES_MAX);
    m->strings =
        take(c, &at, "string bytes", h->string_bytes, MANIFEST_STRINGS_MAX, 1);
    if (m->strings == NULL)
        return -1;
    if (at != h->size)
        return manifest_fail(c, "its tables take %zu bytes, it has %u", at,
                             (unsigned)h->size);
    return 0;
}

/* One NUL first (the empty string), one NUL last, and only text between. */
static int check_strings(const struct manifest_check *c)
{
    uint32_t size = c->m->header->string_bytes;
    const char *s = c->m->strings;
    uint32_t run = 0;

    if (size == 0 || s[0] != 0 || s[size - 1] != 0)
        return manifest_fail(c, "its string table has no NUL at both ends");
    for (uint32_t i = 0; i < size; i++) {
        unsigned char ch = (unsigned char)s[i];

        if (ch != 0 && (ch < 0x20 || ch == 0x7f))
            return manifest_fail(c, "control character %02x in its strings",
                                 ch);
        run = ch == 0 ? 0 : run + 1;
        if (run > MANIFEST_TEXT_MAX)
            return manifest_fail(c, "a string exceeds %u bytes",
                                 MANIFEST_TEXT_MAX);
    }
    return 0;
}

int manifest_open(const void *data, size_t size, struct manifest *m, char *err,
                  size_t err_size)
{
    struct manifest_check c = {m, 0, err, err_size};

    m->header = data;
    if (check_header(&c, data, size) || check_tables(&c) || check_strings(&c))
        return -1;
    return manifest_check_records(&c);
}
