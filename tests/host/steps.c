/* Steps of the world: see steps.h. */
#include "tests/host/steps.h"

#include <cordon/operations.h>
#include "kernel/arch/x86_64/vectors.h"

/*
 * What an operation takes, one letter each: the invoked capability, then the
 * arguments. Capital letters are types of capabilities, of which the table has
 * some; the others are explained in argument().
 */
static const char *const shapes[OPERATIONS] = {
    [OP_UNTYPED_RETYPE] = "Ukzn0e0",
    [OP_UNTYPED_INFO] = "U",
    [OP_CAPTABLE_COPY] = "Ce0srb",
    [OP_CAPTABLE_MOVE] = "Ce0s",
    [OP_CAPTABLE_DELETE] = "Cs",
    [OP_CAPTABLE_REVOKE] = "Cs",
    [OP_CAPTABLE_INFO] = "Cs",
    [OP_THREAD_CONFIGURE] = "TCAFEc",
    [OP_THREAD_WRITE] = "Tb",
    [OP_THREAD_READ] = "T",
    [OP_THREAD_SUSPEND] = "T",
    [OP_THREAD_RESUME] = "T",
    [OP_THREAD_SET_TLS] = "Ta",
    [OP_THREAD_YIELD] = "T",
    [OP_SCHED_CONFIGURE] = "KXpttc",
    [OP_SCHED_BIND] = "XT",
    [OP_SCHED_UNBIND] = "X",
    [OP_SCHED_INFO] = "X",
    [OP_ENDPOINT_SEND] = "Egwwww0d",
    [OP_ENDPOINT_CALL] = "Egwwww0d",
    [OP_ENDPOINT_RECEIVE] = "EN0000Rd",
    [OP_REPLY_RECEIVE] = "EgwwwwRd",
    [OP_REPLY_SEND] = "Rgwwww",
    [OP_NOTIFICATION_SIGNAL] = "N",
    [OP_NOTIFICATION_WAIT] = "Nd",
    [OP_NOTIFICATION_SIGNAL_WAIT] = "NNd",
    [OP_NOTIFICATION_BIND] = "NT",
    [OP_NOTIFICATION_TIMER] = "Ndtb",
    [OP_SPACE_MAP] = "SFnam",
    [OP_SPACE_UNMAP] = "SFn",
    [OP_SPACE_PROTECT] = "SFnm",
    [OP_SPACE_DONATE] = "SU",
    [OP_SPACE_INFO] = "S",
    [OP_SPACE_LOOKUP] = "Sa",
    [OP_DEVICE_MINT] = "LUq0e",
    [OP_DEVICE_ATTACH] = "VD",
    [OP_DEVICE_BLOCK] = "V",
    [OP_DEVICE_BIND] = "VNl",
    [OP_DEVICE_FAULT] = "V",
    [OP_DEVICE_INFO] = "V",
    [OP_DEVICE_INTERRUPT] = "VU0ecl",
    [OP_DEVICE_LINES] = "LUb0ecl",
    [OP_IOMMU_INFO] = "L",
    [OP_INTERRUPT_BIND] = "IN",
    [OP_INTERRUPT_ACK] = "I",
    [OP_INTERRUPT_INFO] = "I",
    [OP_PORTS_IN] = "Pob",
    [OP_PORTS_OUT] = "Pobw",
    [OP_PORTS_DERIVE] = "Pon0e",
};

static const uint8_t operations[] = {
#define OPERATION(name, number, mask, needed, fast) number,
#include "dispatch.inc"
#undef OPERATION
};

/* Which types a letter stands for, a bit each; 'e' is an empty slot. */
static uint32_t types_of(char kind)
{
    static const uint32_t types[128] = {
        ['U'] = 1u << CAP_UNTYPED,
        ['C'] = 1u << CAP_CAPTABLE,
        ['T'] = 1u << CAP_THREAD,
        ['X'] = 1u << CAP_SCHED_CONTEXT,
        ['E'] = 1u << CAP_ENDPOINT,
        ['R'] = 1u << CAP_REPLY,
        ['N'] = 1u << CAP_NOTIFICATION,
        ['F'] = 1u << CAP_FRAME,
        ['A'] = 1u << CAP_ADDRESS_SPACE,
        ['D'] = 1u << CAP_DOMAIN,
        ['S'] = 1u << CAP_ADDRESS_SPACE | 1u << CAP_DOMAIN,
        ['V'] = 1u << CAP_DEVICE,
        ['I'] = 1u << CAP_INTERRUPT,
        ['P'] = 1u << CAP_IO_PORTS,
        ['K'] = 1u << CAP_SCHED_CONTROL,
        ['L'] = 1u << CAP_DEVICE_CONTROL,
        ['e'] = 1u << CAP_NULL,
        ['s'] = ~1u,
    };

    return types[kind & 127];
}

/* The n-th slot, around, that holds one of these; 0: none does. */
static uint64_t slot_with(uint32_t types, unsigned n)
{
    const struct captable *table = world_table();
    unsigned count = 0;

    for (unsigned pass = 0; pass < 2; pass++) {
        for (uint64_t i = 1; i < table->count; i++) {
            if (!(types >> cap_type_of(&table->slots[i]) & 1))
                continue;
            if (pass && n == 0)
                return i;
            if (pass)
                n--;
            else
                count++;
        }
        if (!count)
            return 0;
        n %= count;
    }
    return 0;
}

/* Any value that might be interesting. */
static uint64_t value_of(uint8_t byte)
{
    if (byte < 128)
        return byte;
    if (byte < 144)
        return 0x400000 + (byte - 128u) * PAGE_SIZE;
    if (byte < 160)
        return (byte - 144u) * PAGE_SIZE;
    if (byte < 200)
        return TAG(0, 1ul << byte % 10, byte % 6);
    return byte == 255 ? ~0ul : 1ul << (byte - 200);
}

