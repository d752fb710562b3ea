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

/* Lends so many pages, takes them back, and has the server read and write them
 * twice all the same: *first and *second are its sums. */
static const char *taken_back(unsigned pages, uint64_t *first, uint64_t *second)
{
    struct memory m;
    struct message msg;

    EXPECT(memory_alloc_sized(pages * PAGE_SIZE, PAGE_BITS, &m) == OK);
    memset(m.address, 3, m.bytes);
    EXPECT(share_lend(service_find("test"), TEST_LEND, 3, &m,
                      RIGHT_READ | RIGHT_WRITE, PATIENCE, NULL) == OK);
    memory_free(&m);
    EXPECT(ask(TEST_SUM, 0, &msg) == OK);
    *first = message_get(&msg);
    EXPECT(ask(TEST_SUM, 0, &msg) == OK);
    *second = message_get(&msg);
    return NULL;
}

/* A server goes on with pages of zeros; when there are more than init keeps for
 * it, with those that it touched last. Its addresses can be used again. */
const char *test_taking_back(void)
{
    const char *wrong;
    uint64_t first = 1, second = 1;

    for (unsigned i = 0; i < 20; i++) {
        wrong = taken_back(2, &first, &second);
        if (wrong != NULL)
            return wrong;
        EXPECT(first == 0 && second == 2 * PAGE_SIZE);
        wrong = taken_back(9, &first, &second);
        if (wrong != NULL)
            return wrong;
        EXPECT(first == 0 && second == 0);
    }
    return share_of(9 * PAGE_SIZE, PAGE_BITS);
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

/* --- what a server is told of its clients --- */

static const char *about_us(const struct service_client *c)
{
    const struct manifest_network_rule *to = &c->rules[1];

    EXPECT(strcmp(c->name, "client") == 0 && c->write);
    EXPECT(c->has_network && c->names);
    EXPECT(c->sockets == 3 && c->memory == 64 << 10 && c->rule_count == 3);
    EXPECT(c->rules[0].action == MANIFEST_NETWORK_LISTEN);
    EXPECT(c->rules[0].protocol == MANIFEST_PROTOCOL_UDP);
    EXPECT(c->rules[0].port_first == 7 && c->rules[0].port_last == 7);
    EXPECT(to->action == MANIFEST_NETWORK_CONNECT && to->family == 4);
    EXPECT(to->prefix == 8 && memcmp(to->address, "\x0a\0\0\0", 4) == 0);
    EXPECT(to->port_first == 1 && to->port_last == 1024);
    EXPECT(c->rules[2].protocol == MANIFEST_PROTOCOL_ANY);
    EXPECT(c->rules[2].port_first == 0 && c->rules[2].port_last == 65535);
    return NULL;
}

/* The server asks init about `badge` (0: ours). */
static uint64_t told(uint64_t badge, struct service_client *out)
{
    struct message m;

    if (ask(TEST_CLIENT, badge, &m) != OK ||
        message_get_bytes(&m, out, sizeof *out) != sizeof *out)
        return SERVICE_ERRORS;
    return m.label;
}

const char *test_clients(void)
{
    struct service_client c;
    unsigned known = 0;

    EXPECT(told(0, &c) == SERVICE_OK);
    EXPECT(about_us(&c) == NULL);
    for (uint64_t badge = 1; badge <= MANIFEST_COMPONENTS_MAX + 1; badge++) {
        uint64_t error = told(badge, &c);

        EXPECT(error == SERVICE_OK || error == SERVICE_DENIED);
        if (error == SERVICE_DENIED) {
            EXPECT(c.name[0] == 0 && c.rule_count == 0);
            continue;
        }
        known++;
        if (strcmp(c.name, "aborts") == 0) /* uses it, without a network */
            EXPECT(!c.write && !c.has_network && c.rule_count == 0);
        else
            EXPECT(about_us(&c) == NULL);
    }
    EXPECT(known == 2); /* of six components these two use the server */
    EXPECT(told(1ull << 32 | 1, &c) == SERVICE_DENIED);
    EXPECT(told(~0ull, &c) == SERVICE_DENIED);
    for (uint64_t badge = 0; badge <= 8; badge++) /* of us nobody is a client */
        EXPECT(service_client(badge, &c) == SERVICE_DENIED);
    return NULL;
}
