/*
 * The reader of the manifest: what it hands out of a good one, and that it
 * refuses every single thing that can be wrong with a bad one.
 *
 * links: libsys/manifest.c libsys/manifest_check.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <cordon/manifest.h>

/* A manifest with two of everything that matters, built in one piece. */
struct sample {
    struct manifest_header header;
    struct manifest_component components[2];
    struct manifest_device devices[1];
    struct manifest_network networks[1];
    struct manifest_ioport ioports[2];
    struct manifest_irq irqs[1];
    struct manifest_offer offers[1];
    struct manifest_use uses[2];
    struct manifest_arg args[1];
    struct manifest_network_rule rules[2];
    char strings[80];
};

#define SAMPLE_SIZE                                                            \
    (offsetof(struct sample, strings) + sizeof((struct sample *)0)->strings)
_Static_assert(offsetof(struct sample, strings) == 72 + 2 * 112 + 40 + 32 +
                                                       2 * 16 + 12 + 12 +
                                                       2 * 28 + 12 + 2 * 28,
               "no padding between the tables");

static struct sample sample;
static char error[200];

static uint32_t string_at(const char *text)
{
    size_t size = strlen(text) + 1;

    for (size_t i = 1; i + size <= sizeof sample.strings; i++)
        if (memcmp(sample.strings + i, text, size) == 0 &&
            sample.strings[i - 1] == 0)
            return (uint32_t)i;
    fail_msg("no string %s", text);
    return 0;
}

static struct manifest_component component(uint32_t line, const char *name)
{
    return (struct manifest_component){
        .line = line,
        .name = string_at(name),
        .binary = string_at(name),
        .memory = 1 << 20,
        .budget_ns = 1000000,
        .period_ns = 10000000,
        .priority = 100,
        .capabilities = 256,
        .threads = 1,
    };
}

static void fill(void)
{
    static const char strings[sizeof sample.strings] =
        "\0p.yaml\0test\0pci\0console\0bus\0monitor\0verbose\0My Name\0";

    memset(&sample, 0, sizeof sample);
    memcpy(sample.strings, strings, sizeof strings);
    sample.components[0] = component(3, "pci");
    sample.components[0].role = MANIFEST_ROLE_PCI_SERVER;
    sample.components[0].offers.count = 1;
    sample.components[1] = component(9, "console");
    sample.components[1].role = MANIFEST_ROLE_CONSOLE;
    sample.components[1].devices.count = 1;
    sample.components[1].ioports.count = 2;
    sample.components[1].irqs.count = 1;
    sample.components[1].offers.first = 1;
    sample.components[1].uses.count = 2;
    sample.components[1].args.count = 1;
    sample.devices[0] = (struct manifest_device){
        12, 1, MANIFEST_SELECT_CLASS, 0x010802, 0xffffff, 0, 65536, 3, 1000};
    sample.ioports[0] = (struct manifest_ioport){13, 1, 0x3f8, 0x3ff};
    sample.ioports[1] = (struct manifest_ioport){13, 1, 0x80, 0x80};
    sample.irqs[0] = (struct manifest_irq){14, 1, 4};
    sample.offers[0] = (struct manifest_offer){5, 0, string_at("bus")};
    sample.uses[0] = (struct manifest_use){
        15, 1, 0, 0, string_at("bus"), string_at("bus"), 0};
    sample.uses[1] = (struct manifest_use){16,
                                           1,
                                           MANIFEST_INIT,
                                           MANIFEST_INIT_MONITOR,
                                           string_at("monitor"),
                                           string_at("monitor"),
                                           MANIFEST_ACCESS_WRITE};
    sample.args[0] = (struct manifest_arg){17, 1, string_at("verbose")};
    sample.networks[0] =
        (struct manifest_network){15, 0, 100, 1, 4 << 20, {0, 2}};
    sample.rules[0] = (struct manifest_network_rule){.line = 15,
                                                     .action = 1,
                                                     .protocol = 6,
                                                     .port_first = 80,
                                                     .port_last = 81};
    sample.rules[1] = (struct manifest_network_rule){.line = 16,
                                                     .action = 2,
                                                     .family = 4,
                                                     .prefix = 9,
                                                     .port_last = 65535,
                                                     .address = {10, 128}};
    sample.header = (struct manifest_header){
        .version = MANIFEST_VERSION,
        .size = SAMPLE_SIZE,
        .file = string_at("p.yaml"),
        .system = string_at("test"),
        .component_count = 2,
        .device_count = 1,
        .network_count = 1,
        .ioport_count = 2,
        .irq_count = 1,
        .offer_count = 1,
        .use_count = 2,
        .arg_count = 1,
        .rule_count = 2,
        .string_bytes = sizeof sample.strings,
    };
    memcpy(sample.header.magic, MANIFEST_MAGIC, 8);
}

