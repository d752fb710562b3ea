/*
 * The key table: the whole policy language. A key added here is read, checked
 * for type and bounds, and appears in the JSON Schema and the reference.
 */
#include "schema.h"

#include <cordon/manifest.h>

#define COUNT(array) ((unsigned)(sizeof(array) / sizeof((array)[0])))

#define AT(type, field)                                                        \
    .name = #field, .kind = KEY_VALUE, .offset = offsetof(struct type, field)
#define MAP(type, field, schema)                                               \
    .name = #field, .kind = KEY_MAP, .offset = offsetof(struct type, field),   \
    .of = schema
#define LIST(type, field, limit)                                               \
    .name = #field, .kind = KEY_LIST, .offset = offsetof(struct type, field),  \
    .most = limit
#define NUMBER(lowest, highest)                                                \
    .rule = {.type = VALUE_INTEGER, .low = lowest, .high = highest}
#define SIZE(lowest, highest)                                                  \
    .rule = {.type = VALUE_SIZE,                                               \
             .low = lowest,                                                    \
             .high = highest,                                                  \
             .multiple = MANIFEST_PAGE}
#define TIME(lowest, highest)                                                  \
    .rule = {.type = VALUE_TIME, .low = lowest, .high = highest}
#define WORDS(list, number)                                                    \
    .rule = {.type = VALUE_WORD, .words = list, .word_count = number}

static const struct key machine_keys[] = {
    {AT(machine, cpus), NUMBER(1, MANIFEST_CPUS_MAX), .preset = "2",
     .text = "CPUs that the policy is for, where policyc --cpus says nothing"},
    {AT(machine, disk), .rule.type = VALUE_BOOL, .preset = "false",
     .text = "whether it has an NVMe controller with the project's disk image"},
    {LIST(machine, netdevs, 8), .rule.type = VALUE_TEXT,
     .text = "networks that devices name, each as QEMU's -netdev takes it"},
    {LIST(machine, devices, 16), .rule.type = VALUE_TEXT,
     .text = "further devices, each as QEMU's -device takes it"},
};
static const struct schema machine_schema = {
    "machine", machine_keys, COUNT(machine_keys), sizeof(struct machine), NULL};

static const struct key interrupts_keys[] = {
    {AT(interrupts, count), NUMBER(1, MANIFEST_INTERRUPTS_MAX), .required = 1,
     .text = "MSI or MSI-X vectors"},
    {AT(interrupts, rate), NUMBER(1, MANIFEST_RATE_MAX), .preset = "100000",
     .text = "interrupts per second, of each vector, until it is masked"},
};
static const struct schema interrupts_schema = {
    "interrupts", interrupts_keys, COUNT(interrupts_keys),
    sizeof(struct interrupts), "count"};

/* `device:` has the first four, an item of `devices:` all of them. */
static const struct key device_keys[] = {
    {AT(device, class), .rule.type = VALUE_CLASS,
     .text = "class code: base, sub-class and, if given, interface"},
    {AT(device, id), .rule.type = VALUE_ID, .text = "vendor and device ID"},
    {AT(device, address), .rule.type = VALUE_ADDRESS,
     .text = "segment:bus:device.function"},
    {AT(device, index), NUMBER(0, MANIFEST_DEVICE_INDEX_MAX), .preset = "0",
     .text = "which of several alike, in order of address"},
    {AT(device, dma), SIZE(0, MANIFEST_MEMORY_MAX), .preset = "0KiB",
     .text = "memory that its domain may map, out of the component's own"},
    {MAP(device, interrupts, &interrupts_schema),
     .text = "interrupts that it may raise; absent: none"},
};
static const struct schema device_schema = {"device", device_keys, 4,
                                            sizeof(struct device), NULL};
static const struct schema devices_schema = {
    "devices", device_keys, COUNT(device_keys), sizeof(struct device), NULL};

static const struct key budget_keys[] = {
    {AT(budget, cpu), NUMBER(0, MANIFEST_CPUS_MAX - 1), .required = 1,
     .text = "the CPU that it runs on"},
    {AT(budget, priority), NUMBER(MANIFEST_PRIORITY_MIN, MANIFEST_PRIORITY_MAX),
     .required = 1, .text = "larger runs first; 255 is init's"},
    {AT(budget, budget), TIME(MANIFEST_BUDGET_MIN, MANIFEST_PERIOD_MAX),
     .required = 1, .text = "CPU time that it has in each period"},
    {AT(budget, period), TIME(MANIFEST_PERIOD_MIN, MANIFEST_PERIOD_MAX),
     .required = 1, .text = "how often the budget is filled up"},
};
static const struct schema budget_schema = {
    "budget", budget_keys, COUNT(budget_keys), sizeof(struct budget), NULL};

static const struct key restart_keys[] = {
    {AT(restart, rule), WORDS(manifest_restart_names, MANIFEST_RESTARTS),
     .required = 1,
     .text = "on-failure: after a fault, a status but 0, or silence"},
    {AT(restart, limit), NUMBER(0, MANIFEST_RESTART_LIMIT_MAX), .preset = "0",
     .text = "restarts until init gives up; 0: no limit"},
};
static const struct schema restart_schema = {"restart", restart_keys,
                                             COUNT(restart_keys),
                                             sizeof(struct restart), "rule"};

