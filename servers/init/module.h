/*
 * Boot modules: what GRUB loaded besides the kernel, each under its name.
 */
#pragma once

#include <cordon/memory.h>

struct module {
    const void *data; /* read-only */
    size_t bytes;
    struct memory view;
};

/* Maps the module of that name. 0, or -1 with one line in `err`. */
int module_open(const char *name, struct module *m, char *err, size_t err_size);

void module_close(struct module *m);
