/*
 * The network stack: lwIP on one packet service, and sockets for clients.
 *
 * One thread does everything. A turn hands lwIP what came, lets it see its
 * timers, and clients have their turn; what is to be sent is shown to the
 * driver once, at the end. When nothing is left to do the thread waits on its
 * endpoint, to which one Notification is bound: for the card, the clients'
 * rings and the next timer.
 */
#include "servers/net/stack.h"

#include <cordon/cordon.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>

#include <stdio.h>
#include <stdlib.h>

#include "servers/net/address.h"
#include "servers/net/card.h"
#include "servers/net/clients.h"
#include "servers/net/config.h"
#include "servers/net/loop.h"
#include "servers/net/random.h"

#define SERVICE     "net"
#define LOOK_NS     NS_PER_S /* between looks whether the driver lives */
#define MAX_ROUNDS  64u      /* until calls get their turn */
#define TIMER_SLACK (2 * NS_PER_MS)

static struct config config;
static cap_t loop_events;
static uint64_t armed; /* when the timer will signal; 0: not set */
static uint64_t looked;

u32_t sys_now(void)
{
    return (u32_t)(clock_now() / NS_PER_MS);
}

_Noreturn void stack_assertion(const char *what, const char *file, int line)
{
    printf("net: lwIP found itself broken: %s (%s:%d)\n", what, file, line);
    exit(EXIT_FAILURE);
}

/* A timer that signals too early costs a turn, setting it again a call: only
 * an earlier time is set. */
static void timer_arm(uint64_t deadline)
{
    if (armed != 0 && armed <= deadline + TIMER_SLACK)
        return;
    if (notification_timer(loop_events, deadline, 0, EVENT_TIMER).status == OK)
        armed = deadline;
}

static void timer_arm_next(void)
{
    uint64_t now = clock_now(), look = looked + LOOK_NS;
    uint64_t due = now + sys_timeouts_sleeptime() * NS_PER_MS;

    timer_arm(due < look ? due : look);
}

static void driver_look(void)
{
    uint64_t now = clock_now();

    if (now - looked < LOOK_NS)
        return;
    looked = now;
    address_look();
    if (card_check())
        return;
    printf("net: the card is gone: %s\n",
           packet_error_text(packet_state(card_device())));
    exit(EXIT_FAILURE);
}

/* Everything that can be done now, but not for ever. */
static void turn(void)
{
    unsigned rounds = 0;

    do {
        bool more = true;

        while (more && rounds++ < MAX_ROUNDS) {
            card_look();
            more = card_receive() != 0;
            netif_poll_all();
            more |= clients_turn();
            sys_check_timeouts();
            card_kick();
        }
        if (rounds >= MAX_ROUNDS) {
            timer_arm(clock_now());
            return;
        }
    } while (!card_sleep() || !clients_sleep());
    timer_arm_next();
}

static void on_event(struct service *service, uint64_t bits)
{
    (void)service;
    if (bits & EVENT_TIMER)
        armed = 0;
    card_awake();
    clients_awake();
    driver_look();
    turn();
}

/* R7: a call runs on its caller's budget, so what follows of it waits for the
 * next turn. (Besides, a turn may send messages, where the answer lies.) */
static void on_call(struct service *service, struct message *m)
{
    if (clients_call(service, m))
        service->signal = loop_events;
}

/* False: it has said why. */
static bool start(int argc, char **argv, struct service *service)
{
    int status;

    if (!config_read(argc, argv, &config))
        return false;
    service->endpoint = service_offered(SERVICE);
    loop_events = object_make(CAP_NOTIFICATION, 0, NULL);
    if (service->endpoint == 0 || loop_events == 0 ||
        notification_bind(loop_events, thread_self()).status != OK) {
        printf("net: %s\n", service->endpoint == 0
                                ? "the policy does not let it offer `" SERVICE
                                  "`"
                                : "no memory for its notification");
        return false;
    }
    random_start();
    lwip_init();
    status = card_start("packet", loop_events, EVENT_CARD);
    if (status != PACKET_OK) {
        printf("net: no card: %s\n", packet_error_text(status));
        return false;
    }
    address_start(&config);
    return clients_start(loop_events);
}

int main(int argc, char **argv)
{
    struct service service = {.handle = on_call, .events = on_event};

    if (!start(argc, argv, &service))
        return EXIT_FAILURE;
    service_ready();
    on_event(&service, 0);
    service_run(&service);
    printf("net: its endpoint has gone\n");
    return EXIT_FAILURE;
}
