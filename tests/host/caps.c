/* The derivation tree, read out: see caps.h. */
#include "tests/host/caps.h"

struct cap *caps[CAPS_MAX];
struct cap *parents[CAPS_MAX];
unsigned cap_count;

void caps_gather(void)
{
    struct cap *above[CAP_MAX_DEPTH + 2] = {0};
    const struct cap *head = world_tree();
    unsigned depth = 0;

    cap_count = 0;
    for (struct cap *cap = head->next; cap != head; cap = cap->next) {
        must(cap->next->prev == cap, "the tree's links disagree");
        must(cap->depth >= 1 && cap->depth <= depth + 1 &&
                 cap->depth <= CAP_MAX_DEPTH,
             "a capability's depth has a gap");
        must(cap->word != 0, "an empty slot is in the tree");
        must(cap_count < CAPS_MAX, "the tree is endless");
        depth = cap->depth;
        above[depth] = cap;
        caps[cap_count] = cap;
        parents[cap_count++] = depth > 1 ? above[depth - 1] : NULL;
    }
}
