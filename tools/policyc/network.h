/*
 * Network rules as people write them: "tcp 80", "udp [fec0::2]:53", "any".
 */
#pragma once

#include <cordon/manifest.h>

#include "arena.h"

/*
 * Reads `text` as a rule for `action`. Returns 0 and fills *out but for its
 * line; or -1, and *hint says what is wrong with it where that is clear.
 */
int rule_parse(struct arena *arena, enum manifest_network_action action,
               const char *text, struct manifest_network_rule *out,
               const char **hint);

/* The shortest text that rule_parse reads as this rule. */
const char *rule_text(struct arena *arena,
                      const struct manifest_network_rule *rule);

/* The rules of `n` for this action, with `separator` between; "" if none. */
const char *rules_text(struct arena *arena, const struct manifest *m,
                       const struct manifest_network *n,
                       enum manifest_network_action action,
                       const char *separator);

/* 1 if both allow the same. */
int rule_is_same(const struct manifest_network_rule *a,
                 const struct manifest_network_rule *b);
