/*
 * A driver against the PCI server: whatever configuration space can do beyond
 * its cage (a BAR over RAM or over the IOMMU's registers, bus mastering, MSI,
 * resets, bridges), init's half of the protocol, malformed requests, and other
 * functions than its own. What is refused must be refused with a reason.
 */
#include <cordon/pci.h>

#include "tests/attack/attack.h"

#define CONVENTIONAL 0x100u /* configuration space of a conventional device */
#define CALL_TIME    (5 * NS_PER_S)

static struct driver kit;
static unsigned refused, accepted;

static uint64_t request(uint64_t label, unsigned words, const uint64_t *w)
{
    struct message m;
    uint64_t status = message_call_words(kit.pci, &m, label, words, w,
                                         clock_after(CALL_TIME));

    if (status != OK)
        attack_error("the PCI server does not answer", status);
    message_drop_caps(&m);
    return m.label;
}

static void write_one(uint32_t offset, uint32_t width, uint32_t value)
{
    int error = pci_write(kit.pci, offset, width, value);

    if (error == 0) {
        accepted++;
        return;
    }
    refused++;
    if (error != SERVICE_DENIED || pci_reason()[0] == 0)
        say("breach: a write to %#x was refused by error %d, reason '%s'",
            offset, error, pci_reason());
}

/* Each register by each width: nothing, everything, the opposite, one bit,
 * and addresses worth having: RAM, the IOMMU, the MSI range. */
static void attack_registers(uint32_t from, uint32_t to, uint32_t width)
{
    uint32_t mask = width == 4 ? ~0u : (1u << 8 * width) - 1;

    for (uint32_t at = from; at < to; at += width) {
        uint32_t now = 0;

        if (pci_read(kit.pci, at, width, &now) != 0)
            say("breach: %#x of its own function cannot be read", at);
        const uint32_t values[] = {0,          mask,        ~now & mask,
                                   now ^ 1,    0x00100000,  0xfed90000,
                                   0xfee00000, now | 0x8000};

        for (unsigned i = 0; i < (at < CONVENTIONAL ? 8 : 3); i++)
            write_one(at, width, values[i] & mask);
    }
}

/* Operations that are init's: claims, windows, vectors, releases. */
static void attack_protocol(void)
{
    for (uint64_t label = 0; label < PCI_READ; label++)
        for (uint64_t handle = 0; handle < 32; handle++) {
            const uint64_t w[4] = {handle, 0, 0xfee00000, 1};

            for (unsigned words = 0; words <= 4; words++)
                if (request(label, words, w) == SERVICE_OK)
                    say("breach: operation %u of init's was served",
                        (unsigned)label);
        }
}

static void attack_malformed(void)
{
    const uint64_t odd[] = {3, 8, ~0ull, 1ull << 32, (1ull << 32) + 0x10};

    for (unsigned i = 0; i < 5; i++)
        for (unsigned j = 0; j < 5; j++) {
            const uint64_t w[4] = {odd[i], odd[j], odd[i], odd[j]};

            for (unsigned words = 0; words <= 4; words++)
                if (request(PCI_WRITE, words, w) == SERVICE_OK)
                    say("breach: a malformed write was served");
        }
    const uint64_t bar[] = {0x10, 4, 0xfed90000, 0};

    for (unsigned words = 0; words <= 4; words++)
        if (request(PCI_WRITE, words, bar) == SERVICE_OK)
            say("breach: a BAR was written with %u words", words);
    for (uint64_t label = PCI_VECTOR + 1; label < 300; label++)
        if (request(label, 4, bar) == SERVICE_OK)
            say("breach: operation %u, which does not exist, was served",
                (unsigned)label);
}

/* The badge of its endpoint says which function it means. */
static void attack_badges(void)
{
    cap_t own = kit.pci;

    for (uint64_t badge = 0; badge < 64; badge++) {
        cap_t other = cap_copy(own, RIGHT_WRITE | RIGHT_GRANT, badge, NULL);
        uint32_t mine = 0, its = 0;

        if (other == 0)
            continue;
        for (uint32_t at = 0; at < CONVENTIONAL; at += 4) {
            pci_read(own, at, 4, &mine);
            if (pci_read(other, at, 4, &its) != 0 || its != mine)
                say("breach: badge %u means another function", (unsigned)badge);
        }
        kit.pci = other;
        attack_protocol();
        kit.pci = own;
        cap_delete(other);
    }
}

/* R2: a requester ID enters the kernel by the PCI server's word alone, and a
 * Device that is for reading is not for attaching, claiming or interrupts. */
static void attack_device(void)
{
    cap_t slot = slot_alloc();
    const cap_t caps[] = {kit.device,        kit.domain,   kit.pci,
                          kit.interrupts[0], attack_ports, memory_source()};

    for (unsigned i = 0; i < 6; i++)
        for (uint64_t rid = 0; rid < 0x200; rid++)
            if (device_mint(caps[i], memory_source(), rid, 0, slot).status ==
                OK)
                say("breach: it minted a Device of %#x", (unsigned)rid);
    if (device_attach(kit.device, kit.domain).status == OK ||
        device_block(kit.device).status == OK ||
        device_bind(kit.device, kit.events, 1000).status == OK ||
        device_interrupt(kit.device, memory_source(), 0, slot, 0, 1000)
                .status == OK)
        say("breach: a Device for reading was changed");
}

int main(void)
{
    uint32_t express = 0;

    attack_open();
    if (driver_open(&kit, NULL) != OK)
        attack_error("open", ERR_CAPABILITY);
    pci_capability(kit.pci, 0x10, &express);
    say("ready");
    for (uint32_t width = 1; width <= 4; width *= 2)
        attack_registers(0, express != 0 ? 4096 : CONVENTIONAL, width);
    attack_protocol();
    attack_malformed();
    attack_badges();
    attack_device();
    say("writes: %u accepted, %u refused", accepted, refused);
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
