/*
 * What the network commands have in common (see network.h).
 */
#include "network.h"

#include <arpa/inet.h>
#include <cordon/cordon.h>
#include <cordon/monitor.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "servers/console/shell.h"

#define LOOK         (50 * NS_PER_MS) /* between looks for Ctrl-C */
#define ADDRESS_WAIT (3 * NS_PER_S)
#define CONNECT_WAIT (20 * NS_PER_S)

static struct net *connection;

/* --- errors --- */

static const char *policy_file(void)
{
    static struct monitor_system system;
    cap_t monitor = service_find("monitor");

    return monitor && !monitor_system(monitor, &system) ? system.policy
                                                        : "the policy file";
}

static bool is_asking(const struct net_interface *i)
{
    static const uint8_t none[sizeof(i->address)];

    return i->flags & NET_INTERFACE_DHCP &&
           !(i->flags & NET_INTERFACE_DHCP_DONE) &&
           !memcmp(i->address, none, sizeof(none));
}

/* What keeps the machine from the network altogether; NULL: nothing known. */
static const char *interface_trouble(void)
{
    struct net_interface i;

    if (!connection || net_interface(connection, &i))
        return NULL;
    if (!(i.flags & NET_INTERFACE_UP))
        return "the interface is down: `ifconfig up`";
    if (!(i.flags & NET_INTERFACE_LINK))
        return "no link: the cable is out";
    if (is_asking(&i))
        return "no address yet: no DHCP server has answered";
    return NULL;
}

static bool is_about_reach(int status)
{
    return status == NET_E_UNREACHABLE || status == NET_E_NO_LINK ||
           status == NET_E_TIMEOUT || status == NET_E_NAME_SERVER;
}

int network_fail(const char *subject, int status)
{
    const char *trouble = is_about_reach(status) ? interface_trouble() : NULL;
    char text[256];

    if (status == NET_E_DENIED) {
        snprintf(text, sizeof(text),
                 "denied by the policy: the console's `network` in %s has no "
                 "rule for it (docs/policy.md)",
                 policy_file());
        trouble = text;
    }
    return shell_fail(subject, trouble ? trouble : net_error_text(status));
}

/* --- connection --- */

struct net *network_open(void)
{
    int status;

    if (connection && net_state(connection) == NET_OK && net_check(connection))
        return connection;
    if (connection)
        net_close(connection);
    connection = NULL;
    if (!service_find("net")) {
        shell_fail(NULL, "this system has no network (see its policy)");
        return NULL;
    }
    status = net_open("net", NULL, &connection);
    if (status) {
        connection = NULL;
        network_fail(NULL, status);
    }
    return connection;
}

struct net *network_open_ready(void)
{
    struct net *net = network_open();
    uint64_t deadline = clock_after(ADDRESS_WAIT);
    struct net_interface i;

    while (net && clock_now() < deadline && !shell_interrupted() &&
           !net_interface(net, &i) && i.flags & NET_INTERFACE_UP &&
           (!(i.flags & NET_INTERFACE_LINK) || is_asking(&i)))
        clock_sleep(LOOK);
    return net;
}

bool network_wait(struct net *net, uint64_t deadline)
{
    while (net_state(net) == NET_OK && !shell_interrupted() &&
           clock_now() < deadline) {
        uint64_t look = clock_after(LOOK);

        if (net_wait(net, look < deadline ? look : deadline))
            return net_state(net) == NET_OK;
    }
    return false;
}

/* Until the connection is there, or why it is not. */
static int wait_connected(struct net *net, unsigned socket)
{
    uint64_t deadline = clock_after(CONNECT_WAIT);

    for (;;) {
        unsigned events = net_events(net, socket);
        int error;

        if (events & NET_DEAD) {
            error = net_take_error(net, socket);
            return error ? error : NET_E_ABORTED;
        }
        if (events & NET_CONNECTED || net_state(net) != NET_OK)
            return net_state(net);
        if (!network_wait(net, deadline) && clock_now() >= deadline)
            return NET_E_TIMEOUT;
        if (shell_interrupted())
            return NET_E_ABORTED;
        while (net_news(net) >= 0)
            ;
    }
}

int network_connect(struct net *net, const struct net_address *to,
                    unsigned *socket)
{
    int status = net_socket(net, NET_TCP, to->family, socket);

    if (status)
        return status;
    status = net_connect(net, *socket, to);
    if (!status)
        status = wait_connected(net, *socket);
    if (status)
        net_socket_close(net, *socket, true);
    return status;
}

/* --- addresses --- */

const char *network_text(char text[NETWORK_TEXT_BYTES],
                         const struct net_address *a)
{
    char address[INET6_ADDRSTRLEN] = "*";
    const char *form = a->port && a->family == 6 ? "[%s]:%u"
                       : a->port                 ? "%s:%u"
                                                 : "%s";

    if (a->family)
        inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->address, address,
                  sizeof(address));
    snprintf(text, NETWORK_TEXT_BYTES, form, address, a->port);
    return text;
}

bool network_parse(const char *text, struct net_address *out)
{
    *out = (struct net_address){.family = 4};
    if (inet_pton(AF_INET, text, out->address) == 1)
        return true;
    out->family = 6;
    return inet_pton(AF_INET6, text, out->address) == 1;
}

int network_find(struct net *net, const char *host, unsigned family,
                 struct net_address out[NET_ANSWERS_MAX], unsigned *count)
{
    int status;

    *count = 1;
    if (network_parse(host, out))
        return !family || out->family == family
                   ? SHELL_OK
                   : shell_fail(host, "an address of the other family");
    status = net_resolve(net, host, family, out, NET_ANSWERS_MAX, count);
    if (!status && !*count)
        status = NET_E_NOT_FOUND;
    return status ? network_fail(host, status) : SHELL_OK;
}