static const struct key network_keys[] = {
    {LIST(network, listen, MANIFEST_NETWORK_RULES_MAX),
     .rule.type = VALUE_LISTEN, .text = "ports that it may listen on"},
    {LIST(network, connect, MANIFEST_NETWORK_RULES_MAX),
     .rule.type = VALUE_CONNECT, .text = "whom it may connect and send to"},
    {AT(network, names), .rule.type = VALUE_BOOL, .preset = "false",
     .text = "whether it may have names resolved (DNS)"},
    {AT(network, sockets), NUMBER(1, MANIFEST_SOCKETS_MAX), .preset = "8",
     .text = "sockets at once"},
    {AT(network, memory),
     SIZE(MANIFEST_SOCKET_MEMORY_MIN, MANIFEST_SOCKET_MEMORY_MAX),
     .preset = "256KiB", .text = "of the server's memory, for its sockets"},
};
static const struct schema network_schema = {
    "network", network_keys, COUNT(network_keys), sizeof(struct network), NULL};

static const struct key use_keys[] = {
    {AT(use, service), .rule.type = VALUE_NAME, .required = 1,
     .text = "what the other component calls it in `offers`"},
    {AT(use, from), .rule.type = VALUE_NAME, .required = 1,
     .text = "the component that offers it, or init"},
    {AT(use, as), .rule.type = VALUE_NAME,
     .text = "the name it is known by here; absent: as `service`"},
    {AT(use, access), WORDS(manifest_access_names, MANIFEST_ACCESSES),
     .preset = "read",
     .text = "whether it may also change what the service keeps"},
    {MAP(use, network, &network_schema),
     .text = "what it may do in the network; absent: nothing"},
};
static const struct schema use_schema = {"uses", use_keys, COUNT(use_keys),
                                         sizeof(struct use), NULL};

static const struct key component_keys[] = {
    {AT(component, name), .rule.type = VALUE_NAME, .required = 1,
     .text = "unlike any other component's; init is taken"},
    {AT(component, binary), .rule.type = VALUE_NAME, .required = 1,
     .text = "the program"},
    {AT(component, role), WORDS(manifest_role_names, MANIFEST_ROLES),
     .preset = "none",
     .text = "a part that init treats specially; one holder each"},
    {AT(component, memory), SIZE(MANIFEST_MEMORY_MIN, MANIFEST_MEMORY_MAX),
     .required = 1, .text = "all the RAM it ever has, kernel objects included"},
    {AT(component, capabilities),
     .rule = {.type = VALUE_INTEGER,
              .low = MANIFEST_CAPABILITIES_MIN,
              .high = MANIFEST_CAPABILITIES_MAX,
              .power_of_two = 1},
     .preset = "256", .text = "slots of its capability table; a power of two"},
    {AT(component, threads), NUMBER(1, MANIFEST_THREADS_MAX), .preset = "1",
     .text = "threads at most, with the first; they share the budget evenly"},
    {MAP(component, budget, &budget_schema), .required = 1, .text = "CPU time"},
    {MAP(component, device, &device_schema),
     .text = "the one PCI function that it drives"},
    {AT(component, dma), SIZE(0, MANIFEST_MEMORY_MAX),
     .text = "`dma` of its device"},
    {MAP(component, interrupts, &interrupts_schema),
     .text = "`interrupts` of its device"},
    {LIST(component, devices, 16), .of = &devices_schema,
     .text = "several PCI functions, in place of device, dma, interrupts"},
    {LIST(component, ioports, 16), .rule.type = VALUE_PORTS,
     .text = "x86 I/O ports"},
    {LIST(component, irqs, 8), NUMBER(0, MANIFEST_IRQ_MAX),
     .text = "ISA interrupt lines, for legacy devices such as a UART"},
    {LIST(component, uses, 32), .of = &use_schema,
     .text = "services of others that it may call"},
    {LIST(component, offers, 16), .rule.type = VALUE_NAME,
     .text = "services that others may use"},
    {LIST(component, args, 32), .rule.type = VALUE_TEXT,
     .text = "argv[1] and so on"},
    {MAP(component, restart, &restart_schema),
     .text = "when init starts it again; absent: never"},
};
static const struct schema component_schema = {"component", component_keys,
                                               COUNT(component_keys),
                                               sizeof(struct component), NULL};

static const struct key policy_keys[] = {
    {AT(policy, system), .rule.type = VALUE_NAME, .required = 1,
     .text = "the system's name"},
    {AT(policy, description), .rule.type = VALUE_TEXT, .preset = "",
     .text = "what it is for"},
    {MAP(policy, machine, &machine_schema),
     .text = "what `make run` adds to the emulated machine; grants nothing"},
    {LIST(policy, components, MANIFEST_COMPONENTS_MAX), .required = 1,
     .of = &component_schema, .text = "who runs, with what"},
};
const struct schema policy_schema = {"policy", policy_keys, COUNT(policy_keys),
                                     sizeof(struct policy), NULL};

const struct schema *const schema_parts[] = {
    &machine_schema, &component_schema,  &budget_schema,
    &device_schema,  &devices_schema,    &use_schema,
    &network_schema, &interrupts_schema, &restart_schema,
};
const unsigned schema_part_count = COUNT(schema_parts);
