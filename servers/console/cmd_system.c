/*
 * Commands about the machine: devices, log, edu.
 */
#include "commands.h"

#include <cordon/cordon.h>
#include <cordon/edu.h>
#include <cordon/monitor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "servers/console/table.h"

#define YELLOW       33u
#define RED          31u
#define EDU_PATIENCE (10 * NS_PER_S)

/* PCI Code and ID Assignment Specification 1.15: the classes seen most. */
static const char *class_text(uint32_t class_code)
{
    static const struct {
        uint32_t code, mask;
        const char *text;
    } classes[] = {
        {0x010802, 0xffffff, "NVMe disk"},
        {0x010000, 0xff0000, "storage"},
        {0x020000, 0xff0000, "network"},
        {0x030000, 0xff0000, "display"},
        {0x040000, 0xff0000, "multimedia"},
        {0x060000, 0xffff00, "host bridge"},
        {0x060100, 0xffff00, "ISA bridge"},
        {0x060400, 0xffff00, "PCI bridge"},
        {0x060000, 0xff0000, "bridge"},
        {0x070000, 0xff0000, "serial"},
        {0x080000, 0xff0000, "system"},
        {0x0c0300, 0xffff00, "USB"},
        {0x0c0500, 0xffff00, "SMBus"},
        {0x0c0000, 0xff0000, "serial bus"},
        {0, 0, "other"},
    };
    unsigned i = 0;

    while ((class_code & classes[i].mask) != classes[i].code)
        i++;
    return classes[i].text;
}

static const char *device_state_text(const struct monitor_device *d)
{
    if (d->function.state == PCI_REFUSED)
        return "refused";
    if (d->function.state == PCI_QUARANTINED)
        return "quarantined";
    switch (d->state) {
    case DEVICE_CAGED:
        return "caged";
    case DEVICE_BLOCKED:
        return "blocked";
    case DEVICE_QUARANTINED:
        return "quarantined";
    default:
        return "unclaimed";
    }
}

static void device_colour(struct table *t, const struct monitor_device *d)
{
    if (!shell_has_colour())
        return;
    if (d->function.state == PCI_QUARANTINED || d->state == DEVICE_QUARANTINED)
        table_colour(t, RED);
    else if (d->state == DEVICE_BLOCKED)
        table_colour(t, YELLOW);
}

static void add_device(struct table *t, const struct monitor_device *d)
{
    const struct pci_function *f = &d->function;

    device_colour(t, d);
    table_add(t, "%04x:%02x:%02x.%x", (unsigned)PCI_SEGMENT(f->address),
              (unsigned)PCI_BUS(f->address), (unsigned)PCI_DEVICE(f->address),
              (unsigned)PCI_FUNCTION_OF(f->address));
    table_add(t, "%04x:%04x", f->vendor, f->device);
    table_add(t, "%06x %s", (unsigned)f->class_code, class_text(f->class_code));
    table_add(t, "%u", (unsigned)f->group);
    table_add(t, d->domain ? "%llu" : "-", (unsigned long long)d->domain);
    table_add(t, "%s", device_state_text(d));
    table_add(t, "%s", d->owner_name[0] ? d->owner_name : "-");
    table_add(t, d->faults ? "%llu" : "-", (unsigned long long)d->faults);
}

/* Why a device is with nobody, and the like. */
static void print_reasons(cap_t monitor, const struct monitor_system *system)
{
    struct monitor_device d;

    for (uint32_t i = 0; i < system->devices; i++) {
        const char *reason;

        if (monitor_device(monitor, i, &d))
            continue;
        reason = d.text[0] ? d.text : d.function.reason;
        /* What holds for all has been said above the table. */
        if (*reason && strcmp(reason, system->isolation_reason) != 0)
            printf("%02x:%02x.%x: %s\n", (unsigned)PCI_BUS(d.function.address),
                   (unsigned)PCI_DEVICE(d.function.address),
                   (unsigned)PCI_FUNCTION_OF(d.function.address), reason);
    }
}

static void print_isolation(const struct monitor_system *s)
{
    if (s->isolation)
        printf("isolation: on\n");
    else
        printf("isolation: OFF (%s); no component gets a device\n",
               s->isolation_reason);
    if (s->stray_faults)
        printf("blocked accesses of devices that nobody has: %llu\n",
               (unsigned long long)s->stray_faults);
}

