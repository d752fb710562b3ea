/*
 * Says a CPU fault in words.
 */
#pragma once

#include <cordon/abi.h>

/* Error code of a page fault: Intel SDM 3A, 4.7. */
#define PAGE_FAULT_PRESENT 1u
#define PAGE_FAULT_WRITE   2u
#define PAGE_FAULT_FETCH   16u

/* Writes a line for the words of a LABEL_FAULT message to `out`. */
void fault_text(const uint64_t w[FAULT_WORDS], char *out, size_t size);
