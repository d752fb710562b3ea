/*
 * The network interface: there is one.
 */
#pragma once

#define IF_NAMESIZE 16
#define IFNAMSIZ    IF_NAMESIZE

/* 1 for the interface's name, else 0 and errno. */
unsigned if_nametoindex(const char *name);
char *if_indextoname(unsigned index, char name[IF_NAMESIZE]);
