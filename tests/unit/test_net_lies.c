/*
 * Clients of the network server that lie, die or sleep: nobody else's trouble.
 *
 * links: servers/net/calls.c servers/net/socket_calls.c
 *  links: servers/net/option_call.c servers/net/clients.c servers/net/socket.c
 *  links: servers/net/tcp_socket.c servers/net/tcp_work.c
 *  links: servers/net/tcp_listen.c servers/net/datagram.c
 *  links: servers/net/udp_socket.c servers/net/ping_socket.c
 *  links: servers/net/ip_address.c servers/net/resolve.c servers/net/list.c
 *  links: servers/net/rules.c servers/net/heap.c servers/net/checksum.c
 *  links: libsys/message.c
 * libs: $(LWIP_HOST)
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/net_sockets.h"

static void lie_ends(unsigned c)
{
    assert_true(host_turns());
    assert_null(host_clients[c].arena);
    assert_int_equal(host_call(c, NET_CALL_SOCKET, 2, 1ull, 4ull),
                     NET_E_CORRUPT);
}

static void a_lie_ends_the_liar_alone(void **state)
{
    (void)state;
    for (unsigned lie = 0; lie < 6; lie++) {
        struct pair p;
        uint32_t seen = 0;
        struct net_socket_shared *s;
        struct net_address to = host_address(127, 0, 0, 1, 9);
        unsigned u;

        setup(NULL);
        p = connection(80);
        u = make(OTHER, NET_UDP, 4);
        s = host_shared(OTHER, p.there);
        switch (lie) {
        case 0:
            s->send_head = RING + 1; /* more than there is room for */
            break;
        case 1:
            s->send_head--; /* back */
            break;
        case 2:
            s->receive_tail++; /* what never came */
            break;
        case 3:
            s->receive_tail--;
            break;
        case 4: /* half a record */
            host_shared(OTHER, u)->send_head = 16;
            host_tell(OTHER, u);
            break;
        default: /* a record that is longer than what was put */
            put_datagram(OTHER, u, &to, 100, 1);
            ((struct net_record *)net_arena_send(host_clients[OTHER].arena,
                                                 &host_clients[OTHER].shape, u))
                ->bytes = 0xffffffff;
            break;
        }
        host_tell(OTHER, p.there);
        lie_ends(OTHER);
        host_turns();
        assert_int_equal(error(SERVER, p.here, &seen), NET_E_RESET);
        end(SERVER, p.here, true);
        end(SERVER, p.listener, true);
    }
}

static void bits_without_sockets_do_nothing(void **state)
{
    (void)state;
    memset(host_clients[OTHER].arena->server.work, 0xff,
           sizeof(host_clients[OTHER].arena->server.work));
    assert_true(host_turns());
    assert_non_null(host_clients[OTHER].arena);
}

static void the_dead_leave_nothing(void **state)
{
    struct pair p = connection(80);
    uint32_t seen = 0;

    (void)state;
    host_clients[OTHER].dead = true;
    host_pass(2 * NS_PER_S);
    assert_null(host_clients[OTHER].arena);
    assert_int_equal(error(SERVER, p.here, &seen), NET_E_RESET);
}

/* One signal for a batch, and none to who is awake. */
static void sleepers_are_woken_once(void **state)
{
    struct pair p = connection(80);
    unsigned wakes = host_clients[SERVER].wakes;

    (void)state;
    put(OTHER, p.there, 0, 3000);
    assert_true(host_turns());
    assert_int_equal(host_clients[SERVER].wakes, wakes);
    host_clients[SERVER].arena->client.sleeps = 1;
    put(OTHER, p.there, 3000, 3000);
    assert_true(host_turns());
    assert_int_equal(host_clients[SERVER].wakes, wakes + 1);
    assert_true(host_clients[SERVER].arena->client.work[p.here / 64] &
                1ull << p.here % 64);
    assert_true(clients_sleep());
    assert_int_equal(host_clients[OTHER].arena->server.sleeps, 1);
    put(OTHER, p.there, 6000, 10);
    assert_false(clients_sleep());
    assert_int_equal(host_clients[OTHER].arena->server.sleeps, 0);
}

static void others_sockets_are_out_of_reach(void **state)
{
    struct pair p = connection(80);

    (void)state;
    assert_int_equal(host_open(2, 2, RING, RING), NET_OK);
    for (uint64_t label = NET_CALL_END; label <= NET_CALL_GROUP; label++)
        for (uint64_t s = 0; s < 300; s++)
            assert_int_equal(host_call(2, label, 3, s, 0ull, 1ull),
                             NET_E_SOCKET);
    assert_int_equal(events(OTHER, p.there), NET_CONNECTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_lie_ends_the_liar_alone),
        TEST(bits_without_sockets_do_nothing),
        TEST(the_dead_leave_nothing),
        TEST(sleepers_are_woken_once),
        TEST(others_sockets_are_out_of_reach),
    };

    return cmocka_run_group_tests(tests, start, NULL);
}
