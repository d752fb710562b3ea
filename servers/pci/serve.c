/*
 * Who asks decides what may be asked: operations below PCI_READ are init's, the
 * others a driver's, and a driver's badge names the one function it can mean.
 * Each operation reads its words, checks that there were no more or fewer, and
 * leaves the answer in the message (R10).
 */
#include "servers/pci/serve.h"

#include <stdio.h>

#include <cordon/cordon.h>
#include <cordon/pci.h>

#include "servers/pci/answer.h"

const struct config_space *space;
struct tree *tree;
char why[PCI_REASON];

void serve_open(const struct config_space *c, struct tree *t)
{
    space = c;
    tree = t;
}

void answer_error(struct message *m, int error)
{
    message_begin(m, (uint64_t)error);
    message_put_text(m, why);
}

/* A message that is not as the protocol says. */
void answer_malformed(struct message *m)
{
    snprintf(why, sizeof why, "the request has too few or too many words");
    answer_error(m, SERVICE_BAD_REQUEST);
}

/* Answers with up to two words, or the error. */
void answer(struct message *m, int error, unsigned words, uint64_t w0,
            uint64_t w1)
{
    if (error != 0) {
        answer_error(m, error);
        return;
    }
    message_begin(m, SERVICE_OK);
    if (words > 0)
        message_put(m, w0);
    if (words > 1)
        message_put(m, w1);
}

struct node *node_at(uint64_t handle)
{
    return handle < tree->count ? &tree->nodes[handle] : NULL;
}

void answer_unknown(struct message *m)
{
    snprintf(why, sizeof why, "no operation %llu for this caller",
             (unsigned long long)m->label);
    answer_error(m, SERVICE_UNKNOWN);
}

void serve(struct service *s, struct message *m)
{
    struct node *n;

    (void)s;
    why[0] = 0;
    if (m->badge == 0) {
        serve_init(m);
        return;
    }
    /* A driver whose function was taken from it keeps its endpoint until it
     * is gone; its words no longer count. */
    n = node_at(m->badge - 1);
    if (n == NULL || n->state != PCI_CLAIMED) {
        snprintf(why, sizeof why, "the function is not claimed");
        answer_error(m, SERVICE_GONE);
        return;
    }
    serve_driver(m, n);
}
