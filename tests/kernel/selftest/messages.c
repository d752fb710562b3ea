/* Calls, answers, deadlines, capabilities in messages. */
#include "selftest.h"

#define MS 1000000ul

static volatile unsigned served;

/* Answers w0 + 1, w1 + badge, until told to be slow. */
static void server(void)
{
    struct result r = send_message(OP_ENDPOINT_RECEIVE, ENDPOINT, 0, 0, 0,
                                   REPLY, DEADLINE_NEVER);

    for (;;) {
        served++;
        if (TAG_LABEL(r.r[0]) == 2)
            notification_wait(EVENTS, now() + 20 * MS);
        r = send_message(OP_REPLY_RECEIVE, ENDPOINT, TAG(7, 4, 0), r.r[1] + 1,
                         r.r[2] + r.badge, REPLY, DEADLINE_NEVER);
    }
}

/* A notification that the receiver signals before it waits. */
static void test_signal_and_receive(void)
{
    check("signal and receive",
          send_message(OP_ENDPOINT_RECEIVE, ENDPOINT, EVENTS, 0, 0, REPLY,
                       DEADLINE_POLL)
              .status,
          ERR_TIMEOUT);
    check("it was signalled", notification_wait(EVENTS, DEADLINE_POLL).r[0], 1);
    check("signal nothing",
          send_message(OP_ENDPOINT_RECEIVE, ENDPOINT, BADGED, 0, 0, REPLY,
                       DEADLINE_POLL)
              .status,
          FAILS(ERR_CAPABILITY, 1));
}

static void test_calls(void)
{
    struct result r;

    r = send_message(OP_ENDPOINT_CALL, BADGED, TAG(1, 4, 0), 5, 6, 0,
                     DEADLINE_NEVER);
    check("call", r.status, OK);
    check("label of the answer", TAG_LABEL(r.r[0]), 7);
    check("word 0", r.r[1], 6);
    check("word 1 and badge", r.r[2], 6 + BADGE);
    for (uint64_t i = 0; i < MSG_MAX_WORDS; i++)
        message->words[i] = i;
    r = send_message(OP_ENDPOINT_CALL, BADGED, TAG(1, MSG_MAX_WORDS, 0), 5, 6,
                     0, now() + 1000 * MS);
    check("long call", r.status, OK);
    check("its last word", worker_message(0)->words[MSG_MAX_WORDS - 1],
          MSG_MAX_WORDS - 1);
    check("too long",
          send_message(OP_ENDPOINT_CALL, BADGED, TAG(1, MSG_MAX_WORDS + 1, 0),
                       0, 0, 0, DEADLINE_NEVER)
              .status,
          FAILS(ERR_ARGUMENT, 1));
    check("slow answer",
          send_message(OP_ENDPOINT_CALL, BADGED, TAG(2, 4, 0), 5, 6, 0,
                       now() + MS)
              .status,
          ERR_TIMEOUT);
    check("the next is answered",
          send_message(OP_ENDPOINT_CALL, BADGED, TAG(1, 4, 0), 5, 6, 0,
                       DEADLINE_NEVER)
              .status,
          OK);
    check("send",
          send_message(OP_ENDPOINT_SEND, BADGED, TAG(1, 1, 0), 1, 0, 0,
                       DEADLINE_POLL)
              .status,
          OK);
}

static void test_caps(void)
{
    struct message_page *theirs = worker_message(0);

    theirs->recv_slot = SPARE2;
    theirs->recv_count = 1;
    message->send_caps[0] = EVENTS;
    message->send_rights[0] = RIGHT_WRITE;
    check("call with a capability",
          send_message(OP_ENDPOINT_CALL, BADGED, TAG(1, 1, 1), 0, 0, 0,
                       DEADLINE_NEVER)
              .status,
          OK);
    check("it arrived", captable_info(SLOT_CAPTABLE, SPARE2).r[0],
          CAP_NOTIFICATION);
    check("with fewer rights", captable_info(SLOT_CAPTABLE, SPARE2).r[1],
          RIGHT_WRITE);
    check("delete it", captable_delete(SLOT_CAPTABLE, SPARE2).status, OK);
}

/* The Reply goes while the server waits with it: from now on the server takes
 * sends only, and a call ends at once. */
static void test_lost_reply(void)
{
    check("delete the reply", captable_delete(SLOT_CAPTABLE, REPLY).status, OK);
    check("call",
          send_message(OP_ENDPOINT_CALL, BADGED, TAG(1, 4, 0), 5, 6, 0,
                       DEADLINE_NEVER)
              .status,
          FAILS(ERR_GONE, 0));
}

static void test_death(void)
{
    check("kill the server",
          captable_delete(SLOT_CAPTABLE, worker_thread(0)).status, OK);
    check("nobody answers",
          send_message(OP_ENDPOINT_CALL, BADGED, TAG(1, 4, 0), 5, 6, 0,
                       now() + MS)
              .status,
          ERR_TIMEOUT);
    check("delete the endpoint",
          captable_delete(SLOT_CAPTABLE, ENDPOINT).status, OK);
    check("call nothing",
          send_message(OP_ENDPOINT_CALL, BADGED, TAG(1, 4, 0), 5, 6, 0,
                       now() + MS)
              .status,
          ERR_CAPABILITY);
    worker_end(0);
}

void test_messages(void)
{
    check("endpoint",
          untyped_retype(ram, CAP_ENDPOINT, 0, 1, 0, ENDPOINT, 0).status, OK);
    check("reply", untyped_retype(ram, CAP_REPLY, 0, 1, 0, REPLY, 0).status,
          OK);
    check("badged",
          captable_copy(SLOT_CAPTABLE, BADGED, 0, ENDPOINT, RIGHTS_ALL, BADGE)
              .status,
          OK);
    test_signal_and_receive();
    worker_start(0, server, 251, 0);
    test_calls();
    test_caps();
    test_lost_reply();
    test_death();
    check("it served", served >= 5, 1);
}
