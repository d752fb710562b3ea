/*
 * Groups: functions whose DMA the IOMMU cannot keep apart. A policy that gives
 * parts of one group to two components is refused.
 */
#pragma once

#include "servers/pci/node.h"

/* Sets group and requester of every node, and t->groups. Groups are numbered
 * by their first member, in order of address. */
void group_form(struct tree *t);

/* Turns on the ACS bits that group_form relied upon. */
void group_enforce(const struct config_space *c, const struct tree *t);