static int do_devices(int argc, char **argv)
{
    static struct table t;
    struct monitor_system system;
    cap_t monitor;
    struct monitor_device d;
    int error;

    (void)argv;
    error = command_monitor(argc, &monitor, &system);
    if (error != SHELL_OK)
        return error;
    print_isolation(&system);
    if (!system.devices) {
        printf("no PCI function is known: is there a PCI server in %s?\n",
               system.policy);
        return SHELL_OK;
    }
    command_table(&t, "address|id|class|>group|>domain|state|owner|>faults");
    for (uint32_t i = 0; i < system.devices; i++)
        if (!monitor_device(monitor, i, &d))
            add_device(&t, &d);
    table_print(&t);
    print_reasons(monitor, &system);
    return SHELL_OK;
}

static int do_log(int argc, char **argv)
{
    cap_t monitor = command_service("monitor");
    static char text[1024];
    uint64_t offset = 0;
    size_t bytes;

    (void)argv;
    if (argc > 1)
        return shell_usage();
    if (!monitor)
        return SHELL_FAILED;
    for (;;) {
        int error = monitor_log(monitor, &offset, text, sizeof(text), &bytes);

        if (error)
            return shell_fail(NULL, service_error_text((uint64_t)error));
        if (!bytes || shell_interrupted())
            return SHELL_OK;
        fwrite(text, 1, bytes, stdout);
    }
}

/* One call of the edu driver's service; SHELL_FAILED has been explained. */
static int edu_call(struct message *m, uint64_t label, unsigned words,
                    uint64_t word)
{
    cap_t edu = command_service("edu");
    uint64_t status;

    if (!edu)
        return SHELL_FAILED;
    status = message_call_words(edu, m, label, words, &word,
                                clock_after(EDU_PATIENCE));
    if (status != OK)
        return shell_fail(NULL, "the driver does not answer; see `cages`");
    if (m->label != SERVICE_OK)
        return shell_fail(NULL, service_error_text(m->label));
    return SHELL_OK;
}

static int edu_identity(void)
{
    struct message m;

    if (edu_call(&m, EDU_IDENTITY, 0, 0))
        return SHELL_FAILED;
    printf("edu device, version %llu.%llu\n",
           (unsigned long long)message_word(&m, 0),
           (unsigned long long)message_word(&m, 1));
    return SHELL_OK;
}

static int edu_factorial(uint64_t n)
{
    struct message m;

    if (n > EDU_FACTORIAL_MAX)
        return shell_fail(NULL, "the card computes factorials up to 12!");
    if (edu_call(&m, EDU_FACTORIAL, 1, n))
        return SHELL_FAILED;
    printf("%llu! = %llu\n", (unsigned long long)n,
           (unsigned long long)message_word(&m, 0));
    return SHELL_OK;
}

static int edu_dma(uint64_t bytes)
{
    struct message m;
    char text[32];

    if (!bytes || bytes > EDU_DMA_MAX)
        return shell_fail(NULL, "1 to 4096 bytes fit into the card");
    if (edu_call(&m, EDU_DMA_TEST, 1, bytes))
        return SHELL_FAILED;
    printf("%llu bytes went to the card and came back as they were, in %s\n",
           (unsigned long long)bytes,
           format_time(text, sizeof(text), message_word(&m, 0)));
    return SHELL_OK;
}

static int do_edu(int argc, char **argv)
{
    char *end = "";
    unsigned long n = argc > 2 ? strtoul(argv[2], &end, 10) : 0;

    if (argc > 3 || *end || (argc > 2 && !*argv[2]))
        return shell_usage();
    if (argc == 1)
        return edu_identity();
    if (argc == 3 && !strcmp(argv[1], "factorial"))
        return edu_factorial(n);
    if (!strcmp(argv[1], "dma"))
        return edu_dma(argc > 2 ? n : EDU_DMA_MAX);
    return shell_usage();
}

const struct command commands_system[] = {
    {"devices", "", "PCI functions: group, domain, state, owner", do_devices,
     COMMAND_NO_WORDS},
    {"log", "", "what init has logged since the start", do_log,
     COMMAND_NO_WORDS},
    {"edu", "[factorial N | dma [BYTES]]",
     "have QEMU's educational device work", do_edu, COMMAND_NO_WORDS},
    {0},
};
