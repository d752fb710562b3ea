/*
 * A policy in memory: what the schema reads from the text. The fields are the
 * keys of the language, in the order in which docs/policy.md explains them.
 * Each structure that stands for a mapping begins with its place.
 */
#pragma once

#include "value.h"

struct list {
    struct place place;
    void *items;
    unsigned count;
};

struct machine {
    struct place place;
    struct value cpus;
    struct value disk;
    struct list netdevs; /* of struct value: QEMU's -netdev */
    struct list devices; /* ... and -device */
};

struct interrupts {
    struct place place;
    struct value count;
    struct value rate;
};

struct device {
    struct place place;
    struct value class;
    struct value id;
    struct value address;
    struct value index;
    struct value dma;
    struct interrupts *interrupts;
};

struct budget {
    struct place place;
    struct value cpu;
    struct value priority;
    struct value budget;
    struct value period;
};

struct restart {
    struct place place;
    struct value rule;
    struct value limit;
};

struct network {
    struct place place;
    struct list listen;  /* of struct value */
    struct list connect; /* of struct value */
    struct value names;
    struct value sockets;
    struct value memory;
};

struct use {
    struct place place;
    struct value service;
    struct value from;
    struct value as;
    struct value access;
    struct network *network;
};

struct component {
    struct place place;
    struct value name;
    struct value binary;
    struct value role;
    struct value memory;
    struct value capabilities;
    struct value threads;
    struct budget *budget;
    struct device *device;
    struct value dma;
    struct interrupts *interrupts;
    struct list devices; /* of struct device */
    struct list ioports; /* of struct value */
    struct list irqs;    /* of struct value */
    struct list uses;    /* of struct use */
    struct list offers;  /* of struct value */
    struct list args;    /* of struct value */
    struct restart *restart;
    unsigned start; /* when it starts: its number in the manifest */
};

struct policy {
    struct place place;
    struct value system;
    struct value description;
    struct machine *machine;
    struct list components; /* of struct component */
};

/* Item `i` of a list of `type`. */
#define LIST_ITEM(list, type, i) (&((type *)(list).items)[i])
