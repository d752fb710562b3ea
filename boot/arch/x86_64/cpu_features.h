/*
 * What the CPU offers. Filled once on the first CPU; the other CPUs must
 * offer at least the same. What is missing is either not needed or refused
 * with a line that says which QEMU flag adds it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cpu_features {
    bool smep, smap, umip, pcid;
    bool page_1g, xsave, xsaveopt, avx, avx512;
    bool x2apic, tsc_deadline, tsc_invariant, mce;
    uint8_t phys_bits; /* physical address bits */
    char name[56];     /* brand string */
};

extern struct cpu_features cpu_features;

/* Fills cpu_features. Panics, naming all that is missing, when the kernel
 * cannot run on this CPU. */
void cpu_features_detect(void);

/* Sets this CPU's control registers and MSRs to the kernel's state. */
void cpu_registers_init(void);