static uint64_t size_of(uint64_t type, uint8_t byte)
{
    switch (type) {
    case CAP_UNTYPED:
        return byte & 8 ? 6u + byte % 8u : PAGE_SIZE << byte % 4;
    case CAP_CAPTABLE:
        return 4 + byte % 3;
    case CAP_FRAME:
        return byte % 8 ? PAGE_BITS : PAGE_2M_BITS;
    case CAP_ADDRESS_SPACE:
    case CAP_DOMAIN:
        return 14 + byte % 2;
    default:
        return 0;
    }
}

static uint64_t argument(char kind, struct bytes *b, uint64_t last)
{
    uint8_t byte = kind == '0' ? 0 : bytes_next(b);

    if (byte >= 0xe0)
        return value_of(bytes_next(b));
    if (types_of(kind))
        return slot_with(types_of(kind), byte);
    switch (kind) {
    case 'k': /* type of an object */
        return 1 + byte % 10;
    case 'z': /* its size */
        return size_of(last, byte);
    case 'n': /* a number of things */
        return 1 + byte % 8;
    case 'a': /* an address */
        return byte < 128 ? 0x400000 + byte % 32 * PAGE_SIZE
                          : 0x40000000 + ((byte % 8ul) << PAGE_2M_BITS);
    case 'm': /* what a mapping allows */
        return byte % 32;
    case 'r': /* rights */
        return byte % 16;
    case 'b': /* a small number */
        return byte % 4;
    case 'c':
        return byte % MACHINE_CPUS;
    case 'p': /* a priority */
        return 90 + byte % 40;
    case 't': /* a time span */
        return 10000ul << byte % 20;
    case 'd': /* a deadline */
        return byte % 3 == 0   ? DEADLINE_NEVER
               : byte % 3 == 1 ? DEADLINE_POLL
                               : clock_tsc() + (1000ul << byte % 16);
    case 'g': /* a tag: words, capabilities, a label */
        return TAG(byte >> 6, (byte & 8 ? 60 : 0) + byte % 8, byte >> 4 & 3);
    case 'l': /* a limit on events */
        return 1ul << byte % 17;
    case 'q': /* a requester */
        return byte & 1 ? 0x500u + byte / 2 % 4 : WORLD_RID;
    case 'o': /* a port */
        return byte & 1 ? 0xcf0u + byte / 2 % 32 : byte;
    default: /* a word of a message */
        return byte;
    }
}

static void call(struct bytes *b, uint8_t which)
{
    uint64_t operation = which < sizeof(operations) ? operations[which]
                                                    : value_of(bytes_next(b));
    const char *shape = operation < OPERATIONS ? shapes[operation] : NULL;
    uint64_t args[7] = {0};
    cap_t slot;

    if (!shape)
        shape = "sw";
    slot = argument(*shape++, b, 0);
    for (unsigned i = 0; *shape && i < 7; i++)
        args[i] = argument(*shape++, b, i ? args[i - 1] : 0);
    machine_call(operation, slot, args);
}

/* What the running thread says about capabilities in messages. */
static void message_write(struct bytes *b)
{
    const struct thread *self = cpu_self()->current;
    struct message_page *page = self ? self->message : NULL;
    uint8_t at = bytes_next(b);

    if (!page)
        return;
    if (at < 128)
        page->send_caps[at % MSG_MAX_CAPS] = argument('s', b, 0);
    else if (at < 160)
        page->send_rights[at % MSG_MAX_CAPS] = argument('r', b, 0);
    else if (at < 224)
        page->recv_slot = argument('e', b, 0);
    else if (at < 240)
        page->recv_count = argument('b', b, 0);
    else
        page->words[at - 240] = value_of(bytes_next(b));
}

static void device_acts(struct bytes *b, uint8_t what)
{
    uint16_t rid = (uint16_t)argument('q', b, 0);
    uint8_t byte = bytes_next(b);

    if (what & 1)
        world_dma(rid, world_mapped(world_domain(rid), byte), what & 2);
    else /* a remappable message: the index in bits 19:5 */
        world_msi(rid, 0xfee00010 | byte % 8u << 5, 0);
}

static void thread_touches(struct bytes *b, bool write)
{
    const struct thread *self = cpu_self()->current;
    uint8_t byte = bytes_next(b);

    if (self && byte < 0xe0)
        world_touch(world_mapped(self->space, byte), write);
    else
        world_touch(argument('a', b, 0), write);
}

static void event(struct bytes *b, uint8_t what)
{
    switch (what & 7) {
    case 0:
        machine_take_ipi();
        break;
    case 1:
        machine_wait(1ul << bytes_next(b) % 36);
        break;
    case 2:
        machine_exception(what & 8 ? VECTOR_PAGE_FAULT : 6, what, 0x1234);
        break;
    case 3:
        thread_touches(b, what & 8);
        break;
    case 4:
        device_acts(b, what >> 3);
        break;
    case 5:
        message_write(b);
        break;
    case 6:
        machine_interrupt(what & 8 ? VECTOR_SPURIOUS : VECTOR_IOMMU_FAULT);
        break;
    default:
        model_fail((enum model_failure)(bytes_next(b) % (MODEL_DEAD + 1)),
                   what >> 3);
    }
}

void step_take(struct bytes *b)
{
    uint8_t what = bytes_next(b);

    machine_cpu(what >> 7);
    if (what & 0x40)
        event(b, what & 0x3f);
    else
        call(b, what & 0x3f);
}
