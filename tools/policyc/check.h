/*
 * What must hold between the parts of a policy. Each check reports all that is
 * wrong and judges only values that were read without error.
 */
#pragma once

#include "policy.h"

struct check_options {
    unsigned cpus;        /* of the machine; 0: as the policy says */
    const char *binaries; /* folder that must have each binary, or NULL */
};

#define CHECK_CPUS_DEFAULT 2u

/* Runs every check below and numbers the components in start order. */
void check_policy(struct report *r, struct policy *policy,
                  const struct check_options *options);

/* Names, roles, binaries, budgets. */
void check_components(struct report *r, struct policy *policy,
                      const struct check_options *options);

/* What each component needs when it starts fits: capabilities, arguments, a
 * budget for each thread. After check_devices. */
void check_start(struct report *r, struct policy *policy);

/* Device selectors, ports, lines: nothing is claimed twice. Brings `device:`
 * into the form of `devices:`. */
void check_devices(struct report *r, struct policy *policy);

/* Offers, uses, cycles; sets component.start. */
void check_services(struct report *r, struct policy *policy);

/* What a use says about the network: not of init, no rule twice, not too many.
 */
void check_network(struct report *r, const struct use *use);

/* What a server's clients may have of its memory is less than it has. */
void check_socket_memory(struct report *r, const struct policy *policy);

/* The component of this name, or NULL. */
struct component *policy_find(const struct policy *policy, const char *name);

/* Component `i` of the file. */
struct component *policy_component(const struct policy *policy, unsigned i);

/* The component with this role (enum manifest_role), or NULL. */
struct component *policy_role(const struct policy *policy, unsigned role);

/* 1 if the value was written or has a default, and is right. */
static inline int is_good(const struct value *value)
{
    return value->state == VALUE_GOOD;
}

/* 1 if both are good and have the same text. */
int is_same_text(const struct value *a, const struct value *b);
