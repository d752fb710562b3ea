/* Endpoints, Replies and notifications. */
#include "errors.h"

#define FOREVER      DEADLINE_NEVER
#define SOON         (now() + 100000)
#define TOO_LONG     TAG(1, MSG_MAX_WORDS + 1, 0)
#define WITH_ONE_CAP TAG(1, 0, 1)

/* Answers whoever calls, takes whatever is sent. */
static void serve(void)
{
    send_message(OP_ENDPOINT_RECEIVE, ENDPOINT_OF, 0, 0, 0, REPLY_OF, FOREVER);
    for (;;)
        send_message(OP_REPLY_RECEIVE, ENDPOINT_OF, 0, 0, 0, REPLY_OF, FOREVER);
}

static void send_one(void)
{
    send_message(OP_ENDPOINT_SEND, ENDPOINT_OF, 0, 0, 0, 0, FOREVER);
    helper_rest();
}

static void call_one(void)
{
    send_message(OP_ENDPOINT_CALL, ENDPOINT_OF, 0, 0, 0, 0, FOREVER);
    helper_rest();
}

/* Its own Reply, so that REPLY_OF stays free. */
static void receive_one(void)
{
    send_message(OP_ENDPOINT_RECEIVE, ENDPOINT_OF, 0, 0, 0, CROWD, FOREVER);
    helper_rest();
}

/* A thread that was blocked in the call finds that it has gone; the others'
 * fields stay for it. */
static struct call *theirs;
static void make_theirs(void)
{
    if (!theirs->made) { /* only the first */
        theirs->made = true;
        theirs->result = call_make(theirs);
    }
    helper_rest();
}

static void gone_meanwhile(struct call *c, cap_t object)
{
    theirs = c;
    helper_start(1, make_theirs, ABOVE, 0, 0);
    check("it waits", thread_read(HELPERS + 3).r[0], 2);
    must("delete", captable_delete(SLOT_CAPTABLE, object));
    pause_ns(100000);
}

/* So many wait that destroying it takes two steps, and those whom the first has
 * woken run before the second: they see an object that is going. */
#define WAITERS 17 /* a step wakes 16 */
static cap_t going;
static void wait_then_call(void)
{
    notification_wait(going, FOREVER);
    make_theirs();
}

static void delete_going(void)
{
    captable_delete(SLOT_CAPTABLE, going);
    helper_rest();
}

static void while_going(struct call *c, cap_t object)
{
    theirs = c;
    going = object;
    for (unsigned i = 0; i < WAITERS; i++)
        helper_start(2 + i, wait_then_call, FAR_ABOVE, 0, 0);
    helper_start(1, delete_going, ABOVE, 0, 0);
    pause_ns(100000);
    check("it was called", c->made, 1);
}

GOOD(endpoint_send)
{
    helper_start(0, serve, ABOVE, 0, 0);
    ARGS(c, ENDPOINT_OF, TAG(1, 4, 0), 1, 2, 3, 4, 0, DEADLINE_POLL);
}
static void too_long(struct call *c, unsigned arg)
{
    cap_t endpoint = c->v[0];

    c->v[arg] = WITH_ONE_CAP;
    if (c->operation == OP_ENDPOINT_SEND || c->operation == OP_ENDPOINT_CALL) {
        without_right(c, 0, RIGHT_GRANT);
        check("capabilities without the right", call_make(c).status,
              FAILS(ERR_ARGUMENT, arg));
        c->v[0] = endpoint;
    }
    c->v[arg] = TAG(1, 0, MSG_MAX_CAPS + 1);
    check("too many capabilities", call_make(c).status,
          FAILS(ERR_ARGUMENT, arg));
    c->v[arg] = TOO_LONG;
    c->indirect = true;
}
LIKE(endpoint_send_ARGUMENT_tag, too_long)
static void nobody(struct call *c, unsigned arg)
{
    (void)arg;
    must("stop", captable_delete(SLOT_CAPTABLE, HELPERS));
    c->v[7] = DEADLINE_POLL;
    check("polled", call_make(c).status, ERR_TIMEOUT);
    c->v[7] = SOON;
}
LIKE(endpoint_send_TIMEOUT_itself, nobody)
static void endpoint_gone(struct call *c, unsigned arg)
{
    (void)arg;
    must("stop", captable_delete(SLOT_CAPTABLE, HELPERS));
    c->v[7] = FOREVER;
    gone_meanwhile(c, ENDPOINT_OF);
}
LIKE(endpoint_send_GONE_itself, endpoint_gone)

GOOD(endpoint_call)
{
    helper_start(0, serve, ABOVE, 0, 0);
    ARGS(c, ENDPOINT_OF, TAG(1, 4, 0), 1, 2, 3, 4, 0, FOREVER);
}
LIKE(endpoint_call_ARGUMENT_tag, too_long)
LIKE(endpoint_call_TIMEOUT_itself, nobody)
CASE(endpoint_call_GONE_itself)
{
    must("no Reply", captable_delete(SLOT_CAPTABLE, REPLY_OF));
    check("a receiver without Reply", call_make(c).status, ERR_GONE);
    endpoint_gone(c, arg);
}

