/*
 * Tests that need the server: messages of all sizes, deferred answers, lent
 * memory, rings.
 */
#include <cordon/ring.h>
#include <cordon/share.h>

#include <string.h>

#include "tests/component/selftest/selftest.h"

#define PATIENCE clock_after(20 * NS_PER_S)

static uint64_t ask(uint64_t label, uint64_t word, struct message *m)
{
    return message_call_words(service_find("test"), m, label, 1, &word,
                              PATIENCE);
}

static bool echoes(unsigned words)
{
    struct message m;

    message_begin(&m, TEST_ECHO);
    for (unsigned i = 0; i < words; i++)
        message_put(&m, i * 0x123456789ull);
    if (message_call(service_find("test"), &m, PATIENCE) != OK ||
        m.label != SERVICE_OK || m.words != words)
        return false;
    for (unsigned i = 0; i < words; i++)
        if (message_get(&m) != i * 0x123456789ull)
            return false;
    return message_end(&m);
}

const char *test_messages(void)
{
    struct message m;
    uint64_t start;

    for (unsigned words = 0; words <= MSG_MAX_WORDS; words++)
        EXPECT(echoes(words));
    EXPECT(ask(99, 0, &m) == OK && m.label == SERVICE_UNKNOWN);
    message_begin(&m, TEST_ECHO);
    message_put_cap(&m, STARTUP_FAULT + 5, RIGHTS_ALL); /* an empty slot: */
    EXPECT(message_call(service_find("test"), &m, PATIENCE) == OK);
    EXPECT(m.label == SERVICE_OK && m.caps == 0); /* passed over */
    EXPECT(STATUS_CODE(message_call(0, &m, PATIENCE)) == ERR_CAPABILITY);
    start = clock_now();
    for (int i = 0; i < 1000; i++)
        EXPECT(ask(TEST_ECHO, (uint64_t)i, &m) == OK);
    EXPECT(clock_now() - start < 20 * NS_PER_S);
    return NULL;
}

static struct message answer;
static uint64_t answered;

static void wait_for_answer(void *arg)
{
    (void)arg;
    answered = ask(TEST_LATER, 0, &answer) == OK ? 1 : 2;
}

const char *test_deferral(void)
{
    uint64_t end = PATIENCE;
    struct thread *t;
    struct message m;

    /* test_threads took and gave back the contexts; ask for none again. */
    t = thread_create(wait_for_answer, NULL, 16384,
                      startup_find(STARTUP_SPARE_CONTEXT, NULL, 0)->slot,
                      startup->cpu, NULL);
    EXPECT(t != NULL);
    do { /* until it has called */
        clock_sleep(20 * NS_PER_MS);
        EXPECT(answered == 0);
        EXPECT(ask(TEST_NOW, 77, &m) == OK);
    } while (m.label == SERVICE_NOT_FOUND && clock_now() < end);
    EXPECT(m.label == SERVICE_OK);
    EXPECT(thread_join(t, PATIENCE) == OK);
    EXPECT(answered == 1 && message_word(&answer, 0) == 77);
    EXPECT(ask(TEST_NOW, 1, &m) == OK && m.label == SERVICE_NOT_FOUND);
    return NULL;
}

static const char *share_of(size_t bytes, unsigned size_bits)
{
    struct memory m;
    struct message msg;
    uint64_t error;
    const uint8_t *data;

    EXPECT(memory_alloc_sized(bytes, size_bits, &m) == OK);
    data = m.address;
    memset(m.address, 3, m.bytes);
    EXPECT(share_lend(service_find("test"), TEST_LEND, 1, &m,
                      RIGHT_READ | RIGHT_WRITE, PATIENCE, &error) == OK);
    EXPECT(ask(TEST_SUM, 0, &msg) == OK && message_get(&msg) == 3 * m.bytes);
    for (size_t i = 0; i < m.bytes; i++)
        EXPECT(data[i] == 4);
    EXPECT(ask(TEST_GONE, 0, &msg) == OK && message_get(&msg) == 0);
    memory_free(&m); /* R4: taken from the server as well */
    EXPECT(ask(TEST_GONE, 0, &msg) == OK && message_get(&msg) == 1);
    return NULL;
}

const char *test_sharing(void)
{
    const char *wrong = share_of(9 * PAGE_SIZE, PAGE_BITS);

    return wrong != NULL ? wrong : share_of(1, PAGE_2M_BITS);
}

/* Sends 500 numbers through a ring of 16 and takes their squares. */
static const char *exchange(struct ring *out, struct ring *in, cap_t server,
                            cap_t events)
{
    uint64_t sent = 0, received = 0, entry[2] = {0};

    while (received < 500) {
        while (sent < 500 && sent - received < TEST_ENTRIES) {
            entry[0] = sent;
            EXPECT(ring_put(out, entry) == RING_OK);
            sent++;
        }
        if (ring_publish(out))
            EXPECT(notification_signal(server).status == OK);
        while (ring_get(in, entry) == RING_OK) {
            EXPECT(entry[0] == received);
            EXPECT(entry[1] == received * received);
            received++;
        }
        if (ring_release(in))
            EXPECT(notification_signal(server).status == OK);
        if (received == 500 || (sent < 500 && sent - received < TEST_ENTRIES))
            continue; /* done, or there is something to send */
        if (ring_may_sleep(in))
            EXPECT(notification_wait(events, PATIENCE).status == OK);
        ring_awake(in);
    }
    return NULL;
}

const char *test_rings(void)
{
    size_t bytes = (ring_bytes(TEST_ENTRIES, TEST_ENTRY_BYTES) + 63) & ~63ul;
    cap_t server, events = object_make(CAP_NOTIFICATION, 0, NULL);
    struct memory m;
    struct message msg;
    struct ring out, in;

    EXPECT(memory_alloc(2 * bytes, &m) == OK);
    EXPECT(share_lend(service_find("test"), TEST_LEND, 2, &m,
                      RIGHT_READ | RIGHT_WRITE, PATIENCE, NULL) == OK);
    message_begin(&msg, TEST_RINGS);
    message_put_cap(&msg, events, RIGHT_WRITE);
    EXPECT(message_call(service_find("test"), &msg, PATIENCE) == OK);
    EXPECT(msg.label == SERVICE_OK && msg.caps == 1);
    server = message_take_cap(&msg, 0);
    EXPECT(ring_attach(&out, m.address, bytes, TEST_ENTRIES, TEST_ENTRY_BYTES,
                       true));
    EXPECT(ring_attach(&in, (uint8_t *)m.address + bytes, bytes, TEST_ENTRIES,
                       TEST_ENTRY_BYTES, false));
    return exchange(&out, &in, server, events);
}
