/*
 * Comes before any header of lwIP's: lwIP and the kernel have an error of the
 * same name. Here ERR_TIMEOUT is the kernel's; lwIP's is ERR_STACK_TIMEOUT.
 */
#pragma once

#include <cordon/abi.h>

#define ERR_TIMEOUT ERR_STACK_TIMEOUT
#include <lwip/err.h>
#undef ERR_TIMEOUT
