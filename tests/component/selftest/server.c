/*
 * The server's part: echo, a share that a client lends, an answer that comes
 * later, and the far end of two rings.
 */
#include <cordon/ring.h>
#include <cordon/share.h>

#include <string.h>

#include "tests/component/selftest/selftest.h"

#define SHARE_LIMIT (8ul << 20)

static struct share lent;
static struct memory mapped;
static cap_t later, wake_client, events;
static struct ring requests, answers;

static void echo(struct message *m)
{
    uint64_t words[MSG_MAX_WORDS];
    uint32_t n = m->words;

    for (uint32_t i = 0; i < n; i++)
        words[i] = message_get(m);
    message_begin(m, SERVICE_OK);
    for (uint32_t i = 0; i < n; i++)
        message_put(m, words[i]);
}

static uint64_t map_lent(void)
{
    return lent.size_bits == PAGE_BITS
               ? memory_map_lent(lent.frames, lent.count, PAGE_BITS,
                                 MAP_READ | MAP_WRITE, &mapped)
               : memory_map(lent.frames, lent.count, lent.size_bits,
                            MAP_READ | MAP_WRITE, &mapped);
}

static uint64_t lend(struct message *m)
{
    uint64_t error;

    if (message_word(m, 2) == 0 && lent.count != 0) { /* a new one begins */
        if (mapped.address != NULL)
            memory_unmap(&mapped);
        lent = (struct share){0};
    }
    error = share_accept(&lent, m, SHARE_LIMIT);
    if (error == SERVICE_OK && lent.received == lent.count && map_lent() != OK)
        return SERVICE_NO_MEMORY;
    return error;
}

static uint64_t sum_up(void)
{
    uint8_t *data = mapped.address;
    uint64_t sum = 0;

    for (size_t i = 0; i < mapped.bytes; i++)
        sum += data[i]++;
    return sum;
}

static uint64_t frames_gone(void)
{
    for (uint32_t i = 0; i < lent.count; i++)
        if (captable_info(STARTUP_CAPTABLE, lent.frames + i).r[0] != CAP_NULL)
            return 0;
    return 1;
}

/* Client's requests first, then our answers. */
static uint64_t attach_rings(struct message *m)
{
    size_t bytes = (ring_bytes(TEST_ENTRIES, TEST_ENTRY_BYTES) + 63) & ~63ul;
    uint8_t *at = mapped.address;

    wake_client = message_take_cap(m, 0);
    if (wake_client == 0 || mapped.bytes < 2 * bytes ||
        !ring_attach(&requests, at, bytes, TEST_ENTRIES, TEST_ENTRY_BYTES,
                     false) ||
        !ring_attach(&answers, at + bytes, bytes, TEST_ENTRIES,
                     TEST_ENTRY_BYTES, true))
        return SERVICE_BAD_REQUEST;
    ring_may_sleep(&requests);
    return SERVICE_OK;
}

/* Answers each request {n, _} with {n, n * n}. */
static void on_events(struct service *s, uint64_t bits)
{
    uint64_t entry[2];
    bool wake;

    (void)s, (void)bits;
    ring_awake(&requests);
    do {
        while (ring_space(&answers) != 0 &&
               ring_get(&requests, entry) == RING_OK) {
            entry[1] = entry[0] * entry[0];
            ring_put(&answers, entry);
        }
        /* Places first: who sees the answer may use them at once. */
        wake = ring_release(&requests);
        wake |= ring_publish(&answers);
        if (wake)
            notification_signal(wake_client);
    } while (!ring_may_sleep(&requests) && ring_space(&answers) != 0);
}

/* What init tells us about a client, told on. */
static void tell_client(struct message *m)
{
    uint64_t badge = message_word(m, 0);
    struct service_client about;
    uint64_t error = service_client(badge == 0 ? m->badge : badge, &about);

    message_begin(m, error);
    message_put_bytes(m, &about, sizeof about);
}

static void on_message(struct service *s, struct message *m)
{
    uint64_t value = message_word(m, 0), error = SERVICE_OK;

    switch (m->label) {
    case TEST_ECHO:
        echo(m);
        return;
    case TEST_CLIENT:
        tell_client(m);
        return;
    case TEST_LEND:
        message_begin(m, lend(m));
        return;
    case TEST_SUM:
        value = sum_up();
        break;
    case TEST_GONE:
        value = frames_gone();
        break;
    case TEST_LATER:
        later = service_defer(s);
        if (later != 0)
            return;
        error = SERVICE_NO_MEMORY;
        break;
    case TEST_NOW:
        message_begin(m, SERVICE_OK);
        message_put(m, value);
        if (later == 0 || service_answer(later, m) != OK)
            error = SERVICE_NOT_FOUND;
        later = 0;
        break;
    case TEST_RINGS:
        error = attach_rings(m);
        message_begin(m, error);
        message_put_cap(m, events, RIGHT_WRITE);
        return;
    default:
        error = SERVICE_UNKNOWN;
    }
    message_begin(m, error);
    message_put(m, value);
}

int serve(void)
{
    struct service s = {.endpoint = service_offered("test"),
                        .handle = on_message,
                        .events = on_events};

    events = object_make(CAP_NOTIFICATION, 0, NULL);
    notification_bind(events, thread_self());
    service_ready();
    return (int)service_run(&s);
}
