/*
 * What policyc can say about a system besides compiling it. All of these read
 * the manifest, so they show what init will see, not what the text meant.
 */
#pragma once

#include <cordon/manifest.h>
#include <stdio.h>

#include "arena.h"

/* --dump: the policy as YAML again; compiles to the same manifest but for the
 * lines. */
void dump_write(FILE *out, struct arena *arena, const struct manifest *m);

/* --reach: what each component and each device can touch. */
void reach_write(FILE *out, struct arena *arena, const struct manifest *m);

/* --dot: the same as a graph for Graphviz. */
void dot_write(FILE *out, struct arena *arena, const struct manifest *m);

/* --binaries-of: each binary once, in start order. */
void binaries_write(FILE *out, const struct manifest *m);

/* --schema: JSON Schema of the policy language. */
void schema_write(FILE *out);

/* --reference: its keys as Markdown tables, for docs/policy.md. */
void reference_write(FILE *out);

/* "NVMe controller"; "device" if it is none that people know. */
const char *known_name(const struct manifest_device *d);

/* "01:08:02", "8086:10d3", "0000:00:04.0". */
const char *selector_text(struct arena *arena, const struct manifest_device *d);

/* "NVMe controller #0 (class 01:08:02)", "device at 0000:00:04.0". */
const char *device_text(struct arena *arena, const struct manifest_device *d);

/* "4MiB"; "10ms". */
const char *size_text(struct arena *arena, uint64_t bytes);
const char *time_text(struct arena *arena, uint64_t nanoseconds);
