/*
 * The socket half of servers/net on the host, with the real lwIP: for its unit
 * test and its fuzz target. Clients call it as they do on the machine; arenas
 * are allocations of their own, so that the sanitizer sees a byte outside one.
 * Packets go through lwIP's loop. Time stands still but for host_pass().
 */
#pragma once

#include "servers/net/socket.h"

#include <lwip/dns.h>
#include <lwip/init.h>
#include <lwip/ip.h>
#include <lwip/netif.h>
#include <lwip/timeouts.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "servers/net/card.h"
#include "servers/net/clients.h"
#include "servers/net/heap.h"
#include "servers/net/hooks.h"
#include "servers/net/interface.h"
#include "servers/net/wake.h"

#define HOST_CLIENTS 4u
#define HOST_HEAP    (4u << 20)

/* What a client has of its connection. Its badge is its place plus one. */
struct host_client {
    struct net_shape shape;
    struct net_shared *arena; /* NULL: not open */
    unsigned wakes;           /* how often its Notification was signalled */
    bool dead;
    struct service_client rights;
};
static struct host_client host_clients[HOST_CLIENTS];

static struct message_page host_page;
static struct message host_message; /* the last answer */
static struct service host_service;
static uint64_t host_now = NS_PER_S;
static unsigned host_replies, host_answers; /* deferred, and then answered */
static struct netif host_card;
static unsigned host_sent; /* packets that left by the card */

/* ---- What the server asks of the system ---- */

struct message_page *message_page(void)
{
    return &host_page;
}

uint64_t clock_now(void)
{
    return host_now;
}

u32_t sys_now(void)
{
    return (u32_t)(host_now / NS_PER_MS);
}

uint32_t random_word(void)
{
    static uint32_t state = 1;

    state = state * 1664525u + 1013904223u;
    return state ^ state >> 16;
}

uint32_t random_sequence(const ip_addr_t *own, uint16_t own_port,
                         const ip_addr_t *peer, uint16_t peer_port)
{
    (void)own, (void)own_port, (void)peer, (void)peer_port;
    return random_word();
}

_Noreturn void stack_assertion(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}

enum service_error service_client(uint64_t badge, struct service_client *out)
{
    if (badge > HOST_CLIENTS)
        return SERVICE_NOT_FOUND;
    *out = host_clients[badge - 1].rights;
    return SERVICE_OK;
}

cap_t service_defer(struct service *s)
{
    s->deferred = true;
    return ++host_replies;
}

uint64_t service_answer(cap_t reply, struct message *m)
{
    (void)reply;
    host_answers++;
    host_message = *m;
    return OK;
}

cap_t cap_copy(cap_t source, unsigned rights, uint64_t badge, uint64_t *status)
{
    (void)rights, (void)badge, (void)status;
    return source;
}

uint64_t cap_delete(cap_t slot)
{
    (void)slot;
    return OK;
}

cap_t message_take_cap(struct message *m, unsigned i)
{
    cap_t cap = i < m->caps ? m->cap[i] : 0;

    if (cap != 0)
        m->cap[i] = 0;
    return cap;
}

void message_drop_caps(struct message *m)
{
    memset(m->cap, 0, sizeof(m->cap));
}

bool arena_start(void)
{
    return true;
}

enum net_status arena_take(size_t bytes, uint64_t owner, struct arena *out)
{
    void *data = aligned_alloc(64, bytes);

    (void)owner;
    memset(data, 0, bytes);
    *out = (struct arena){.data = data, .lent = 1, .units = 1};
    return NET_OK;
}

void arena_give(struct arena *a)
{
    for (unsigned i = 0; i < HOST_CLIENTS; i++)
        if (a->data != NULL && host_clients[i].arena == a->data)
            host_clients[i].arena = NULL;
    free(a->data);
    *a = (struct arena){0};
}

/* A client's Notification is 100 and its place. */
void wake_signal(cap_t notification)
{
    host_clients[notification - 100].wakes++;
}

bool wake_is_alive(cap_t notification)
{
    return !host_clients[notification - 100].dead;
}

void card_fragments(bool on)
{
    (void)on;
}

int merge_acknowledge(struct tcp_pcb *pcb, const struct pbuf *p)
{
    (void)pcb, (void)p;
    return ERR_OK;
}

int receive_out_of_order(void)
{
    return TCP_OOSEQ_MAX_PBUFS;
}

void interface_describe(struct net_interface *out)
{
    *out = (struct net_interface){0};
}

void interface_count(struct net_statistics *out)
{
    *out = (struct net_statistics){0};
}

enum net_status interface_configure(const struct net_configuration *what)
{
    (void)what;
    return NET_OK;
}

/* ---- The machine's network: a card that sends into nowhere ---- */

static err_t host_output(struct netif *n, struct pbuf *p, const ip4_addr_t *to)
{
    (void)n, (void)p, (void)to;
    host_sent++;
    return ERR_OK;
}