static void seal(void)
{
    const size_t skip = offsetof(struct manifest_header, file);

    sample.header.crc32 =
        manifest_crc32((const char *)&sample + skip, SAMPLE_SIZE - skip);
}

static int open_sample(struct manifest *m)
{
    seal();
    strcpy(error, "untouched");
    return manifest_open(&sample, SAMPLE_SIZE, m, error, sizeof error);
}

/* --- a good one --- */

static void good_manifest_is_read(void **state)
{
    struct manifest m;
    char place[40];

    (void)state;
    fill();
    assert_int_equal(open_sample(&m), 0);
    assert_string_equal(error, "untouched");
    assert_string_equal(manifest_file(&m), "p.yaml");
    assert_string_equal(manifest_component_name(&m, 1), "console");
    assert_string_equal(manifest_component_name(&m, MANIFEST_INIT), "init");
    assert_string_equal(manifest_place(&m, 12, place, sizeof place),
                        "p.yaml:12: ");
    assert_int_equal(m.devices[0].interrupts, 3);
    assert_ptr_equal(manifest_network_of(&m, 0), &m.networks[0]);
    assert_null(manifest_network_of(&m, 1));
    assert_int_equal(m.rules[1].address[1], 128);
    assert_int_equal(m.ioports[1].first, 0x80);
    assert_string_equal(manifest_string(&m, m.args[0].text), "verbose");
    assert_string_equal(manifest_string(&m, m.header->description), "");
}

static void padding_behind_it_is_ignored(void **state)
{
    static _Alignas(8) char page[4096];
    struct manifest m;

    (void)state;
    fill();
    seal();
    memset(page, 0xa5, sizeof page);
    memcpy(page, &sample, SAMPLE_SIZE);
    assert_int_equal(manifest_open(page, sizeof page, &m, error, sizeof error),
                     0);
}

static void empty_system_is_good(void **state)
{
    static _Alignas(8) struct {
        struct manifest_header header;
        char strings[8];
    } empty;
    const size_t skip = offsetof(struct manifest_header, file);
    struct manifest m;

    (void)state;
    memset(&empty, 0, sizeof empty);
    memcpy(empty.header.magic, MANIFEST_MAGIC, 8);
    empty.header.version = MANIFEST_VERSION;
    empty.header.size = sizeof empty;
    empty.header.string_bytes = sizeof empty.strings;
    empty.header.crc32 =
        manifest_crc32((char *)&empty + skip, sizeof empty - skip);
    assert_int_equal(
        manifest_open(&empty, sizeof empty, &m, error, sizeof error), 0);
}

static void a_string_has_a_longest_length(void **state)
{
    static _Alignas(8) struct {
        struct manifest_header header;
        char strings[MANIFEST_TEXT_MAX + 3];
    } one;
    const size_t skip = offsetof(struct manifest_header, file);
    const size_t size = sizeof one.header + sizeof one.strings;
    struct manifest m;

    (void)state;
    for (size_t length = MANIFEST_TEXT_MAX; length <= MANIFEST_TEXT_MAX + 1;
         length++) {
        memset(&one, 0, sizeof one);
        memcpy(one.header.magic, MANIFEST_MAGIC, 8);
        one.header.version = MANIFEST_VERSION;
        one.header.size = (uint32_t)size;
        one.header.string_bytes = sizeof one.strings;
        memset(one.strings + 1, 'x', length);
        one.header.crc32 = manifest_crc32((char *)&one + skip, size - skip);
        assert_int_equal(manifest_open(&one, size, &m, error, sizeof error),
                         length == MANIFEST_TEXT_MAX ? 0 : -1);
    }
    assert_string_equal(error, "manifest: a string exceeds 255 bytes");
}

static void crc_is_the_usual_one(void **state)
{
    (void)state;
    assert_int_equal(manifest_crc32("123456789", 9), 0xcbf43926);
    assert_int_equal(manifest_crc32("", 0), 0);
}

