/*
 * Memory shared between a client and its server: the client allocates it
 * (memory_alloc), lends it in messages of up to four Frames, and both map it.
 * The client frees it with memory_free, which takes it from the server too.
 *
 * Words of each message: id, number of Frames in all, number of the first
 * Frame in this message, size_bits. The label is the protocol's own.
 */
#pragma once

#include <cordon/memory.h>
#include <cordon/ipc.h>

/*
 * Client: lends all Frames of `m` under the number `id` that the protocol
 * gives them, `rights` of RIGHT_READ | RIGHT_WRITE. As many calls as it needs;
 * each must be answered with label 0. Returns OK, or a status; when the server
 * answered with an error, *error (may be NULL) is that error and the status
 * ERR_BUSY.
 */
uint64_t share_lend(cap_t endpoint, uint64_t label, uint64_t id,
                    const struct memory *m, unsigned rights, uint64_t deadline,
                    uint64_t *error);

/* Server: a lent range while its Frames arrive. */
struct share {
    uint64_t id;
    cap_t frames; /* run of `count` slots */
    uint32_t count;
    uint32_t received; /* complete when it equals count */
    uint32_t size_bits;
};

/*
 * Server: takes the Frames of one lending message. A share starts zeroed;
 * *limit* bounds the bytes that it may have. Returns a service_error
 * (<cordon/service.h>): 0, SERVICE_BAD_REQUEST when the message does not fit
 * what came before, SERVICE_TOO_LARGE, SERVICE_NO_MEMORY.
 * Check share->received == share->count to see whether it is complete, then
 * memory_map(share->frames, ...) or dma_lend (<cordon/driver.h>).
 */
uint64_t share_accept(struct share *s, struct message *m, uint64_t limit);

/* The id of a lending message, without taking anything. */
static inline uint64_t share_id(const struct message *m)
{
    return message_word(m, 0);
}

/* Server: deletes the capabilities of a share. */
void share_drop(struct share *s);
