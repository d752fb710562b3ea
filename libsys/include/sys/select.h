/*
 * newlib's <sys/select.h>, for as many descriptors as there are.
 */
#pragma once

#ifndef FD_SETSIZE
#define FD_SETSIZE 512 /* FD_MAX of <cordon/fd.h> */
#endif
#include_next <sys/select.h>
