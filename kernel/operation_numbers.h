/* The two operations that entry.S knows by number; fastpath.c checks them. */
#pragma once

#define ASM_ENDPOINT_CALL 37
#define ASM_REPLY_RECEIVE 39
