/*
 * What the two halves of the protocol (serve_init.c, serve_driver.c) share:
 * the tree, and how to answer.
 */
#pragma once

#include <cordon/ipc.h>

#include "servers/pci/node.h"

extern const struct config_space *space;
extern struct tree *tree;

/* The line for people that goes with an error. */
extern char why[PCI_REASON];

/* Answers with an error and `why`. */
void answer_error(struct message *m, int error);

/* The message is not as the protocol says. */
void answer_malformed(struct message *m);

/* This caller has no such operation. */
void answer_unknown(struct message *m);

/* Answers with up to two words, or with the error if it is not 0. */
void answer(struct message *m, int error, unsigned words, uint64_t w0,
            uint64_t w1);

/* The function of that handle, or NULL. */
struct node *node_at(uint64_t handle);

/* Requests of init, and of the driver that holds `n`. */
void serve_init(struct message *m);
void serve_driver(struct message *m, struct node *n);
