/*
 * Says a CPU fault in words.
 */
#pragma once

#include <cordon/abi.h>

/* Writes a line for the words of a LABEL_FAULT message to `out`. */
void fault_text(const uint64_t w[FAULT_WORDS], char *out, size_t size);