static void names_are_what_they_should_be(void **state)
{
    static const char *const good[] = {"a", "nvme", "a-1_b",
                                       "abcdefghijklmnopqrstuvwxyz01234"};
    static const char *const bad[] = {
        "",    "1a",  "-a", "A", "aB",
        "a b", "a.b", "a/", "ä", "abcdefghijklmnopqrstuvwxyz012345"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(manifest_is_name(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(manifest_is_name(bad[i]));
}

/* --- bad ones --- */

static void damaged_bytes_are_refused(void **state)
{
    struct manifest m;

    (void)state;
    for (size_t at = 0; at < SAMPLE_SIZE; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            fill();
            seal();
            ((unsigned char *)&sample)[at] ^= (unsigned char)(1u << bit);
            assert_int_equal(
                manifest_open(&sample, SAMPLE_SIZE, &m, error, sizeof error),
                -1);
        }
}

static void every_length_is_refused_but_its_own(void **state)
{
    struct manifest m;

    (void)state;
    fill();
    seal();
    for (size_t size = 0; size < SAMPLE_SIZE; size++)
        assert_int_equal(manifest_open(&sample, size, &m, error, sizeof error),
                         -1);
}

static void odd_address_is_refused(void **state)
{
    struct manifest m;

    (void)state;
    fill();
    seal();
    assert_int_equal(manifest_open((char *)&sample + 4, SAMPLE_SIZE - 4, &m,
                                   error, sizeof error),
                     -1);
    assert_string_equal(error, "manifest: is not 8-byte aligned");
}

/* Sets one field and expects the message. Fields of 32 and 64 bits. */
#define REFUSED(field, bad_value, message)                                     \
    do {                                                                       \
        struct manifest m_;                                                    \
        fill();                                                                \
        sample.field = (bad_value);                                            \
        assert_int_equal(open_sample(&m_), -1);                                \
        if (strcmp(error, message) != 0)                                       \
            fail_msg("%s = %s: '%s' is not '%s'", #field, #bad_value, error,   \
                     message);                                                 \
    } while (0)

#define ACCEPTED(field, good_value)                                            \
    do {                                                                       \
        struct manifest m_;                                                    \
        fill();                                                                \
        sample.field = (good_value);                                           \
        if (open_sample(&m_) != 0)                                             \
            fail_msg("%s = %s: '%s'", #field, #good_value, error);             \
    } while (0)

static void wrong_header_fields_are_refused(void **state)
{
    (void)state;
    REFUSED(header.magic[0], 'X',
            "manifest: does not begin with CORDONMF: not a manifest");
    REFUSED(header.version, 1, "manifest: has version 1, this reader knows 2");
    REFUSED(header.component_count, 65, "manifest: 65 components, at most 64");
    REFUSED(header.use_count, 0xffffffff,
            "manifest: 4294967295 uses, at most 512");
    REFUSED(header.string_bytes, 65537,
            "manifest: 65537 string bytes, at most 65536");
    REFUSED(header.arg_count, 2,
            "manifest: its tables take 640 bytes, it has "
            "628");
    REFUSED(header.string_bytes, 79,
            "manifest: its tables take 627 bytes, it has 628");
    REFUSED(header.file, 80,
            "manifest: file: string at 80, the table has 80 "
            "bytes");
    REFUSED(header.system, 0xffffffff,
            "manifest: system: string at 4294967295, the table has 80 bytes");
}

static void wrong_strings_are_refused(void **state)
{
    (void)state;
    REFUSED(strings[0], 'x',
            "manifest: its string table has no NUL at both ends");
    REFUSED(strings[79], 'x',
            "manifest: its string table has no NUL at both ends");
    REFUSED(strings[2], '\n', "manifest: control character 0a in its strings");
    REFUSED(strings[2], 0x7f, "manifest: control character 7f in its strings");
    ACCEPTED(strings[2], '~');
}

static void wrong_components_are_refused(void **state)
{
    (void)state;
    REFUSED(components[0].name, string_at("My Name"),
            "p.yaml:3: name: 'My Name' is not a name");
    REFUSED(components[0].name, 0, "p.yaml:3: name: '' is not a name");
    REFUSED(components[1].name, string_at("pci"),
            "p.yaml:9: second component 'pci'");
    REFUSED(components[0].binary, 99,
            "p.yaml:3: binary: string at 99, the table has 80 bytes");
    REFUSED(components[0].role, 3, "p.yaml:3: role: 3 is not within 0 and 2");
    REFUSED(components[0].role, MANIFEST_ROLE_CONSOLE,
            "p.yaml:9: second component with role console");
    REFUSED(components[0].role, 0,
            "p.yaml:9: 'console' has a device, but no PCI server precedes it");
    REFUSED(components[0].memory, 4096,
            "p.yaml:3: memory: 4096 is not within 65536 and 1099511627776");
    REFUSED(components[0].memory, 100000,
            "p.yaml:3: memory: 100000 is not a multiple of 4096");
    REFUSED(components[0].budget_ns, 10000001,
            "p.yaml:3: budget: 10000001 is not within 10000 and 10000000");
    REFUSED(components[0].budget_ns, 9999,
            "p.yaml:3: budget: 9999 is not within 10000 and 10000000");
    REFUSED(components[0].period_ns, 0,
            "p.yaml:3: period: 0 is not within 100000 and 10000000000");
    REFUSED(components[0].cpu, 8, "p.yaml:3: cpu: 8 is not within 0 and 7");
    REFUSED(components[0].priority, 255,
            "p.yaml:3: priority: 255 is not within 1 and 254");
    REFUSED(components[0].capabilities, 255,
            "p.yaml:3: capabilities: 255 is not a power of two");
    REFUSED(components[0].threads, 0,
            "p.yaml:3: threads: 0 is not within 1 and 64");
    REFUSED(components[0].restart, 3,
            "p.yaml:3: restart: 3 is not within 0 and 2");
    REFUSED(components[0].restart_limit, 1000001,
            "p.yaml:3: restart limit: 1000001 is not within 0 and 1000000");
}

static void wrong_networks_are_refused(void **state)
{
    (void)state;
    REFUSED(networks[0].use, 2, "p.yaml:15: network of use 2, expected 0 to 1");
    ACCEPTED(networks[0].use, 1);
    REFUSED(networks[0].sockets, 0,
            "p.yaml:15: sockets: 0 is not within 1 and 256");
    REFUSED(networks[0].sockets, 257,
            "p.yaml:15: sockets: 257 is not within 1 and 256");
    REFUSED(networks[0].names, 2, "p.yaml:15: names: 2 is not within 0 and 1");
    REFUSED(networks[0].memory, (64 << 20) + 4096,
            "p.yaml:15: socket memory: 67112960 is not within 65536 and "
            "67108864");
    REFUSED(networks[0].memory, 65537,
            "p.yaml:15: socket memory: 65537 is not a multiple of 4096");
    REFUSED(networks[0].rules.count, 17,
            "p.yaml:15: network rules: 17 is not within 0 and 16");
    REFUSED(networks[0].rules.count, 3,
            "p.yaml:15: last network rule: 3 is not within 0 and 2");
    REFUSED(networks[0].rules.first, 1,
            "p.yaml:15: first network rule: 1 is not within 0 and 0");
    REFUSED(networks[0].rules.count, 1,
            "p.yaml:16: rules that belong to nobody");
}

static void wrong_rules_are_refused(void **state)
{
    (void)state;
    REFUSED(rules[0].action, 0,
            "p.yaml:15: network action: 0 is not within 1 and 2");
    REFUSED(rules[0].action, 3,
            "p.yaml:15: network action: 3 is not within 1 and 2");
    REFUSED(rules[0].protocol, 58,
            "p.yaml:15: protocol 58 is none of 0, 1, 6, 17");
    REFUSED(rules[0].protocol, 1, "p.yaml:15: ports 80 to 81 of protocol 1");
    REFUSED(rules[0].protocol, 0, "p.yaml:15: ports 80 to 81 of protocol 0");
    REFUSED(rules[0].port_first, 0, "p.yaml:15: ports 0 to 81 of protocol 6");
    REFUSED(rules[0].port_first, 82,
            "p.yaml:15: first port: 82 is not within 0 and 81");
    REFUSED(rules[0].family, 4,
            "p.yaml:15: listens on an address or with ICMP");
    REFUSED(rules[0].family, 5,
            "p.yaml:15: address family 5 is none of 0, 4, 6");
    REFUSED(rules[0].prefix, 1, "p.yaml:15: prefix: 1 is not within 0 and 0");
    REFUSED(rules[0].address[15], 1,
            "p.yaml:15: address has bits beyond its prefix, 0");
    REFUSED(rules[1].prefix, 33,
            "p.yaml:16: prefix: 33 is not within 0 and 32");
    REFUSED(rules[1].prefix, 8,
            "p.yaml:16: address has bits beyond its prefix, 8");
    REFUSED(rules[1].port_last, 9, "p.yaml:16: ports 0 to 9 of protocol 0");
    ACCEPTED(rules[1].protocol, 1);
    ACCEPTED(rules[1].prefix, 32);
    ACCEPTED(rules[1].family, 6);
}

/* What the startup page and the table must have room for. */
static void too_much_for_the_start_is_refused(void **state)
{
    struct manifest m;

    (void)state;
    fill();
    assert_int_equal(open_sample(&m), 0);
    assert_int_equal(manifest_grants(&m, &m.components[0]), 2);
    assert_int_equal(manifest_grants(&m, &m.components[1]), 18);
    fill();
    sample.components[1].threads = 64;
    sample.devices[0].interrupts = 19; /* with the rest 97 */
    assert_int_equal(open_sample(&m), -1);
    assert_string_equal(error, "p.yaml:9: capabilities at start: 97 is not "
                               "within 0 and 96");
    sample.devices[0].interrupts--;
    assert_int_equal(open_sample(&m), 0);
    REFUSED(components[1].capabilities, 32,
            "p.yaml:9: slots needed at start: 34 is not within 0 and 32");
    fill();
    sample.components[1].threads = 11;
    sample.components[1].budget_ns = 109999;
    assert_int_equal(open_sample(&m), -1);
    assert_string_equal(error, "p.yaml:9: budget of each thread: 9999 is not "
                               "within 10000 and 10000000");
}

static void server_must_offer_a_service(void **state)
{
    struct manifest m;

    (void)state;
    fill();
    sample.components[0].offers.count = 0;
    sample.components[1].offers = (struct manifest_range){0, 1};
    sample.offers[0].component = 1;
    sample.uses[0] = sample.uses[1];
    sample.uses[0].alias = string_at("bus");
    assert_int_equal(open_sample(&m), -1);
    assert_string_equal(error, "p.yaml:3: the PCI server offers no service");
}

static void wrong_ranges_are_refused(void **state)
{
    (void)state;
    REFUSED(components[1].devices.first, 1,
            "manifest: component 1: wrong range of devices");
    REFUSED(components[1].devices.count, 2,
            "manifest: component 1: wrong range of devices");
    REFUSED(components[1].devices.count, 0xffffffff,
            "manifest: component 1: wrong range of devices");
    REFUSED(components[1].uses.count, 1,
            "manifest: uses that belong to nobody");
    REFUSED(devices[0].component, 0, "manifest: devices 0: wrong component");
    REFUSED(args[0].component, 0xffffffff, "manifest: args 0: wrong component");
}

static void wrong_hardware_is_refused(void **state)
{
    (void)state;
    REFUSED(devices[0].select, 3,
            "p.yaml:12: device selector: 3 is not within 0 and 2");
    REFUSED(devices[0].mask, 0xff0000,
            "p.yaml:12: device: value 10802 does not fit mask ff0000");
    REFUSED(devices[0].mask, 0xffff00,
            "p.yaml:12: device: value 10802 does not fit mask ffff00");
    REFUSED(devices[0].value, 0x1010802,
            "p.yaml:12: device: value 1010802 does not fit mask ffffff");
    REFUSED(devices[0].index, 256,
            "p.yaml:12: index: 256 is not within 0 and 255");
    REFUSED(devices[0].dma, (1 << 20) + 4096,
            "p.yaml:12: dma: 1052672 is not within 0 and 1048576");
    REFUSED(devices[0].dma, 100,
            "p.yaml:12: dma: 100 is not a multiple of "
            "4096");
    REFUSED(devices[0].interrupts, 65,
            "p.yaml:12: interrupts: 65 is not within 0 and 64");
    REFUSED(devices[0].rate, 0,
            "p.yaml:12: rate: 0 is not within 1 and 10000000");
    REFUSED(ioports[0].last, 0x10000,
            "p.yaml:13: last port: 65536 is not within 0 and 65535");
    REFUSED(ioports[0].first, 0x400,
            "p.yaml:13: first port: 1024 is not within 0 and 1023");
    REFUSED(ioports[1].last, 0x3f8,
            "p.yaml:13: ports 0x80-0x3f8 overlap line 13's");
    REFUSED(ioports[1], ((struct manifest_ioport){13, 1, 0x3ff, 0x400}),
            "p.yaml:13: ports 0x3ff-0x400 overlap line 13's");
    REFUSED(ioports[1], ((struct manifest_ioport){13, 1, 0x3f0, 0x3f8}),
            "p.yaml:13: ports 0x3f0-0x3f8 overlap line 13's");
    ACCEPTED(ioports[1], ((struct manifest_ioport){13, 1, 0x3f0, 0x3f7}));
    ACCEPTED(ioports[1], ((struct manifest_ioport){13, 1, 0x400, 0x400}));
    REFUSED(irqs[0].input, 16, "p.yaml:14: irq: 16 is not within 0 and 15");
}

static void wrong_services_are_refused(void **state)
{
    (void)state;
    REFUSED(offers[0].service, 0, "p.yaml:5: offer: '' is not a name");
    REFUSED(uses[0].from, 1,
            "p.yaml:15: component 1 uses 1, which starts no earlier");
    REFUSED(uses[0].from, 2,
            "p.yaml:15: component 1 uses 2, which starts no earlier");
    REFUSED(uses[0].access, 2, "p.yaml:15: access: 2 is not within 0 and 1");
    REFUSED(uses[0].offer, 1, "p.yaml:15: component 0 does not make offer 1");
    REFUSED(uses[0].service, string_at("monitor"),
            "p.yaml:15: uses 'monitor', the offer is 'bus'");
    REFUSED(uses[1].offer, MANIFEST_INIT_POWER,
            "p.yaml:16: uses 'monitor', the offer is 'power'");
    REFUSED(uses[1].offer, 2,
            "p.yaml:16: init's offer: 2 is not within 0 and 1");
    REFUSED(uses[1].alias, string_at("My Name"),
            "p.yaml:16: as: 'My Name' is not a name");
    REFUSED(uses[1].alias, string_at("bus"),
            "p.yaml:16: a second service is known as 'bus' here");
    REFUSED(args[0].text, 80,
            "p.yaml:17: argument: string at 80, the table has 80 bytes");
}

static void bounds_themselves_are_allowed(void **state)
{
    (void)state;
    ACCEPTED(components[0].memory, MANIFEST_MEMORY_MAX);
    ACCEPTED(components[0].memory, MANIFEST_MEMORY_MIN);
    ACCEPTED(components[0].budget_ns, sample.components[0].period_ns);
    ACCEPTED(components[0].cpu, MANIFEST_CPUS_MAX - 1);
    ACCEPTED(components[0].priority, MANIFEST_PRIORITY_MAX);
    ACCEPTED(components[0].capabilities, MANIFEST_CAPABILITIES_MAX);
    ACCEPTED(components[0].threads, MANIFEST_THREADS_MAX);
    ACCEPTED(components[1].capabilities, 64);
    ACCEPTED(devices[0].dma, 1 << 20);
    ACCEPTED(devices[0].interrupts, MANIFEST_INTERRUPTS_MAX);
    ACCEPTED(ioports[0].last, 0xffff);
    ACCEPTED(irqs[0].input, MANIFEST_IRQ_MAX);
}

static void a_short_message_buffer_is_enough(void **state)
{
    char small[9] = "12345678";
    struct manifest m;

    (void)state;
    fill();
    sample.header.version = 9;
    seal();
    assert_int_equal(manifest_open(&sample, SAMPLE_SIZE, &m, small, 4), -1);
    assert_string_equal(small, "man");
    assert_string_equal(small + 4, "5678");
    assert_int_equal(manifest_open(&sample, SAMPLE_SIZE, &m, NULL, 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_manifest_is_read),
        cmocka_unit_test(padding_behind_it_is_ignored),
        cmocka_unit_test(empty_system_is_good),
        cmocka_unit_test(a_string_has_a_longest_length),
        cmocka_unit_test(crc_is_the_usual_one),
        cmocka_unit_test(names_are_what_they_should_be),
        cmocka_unit_test(damaged_bytes_are_refused),
        cmocka_unit_test(every_length_is_refused_but_its_own),
        cmocka_unit_test(odd_address_is_refused),
        cmocka_unit_test(wrong_header_fields_are_refused),
        cmocka_unit_test(wrong_strings_are_refused),
        cmocka_unit_test(wrong_components_are_refused),
        cmocka_unit_test(wrong_networks_are_refused),
        cmocka_unit_test(wrong_rules_are_refused),
        cmocka_unit_test(too_much_for_the_start_is_refused),
        cmocka_unit_test(server_must_offer_a_service),
        cmocka_unit_test(wrong_ranges_are_refused),
        cmocka_unit_test(wrong_hardware_is_refused),
        cmocka_unit_test(wrong_services_are_refused),
        cmocka_unit_test(bounds_themselves_are_allowed),
        cmocka_unit_test(a_short_message_buffer_is_enough),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
