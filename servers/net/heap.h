/*
 * The memory that lwIP's packets are in (PBUF_RAM): one region, which the card
 * may read but never write. Blocks of a few sizes, so that taking and giving
 * one costs a handful of instructions whatever happened before.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct memory;

#define HEAP_CHUNK     (128ul << 10) /* what a size grows and shrinks by */
#define HEAP_BLOCK_MAX (HEAP_CHUNK / 2)

/* `data` lies on a multiple of HEAP_CHUNK or not, it does not matter; `bytes`
 * is a multiple of it, at most HEAP_CHUNKS_MAX chunks. */
#define HEAP_CHUNKS_MAX 512u
void heap_start(void *data, size_t bytes);

/* MEM_CUSTOM_MALLOC, _CALLOC and _FREE of lwipopts.h. NULL: none left. */
void *heap_take(size_t bytes);
void *heap_take_zeroed(size_t count, size_t bytes);
void heap_give(void *block);

/* Whether heap_take(bytes) would succeed and leave `spare` chunks free. */
bool heap_has(size_t bytes, unsigned spare);

/* Chunks that no block lies in, and all of them. */
unsigned heap_chunks_free(void);
unsigned heap_chunks(void);
