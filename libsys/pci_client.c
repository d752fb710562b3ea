/*
 * Calls to the PCI server (<cordon/pci.h>): each packs its words, waits with a
 * bound for the answer, and keeps the server's reason when it is an error.
 */
#include <cordon/pci.h>

#include <stdio.h>

#include <cordon/clock.h>
#include <cordon/slot.h>
#include <cordon/startup.h>
#include <cordon/syscalls.h>
#include <cordon/service.h>

/* The slowest answer is that to a release: every kind of reset is tried. */
#define PATIENCE (8 * NS_PER_S)

static _Thread_local char reason[PCI_REASON];

const char *pci_reason(void)
{
    return reason;
}

/* Sends *m; 0 and the answer in *m, or the error. */
static int call(cap_t pci, struct message *m)
{
    uint64_t status;

    reason[0] = 0;
    status = message_call(pci, m, clock_after(PATIENCE));
    if (status != OK) {
        snprintf(reason, sizeof reason, "the PCI server does not answer");
        return service_error_of(status);
    }
    if (m->label != SERVICE_OK) {
        message_get_text(m, reason, sizeof reason);
        return (int)m->label;
    }
    return 0;
}

/* A call of up to four words, with up to two in the answer. */
static int call_words(cap_t pci, struct message *m, uint64_t label,
                      unsigned words, const uint64_t w[4])
{
    message_begin(m, label);
    for (unsigned i = 0; i < words; i++)
        message_put(m, w[i]);
    return call(pci, m);
}

/* The answer was not what the protocol says. */
static int check_end(const struct message *m)
{
    if (message_end(m))
        return 0;
    snprintf(reason, sizeof reason, "the PCI server's answer makes no sense");
    return SERVICE_BAD_REQUEST;
}

/* Moves received capability 0 to the empty slot that the caller chose. */
static int take_cap(struct message *m, cap_t slot)
{
    cap_t from = message_take_cap(m, 0);
    uint64_t status;

    message_drop_caps(m);
    if (from == 0) {
        snprintf(reason, sizeof reason, "the PCI server sent no capability");
        return SERVICE_BAD_REQUEST;
    }
    status = captable_move(STARTUP_CAPTABLE, slot, 0, from).status;
    if (status != OK) {
        cap_delete(from);
        snprintf(reason, sizeof reason, "slot %llu: %s",
                 (unsigned long long)slot, status_text(status));
        return service_error_of(status);
    }
    slot_free(from);
    return 0;
}

int pci_count(cap_t pci, uint32_t *functions, uint32_t *groups)
{
    struct message m;
    int error = call_words(pci, &m, PCI_COUNT, 0, NULL);

    if (error != 0)
        return error;
    *functions = (uint32_t)message_get(&m);
    *groups = (uint32_t)message_get(&m);
    return check_end(&m);
}

int pci_function(cap_t pci, uint32_t handle, struct pci_function *out)
{
    struct message m;
    int error = call_words(pci, &m, PCI_FUNCTION, 1, (uint64_t[4]){handle});

    if (error != 0)
        return error;
    if (message_get_bytes(&m, out, sizeof *out) != sizeof *out)
        m.bad = true;
    return check_end(&m);
}

int pci_find(cap_t pci, uint32_t select, uint32_t value, uint32_t mask,
             uint32_t index, uint32_t *handle)
{
    struct message m;
    int error = call_words(pci, &m, PCI_FIND, 4,
                           (uint64_t[4]){select, value, mask, index});

    if (error != 0)
        return error;
    *handle = (uint32_t)message_get(&m);
    return check_end(&m);
}

int pci_claim(cap_t pci, uint32_t handle, cap_t device)
{
    struct message m;
    int error = call_words(pci, &m, PCI_CLAIM, 1, (uint64_t[4]){handle});

    return error != 0 ? error : take_cap(&m, device);
}

int pci_window(cap_t pci, uint32_t handle, uint32_t bar, cap_t window,
               uint64_t *base, uint64_t *size)
{
    struct message m;
    int error = call_words(pci, &m, PCI_WINDOW, 2, (uint64_t[4]){handle, bar});

    if (error != 0)
        return error;
    *base = message_get(&m);
    *size = message_get(&m);
    return take_cap(&m, window);
}

int pci_set_vector(cap_t pci, uint32_t handle, uint32_t vector,
                   uint64_t address, uint64_t data)
{
    struct message m;

    return call_words(pci, &m, PCI_SET_VECTOR, 4,
                      (uint64_t[4]){handle, vector, address, data});
}

int pci_enable(cap_t pci, uint32_t handle, uint32_t vectors)
{
    struct message m;

    return call_words(pci, &m, PCI_ENABLE, 2, (uint64_t[4]){handle, vectors});
}

int pci_release(cap_t pci, uint32_t handle)
{
    struct message m;

    return call_words(pci, &m, PCI_RELEASE, 1, (uint64_t[4]){handle});
}

int pci_read(cap_t pci, uint32_t offset, uint32_t width, uint32_t *value)
{
    struct message m;
    int error = call_words(pci, &m, PCI_READ, 2, (uint64_t[4]){offset, width});

    if (error != 0)
        return error;
    *value = (uint32_t)message_get(&m);
    return check_end(&m);
}

int pci_write(cap_t pci, uint32_t offset, uint32_t width, uint32_t value)
{
    struct message m;

    return call_words(pci, &m, PCI_WRITE, 3,
                      (uint64_t[4]){offset, width, value});
}

int pci_capability(cap_t pci, uint32_t id, uint32_t *offset)
{
    struct message m;
    int error = call_words(pci, &m, PCI_CAPABILITY, 1, (uint64_t[4]){id});

    if (error != 0)
        return error;
    *offset = (uint32_t)message_get(&m);
    return check_end(&m);
}

int pci_reset(cap_t pci)
{
    struct message m;

    return call_words(pci, &m, PCI_RESET, 0, NULL);
}

int pci_vector(cap_t pci, uint32_t vector, uint64_t *address, uint64_t *data)
{
    struct message m;
    int error = call_words(pci, &m, PCI_VECTOR, 1, (uint64_t[4]){vector});

    if (error != 0)
        return error;
    *address = message_get(&m);
    *data = message_get(&m);
    return check_end(&m);
}
