/*
 * Calls with wrong words: labels, numbers of sockets that are others' or
 * nobody's, too few and too many words, capabilities that nobody asked for.
 */
#include "tests/attack/net-client/net_client.h"

#define MOST_WORDS 12

static uint64_t state = 1;

static uint64_t argument(void)
{
    static const uint64_t special[] = {
        0,          1,          2,          4,          6,
        7,          62,         63,         64,         255,
        256,        4096,       16384,      0xffff,     0xffffffff,
        1ull << 32, 1ull << 40, 1ull << 58, 1ull << 63, ~0ull};
    uint64_t r = random_next(&state);

    return r % 4 ? special[r / 4 % (sizeof(special) / 8)] : random_next(&state);
}

static void random_call(struct net *net)
{
    struct message m;
    uint64_t words = random_next(&state) % MOST_WORDS;

    message_begin(&m, random_next(&state) % 24);
    for (uint64_t i = 0; i < words; i++)
        message_put(&m, argument());
    for (uint64_t i = random_next(&state) % 6; i > 4; i--)
        message_put_cap(&m, net->wake, RIGHT_WRITE);
    net_call_endpoint(net->endpoint, &m, NS_PER_S);
}

void calls(void)
{
    uint64_t end = clock_after(ATTACK_TIME);
    unsigned made = 0;

    while (clock_now() < end) {
        struct net *net = stack_open();
        unsigned socket;

        for (unsigned i = 0; i < 8; i++)
            net_socket(net, 1 + i % 3, i % 2 ? 4 : 6, &socket);
        for (unsigned i = 0; i < 2000 && clock_now() < end; i++, made++)
            random_call(net);
        net_close(net);
    }
    say("made %u calls", made);
}