GOOD(endpoint_receive)
{
    helper_start(0, send_one, ABOVE, 0, 0);
    ARGS(c, ENDPOINT_OF, SIGNALS, 0, 0, 0, 0, REPLY_OF, SOON);
}
LIKE(endpoint_receive_CAPABILITY_signal, not_a_capability)
LIKE(endpoint_receive_RIGHTS_signal, without_write)
CASE(endpoint_receive_GONE_signal)
{
    while_going(c, SIGNALS);
}
LIKE(endpoint_receive_CAPABILITY_reply, not_a_capability)
CASE(endpoint_receive_BUSY_reply)
{
    must("stop", captable_delete(SLOT_CAPTABLE, HELPERS));
    c->v[1] = 0;
    helper_start(1, call_one, ABOVE, 0, 0);
    c->v[arg] = 0;
    check("only a call waits", call_make(c).status, FAILS(ERR_BUSY, arg));
    c->v[arg] = REPLY_OF;
    check("take it", call_make(c).status, OK);
}
LIKE(endpoint_receive_TIMEOUT_itself, nobody)
LIKE(endpoint_receive_GONE_itself, endpoint_gone)

GOOD(reply_receive)
{
    helper_start(0, send_one, ABOVE, 0, 0);
    ARGS(c, ENDPOINT_OF, 0, 0, 0, 0, 0, REPLY_OF, SOON);
}
LIKE(reply_receive_ARGUMENT_tag, too_long)
CASE(reply_receive_CAPABILITY_reply)
{
    c->v[arg] = 0;
    check("no Reply", call_make(c).status, FAILS(ERR_CAPABILITY, arg));
    not_a_capability(c, arg);
}
CASE(reply_receive_BUSY_reply)
{
    make(CAP_REPLY, 0, CROWD);
    must("stop", captable_delete(SLOT_CAPTABLE, HELPERS));
    helper_start(1, receive_one, ABOVE, 0, 0);
    c->v[arg] = CROWD;
}
LIKE(reply_receive_TIMEOUT_itself, nobody)
LIKE(reply_receive_GONE_itself, endpoint_gone)

GOOD(reply_send)
{
    helper_start(0, call_one, ABOVE, 0, 0);
    must("take the call", send_message(OP_ENDPOINT_RECEIVE, ENDPOINT_OF, 0, 0,
                                       0, REPLY_OF, SOON));
    ARGS(c, REPLY_OF, TAG(1, 4, 0), 1, 2, 3, 4);
}
LIKE(reply_send_ARGUMENT_tag, too_long)
CASE(reply_send_GONE_itself)
{
    c->v[arg] = make(CAP_REPLY, 0, CROWD);
    check("a new one", call_make(c).status, ERR_GONE);
    c->v[arg] = REPLY_OF;
    must("answer", call_make(c));
}

GOOD(notification_signal)
{
    ARGS(c, SIGNALS);
}
CASE(notification_signal_GONE_itself)
{
    while_going(c, SIGNALS);
}
GOOD(notification_wait)
{
    must("signal", notification_signal(SIGNALS));
    ARGS(c, SIGNALS, DEADLINE_POLL);
}
static void no_bits(struct call *c, unsigned deadline)
{
    notification_wait(SIGNALS, DEADLINE_POLL);
    check("polled", call_make(c).status, ERR_TIMEOUT);
    c->v[deadline] = SOON;
}
CASE(notification_wait_TIMEOUT_itself)
{
    no_bits(c, 1);
}
CASE(notification_wait_GONE_itself)
{
    notification_wait(SIGNALS, DEADLINE_POLL);
    c->v[1] = FOREVER;
    gone_meanwhile(c, SIGNALS);
}

GOOD(notification_signal_wait)
{
    must("signal", notification_signal(SIGNALS));
    ARGS(c, SLEEP, SIGNALS, DEADLINE_POLL);
}
LIKE(notification_signal_wait_CAPABILITY_wait, not_a_capability)
CASE(notification_signal_wait_RIGHTS_wait)
{
    without_right(c, arg, RIGHT_READ);
}
CASE(notification_signal_wait_GONE_wait)
{
    notification_wait(SIGNALS, DEADLINE_POLL);
    while_going(c, SIGNALS);
}
CASE(notification_signal_wait_GONE_itself)
{
    struct call other = *c;

    notification_wait(SIGNALS, DEADLINE_POLL);
    other.v[0] = make(CAP_NOTIFICATION, 0, CROWD);
    while_going(&other, CROWD);
    check("the signalled one is going", other.result.status,
          FAILS(ERR_GONE, arg));
    fixture_drop();
    fixture_make();
    c->v[2] = FOREVER;
    gone_meanwhile(c, SIGNALS);
}
CASE(notification_signal_wait_TIMEOUT_itself)
{
    no_bits(c, 2);
}

GOOD(notification_bind)
{
    ARGS(c, SIGNALS, THREAD_OF);
}
LIKE(notification_bind_CAPABILITY_thread, not_a_capability)
LIKE(notification_bind_RIGHTS_thread, without_write)
LIKE(notification_bind_DEPTH_thread, too_deep)
CASE(notification_bind_BUSY_itself)
{
    must("bind", call_make(c));
    c->v[1] = SLOT_THREAD;
}
CASE(notification_bind_BUSY_thread)
{
    struct call spoilt = *c;

    being_revoked(&spoilt, arg);
    check("being revoked", call_make(&spoilt).status, FAILS(ERR_BUSY, arg));
    must("bind", call_make(c));
    c->v[0] = SLEEP;
}

GOOD(notification_timer)
{
    ARGS(c, SIGNALS, now() + 1000 * MS, 0, 1);
}
VALUE(notification_timer_ARGUMENT_period, 9999)
CASE(notification_timer_GONE_itself)
{
    while_going(c, SIGNALS);
}