static err_t host_output6(struct netif *n, struct pbuf *p, const ip6_addr_t *to)
{
    (void)n, (void)p, (void)to;
    host_sent++;
    return ERR_OK;
}

static err_t host_card_init(struct netif *n)
{
    n->mtu = 1500;
    n->output = host_output;
    n->output_ip6 = host_output6;
    n->flags = NETIF_FLAG_UP | NETIF_FLAG_LINK_UP | NETIF_FLAG_BROADCAST |
               NETIF_FLAG_IGMP;
    return ERR_OK;
}

static inline void host_start(void)
{
    ip4_addr_t own, mask, gateway;

    heap_start(malloc(HOST_HEAP), HOST_HEAP);
    lwip_init();
    IP4_ADDR(&own, 192, 0, 2, 2);
    IP4_ADDR(&mask, 255, 255, 255, 0);
    IP4_ADDR(&gateway, 192, 0, 2, 1);
    netif_add(&host_card, &own, &mask, &gateway, NULL, host_card_init,
              ip_input);
    netif_set_default(&host_card);
    clients_start(1);
}

/* Turns until nothing more happens; false: that does not end. */
static inline bool host_turns(void)
{
    for (unsigned i = 0; i < 10000; i++) {
        bool worked = clients_turn();
        struct netif *n;

        NETIF_FOREACH(n)
        {
            worked |= n->loop_first != NULL;
        }
        netif_poll_all();
        if (!worked)
            return true;
    }
    return false;
}

/* Lets time pass, in steps of lwIP's timers. */
static inline void host_pass(uint64_t ns)
{
    for (uint64_t end = host_now + ns; host_now < end;) {
        host_now += 50 * NS_PER_MS;
        sys_check_timeouts();
        clients_awake();
        host_turns();
    }
}

/* ---- What clients do ---- */

static inline void host_begin(struct message *m, uint64_t label)
{
    memset(m, 0, sizeof(*m));
    message_init(m, &host_page, label);
}

/* Sends *m as client `c`; the answer is in host_message. Its label. */
static inline unsigned host_send(unsigned c, struct message *m)
{
    m->badge = c + 1;
    m->next = 0;
    host_message = *m;
    clients_call(&host_service, &host_message);
    return (unsigned)host_message.label;
}

/* A call of `count` words. */
static inline unsigned host_call(unsigned c, uint64_t label, unsigned count,
                                 ...)
{
    struct message m;
    va_list words;

    host_begin(&m, label);
    va_start(words, count);
    for (unsigned i = 0; i < count; i++)
        message_put(&m, va_arg(words, uint64_t));
    va_end(words);
    return host_send(c, &m);
}

/* A call about a socket and an address. */
static inline unsigned host_call_at(unsigned c, uint64_t label, uint64_t socket,
                                    const struct net_address *a)
{
    struct message m;

    host_begin(&m, label);
    message_put(&m, socket);
    message_put_bytes(&m, a, sizeof(*a));
    return host_send(c, &m);
}

static inline unsigned host_open(unsigned c, uint32_t sockets, uint32_t send,
                                 uint32_t receive)
{
    struct message m;
    unsigned status;

    host_begin(&m, NET_CALL_OPEN);
    message_put(&m, NET_PROTOCOL);
    message_put(&m, sockets);
    message_put(&m, send);
    message_put(&m, receive);
    m.caps = 1;
    m.cap[0] = 100 + c;
    status = host_send(c, &m);
    host_clients[c].shape = (struct net_shape){sockets, send, receive};
    if (status == NET_OK)
        host_clients[c].arena = client_at(c)->arena.data;
    return status;
}

/* What everybody may, with room for `sockets`. */
static inline void host_allow_all(unsigned c, uint32_t sockets)
{
    struct service_client *r = &host_clients[c].rights;

    *r = (struct service_client){.has_network = true,
                                 .sockets = sockets,
                                 .names = true,
                                 .memory = 64u << 20,
                                 .rule_count = 2};
    snprintf(r->name, sizeof(r->name), "client%u", c);
    for (unsigned i = 0; i < 2; i++)
        r->rules[i] = (struct manifest_network_rule){
            .action = (uint8_t)(i == 0 ? MANIFEST_NETWORK_LISTEN
                                       : MANIFEST_NETWORK_CONNECT),
            .port_last = 0xffff};
}

static inline struct net_socket_shared *host_shared(unsigned c, unsigned s)
{
    return net_arena_socket(host_clients[c].arena, s);
}

static inline void host_tell(unsigned c, unsigned s)
{
    __atomic_fetch_or(&host_clients[c].arena->server.work[s / 64],
                      1ull << s % 64, __ATOMIC_SEQ_CST);
}

static inline struct net_address host_address(uint8_t a, uint8_t b, uint8_t c,
                                              uint8_t d, uint16_t port)
{
    return (struct net_address){
        .family = 4, .port = port, .address = {a, b, c, d}};
}
