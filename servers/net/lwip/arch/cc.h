/*
 * What lwIP asks of compiler and platform (lwip/arch.h). Its source files see
 * this, and ours that include its headers.
 */
#pragma once

#include <limits.h>
#include <stdint.h>

#include "servers/net/checksum.h"
#include "servers/net/random.h"

/* lwIP takes it as the sign that <unistd.h> has ssize_t. */
#ifndef SSIZE_MAX
#define SSIZE_MAX LONG_MAX
#endif

/* A violated assertion ends the process: init starts it again. */
_Noreturn void stack_assertion(const char *what, const char *file, int line);
#define LWIP_PLATFORM_ASSERT(what) stack_assertion(what, __FILE__, __LINE__)
#define LWIP_PLATFORM_DIAG(what)

/* For ports, transaction numbers and delays that nobody should guess. */
#define LWIP_RAND() random_word()

#define LWIP_CHKSUM checksum_sum

/* One instruction each; lwIP's own are calls. */
#define lwip_htons(x) __builtin_bswap16(x)
#define lwip_htonl(x) __builtin_bswap32(x)
