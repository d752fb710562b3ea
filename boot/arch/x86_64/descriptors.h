/*
 * Segment, task-state and interrupt descriptors of a CPU.
 */
#pragma once

#include "kernel/arch/x86_64/arch_cpu.h"

/* Fills the interrupt table that all CPUs share; once. */
void idt_init(void);
/* Fills and loads this CPU's tables; `index` chooses its stacks. */
void descriptors_load(struct arch_cpu *cpu, unsigned index);
