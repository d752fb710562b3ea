/*
 * Names. lwIP answers by a callback, later; until then the call's Reply is
 * kept. For both families two questions are asked at once. The client may have
 * so many at a time only, since lwIP's table is everybody's.
 */
#include "servers/net/socket.h"

#include <cordon/clock.h>
#include <lwip/dns.h>
#include <lwip/netif.h>

#include <string.h>

#define LOOKUPS      16u
#define NO_ANSWER_NS (3 * NS_PER_S) /* lwIP does not say why it has failed */

struct lookup;
struct question {
    struct lookup *lookup;
    bool found;
    ip_addr_t address;
};
struct lookup {
    struct client *client; /* NULL: free */
    cap_t reply;
    uint64_t begun;
    uint32_t open;                /* questions */
    enum net_status status;       /* if nothing is found */
    struct question questions[2]; /* of IPv4, of IPv6 */
};
static struct lookup lookups[LOOKUPS];

/* IPv6 first if we have an address that the world knows (RFC 6724). */
static bool prefers_ipv6(void)
{
    const struct netif *n = netif_default;

    for (unsigned i = 0; n != NULL && i < LWIP_IPV6_NUM_ADDRESSES; i++)
        if (ip6_addr_isvalid(netif_ip6_addr_state(n, i)) &&
            ip6_addr_isglobal(netif_ip6_addr(n, i)))
            return true;
    return false;
}

static void answer_put(const struct lookup *l, struct message *m)
{
    unsigned first = prefers_ipv6(), count = 0;

    for (unsigned i = 0; i < 2; i++)
        count += l->questions[i].found;
    message_begin(m, count != 0 ? NET_OK : l->status);
    if (count == 0)
        return;
    message_put(m, count);
    for (unsigned i = 0; i < 2; i++) {
        const struct question *q = &l->questions[i ^ first];
        struct net_address a;

        if (!q->found)
            continue;
        address_of_ip(&q->address, 0, &a);
        message_put_bytes(m, &a, sizeof(a));
    }
}

static void lookup_free(struct lookup *l)
{
    l->client->lookups--;
    l->client = NULL;
}

/* lwIP's; `address` is NULL if there is none, or no answer. */
static void answered(const char *name, const ip_addr_t *address, void *arg)
{
    struct question *q = arg;
    struct lookup *l = q->lookup;
    struct message m;

    (void)name;
    if (address != NULL) {
        q->found = true;
        q->address = *address;
    } else if (clock_now() - l->begun >= NO_ANSWER_NS) {
        l->status = NET_E_NAME_SERVER;
    }
    if (--l->open != 0)
        return;
    if (l->reply != 0) {
        answer_put(l, &m);
        service_answer(l->reply, &m);
    }
    lookup_free(l);
}

static struct lookup *lookup_new(struct client *c)
{
    for (unsigned i = 0; i < LOOKUPS && c->lookups < LOOKUPS_MAX; i++)
        if (lookups[i].client == NULL) {
            lookups[i] = (struct lookup){
                .client = c, .begun = clock_now(), .status = NET_E_NOT_FOUND};
            c->lookups++;
            return &lookups[i];
        }
    return NULL;
}

static void ask(struct lookup *l, struct question *q, const char *name,
                uint8_t type)
{
    err_t err;

    q->lookup = l;
    err = dns_gethostbyname_addrtype(name, &q->address, answered, q, type);
    if (err == ERR_OK)
        q->found = true;
    else if (err == ERR_INPROGRESS)
        l->open++;
    else if (err == ERR_VAL)
        l->status = NET_E_NAME_SERVER; /* none is known */
    else
        l->status = err == ERR_ARG ? NET_E_REQUEST : NET_E_MEMORY;
}

/* A name that is an address needs no server. */
static bool is_literal(struct lookup *l, const char *name, uint64_t family)
{
    struct question *q = &l->questions[0];

    if (!ipaddr_aton(name, &q->address))
        return false;
    q->found = family == 0 || family == (IP_IS_V6(&q->address) ? 6u : 4u);
    return true;
}

static void begin(struct lookup *l, const char *name, uint64_t family)
{
    if (is_literal(l, name, family))
        return;
    if (family != 6)
        ask(l, &l->questions[0], name, LWIP_DNS_ADDRTYPE_IPV4);
    if (family != 4)
        ask(l, &l->questions[1], name, LWIP_DNS_ADDRTYPE_IPV6);
}

void resolve_call(struct client *c, struct service *service, struct message *m)
{
    char name[NET_NAME_MAX + 1];
    uint64_t family = message_get(m);
    struct lookup *l = NULL;
    enum net_status status = NET_E_REQUEST;

    message_get_text(m, name, sizeof(name));
    if (message_end(m) && name[0] != 0 &&
        (family == 0 || family == 4 || family == 6)) {
        status = c->rights.names ? NET_E_LIMIT : NET_E_DENIED;
        socket_counts.denied += !c->rights.names;
        l = c->rights.names ? lookup_new(c) : NULL;
    }
    if (l == NULL) {
        message_begin(m, status);
        return;
    }
    begin(l, name, family);
    if (l->open != 0) {
        l->reply = service_defer(service);
        if (l->reply == 0)
            message_begin(m, NET_E_MEMORY);
        return;
    }
    answer_put(l, m);
    lookup_free(l);
}
