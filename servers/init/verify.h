/*
 * R12: do the live tables say what the policy says?
 */
#pragma once

#include <cordon/monitor.h>

#include "servers/init/component.h"

/*
 * Walks the component's AddressSpace and the Domains of its devices and
 * compares every mapping with init's books; then the other way round: every
 * device, Domain, vector and window of the books is live. The first difference
 * is put into words.
 */
void verify_component(const struct component *c, struct monitor_verify *out);
