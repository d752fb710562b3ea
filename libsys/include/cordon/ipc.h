/*
 * Messages: building, reading, sending and receiving them.
 *
 * A message is a label, up to MSG_MAX_WORDS words and up to MSG_MAX_CAPS
 * capabilities. The first four words travel in registers, the others in the
 * calling thread's message page, so build a message directly before it is
 * sent and read it directly after it came: the next message of this thread
 * overwrites those words.
 *
 * Sending:    message_begin(&m, LABEL); message_put(&m, 5); message_call(...)
 * Receiving:  a = message_get(&m); message_get_text(&m, buf, sizeof(buf));
 *             if (!message_end(&m)) the message was not what the protocol says
 *
 * Reading never goes beyond what was received: a get past the end returns 0
 * and makes message_end false. So a server needs one check, at the end.
 */
#pragma once

#include <cordon/invoke.h>
#include <cordon/operations.h>
#include <cordon/message.h>

/* The message page of the calling thread. */
struct message_page *message_page(void);

/* Starts a message of this thread with no words and no capabilities. */
static inline void message_begin(struct message *m, uint64_t label)
{
    message_init(m, message_page(), label);
}

/*
 * All of these return a status (enum status; OK is 0) and take a deadline in
 * nanoseconds of the monotonic clock (<cordon/clock.h>), DEADLINE_POLL or
 * DEADLINE_NEVER. A received message replaces *m; capabilities that came with
 * it lie in fresh slots, see message_take_cap.
 */

/* Sends *m and waits for the answer, which replaces *m. */
uint64_t message_call(cap_t endpoint, struct message *m, uint64_t deadline);

/* Sends *m without asking for an answer; waits for a receiver. */
uint64_t message_send(cap_t endpoint, struct message *m, uint64_t deadline);

/* Receives into *m; `reply` takes the right to answer. */
uint64_t message_receive(cap_t endpoint, cap_t reply, struct message *m,
                         uint64_t deadline);

/* Answers with *m and receives the next message into *m. */
uint64_t message_reply_receive(cap_t endpoint, cap_t reply, struct message *m,
                               uint64_t deadline);

/* Answers the caller that `reply` holds. GONE: it holds none any more. */
uint64_t message_reply(cap_t reply, struct message *m);

/*
 * Takes capability `i` of a received message: returns its slot, which is now
 * the caller's to delete (cap_delete), or 0 if the message has no such. Take
 * capabilities before the answer is built in the same struct message.
 */
cap_t message_take_cap(struct message *m, unsigned i);

/* Deletes the capabilities of a received message that nobody took. */
void message_drop_caps(struct message *m);

/* A call of one label and up to four words, for small protocols. Returns the
 * status; the answer is in *m. */
uint64_t message_call_words(cap_t endpoint, struct message *m, uint64_t label,
                            unsigned words, const uint64_t *w,
                            uint64_t deadline);

/* The operations as the kernel has them (docs/kernel-api.md, Endpoint). The
 * result's r[0] is the tag, r[1] to r[4] are words 0 to 3. */
static inline struct result endpoint_send(cap_t endpoint, uint64_t tag,
                                          const uint64_t w[4],
                                          uint64_t deadline)
{
    return kernel_invoke(OP_ENDPOINT_SEND, endpoint, tag, w[0], w[1], w[2],
                         w[3], 0, deadline);
}

static inline struct result endpoint_call(cap_t endpoint, uint64_t tag,
                                          const uint64_t w[4],
                                          uint64_t deadline)
{
    return kernel_invoke(OP_ENDPOINT_CALL, endpoint, tag, w[0], w[1], w[2],
                         w[3], 0, deadline);
}

/* `signal`: a notification to signal first, 0: none. */
static inline struct result endpoint_receive(cap_t endpoint, cap_t signal,
                                             cap_t reply, uint64_t deadline)
{
    return kernel_invoke(OP_ENDPOINT_RECEIVE, endpoint, signal, 0, 0, 0, 0,
                         reply, deadline);
}

static inline struct result reply_receive(cap_t endpoint, uint64_t tag,
                                          const uint64_t w[4], cap_t reply,
                                          uint64_t deadline)
{
    return kernel_invoke(OP_REPLY_RECEIVE, endpoint, tag, w[0], w[1], w[2],
                         w[3], reply, deadline);
}

static inline struct result reply_send(cap_t reply, uint64_t tag,
                                       const uint64_t w[4])
{
    return kernel_invoke(OP_REPLY_SEND, reply, tag, w[0], w[1], w[2], w[3], 0,
                         0);
}
