/*
 * The x86-64 part of a CPU: its descriptor tables and its stacks. The generic
 * kernel embeds one as member `arch` of struct cpu and never looks inside,
 * except through the functions below.
 */
#pragma once

#include <cordon/types.h>
#include "kernel/arch/x86_64/layout.h"
#include "kernel/platform.h"

/* Task state segment of 64-bit mode: only stacks (Intel SDM 3A, 7.7). */
struct __attribute__((packed, aligned(8))) tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map; /* offset of the port bitmap; beyond the limit: none */
};
_Static_assert(sizeof(struct tss) == 104, "Intel SDM 3A, figure 7-11");

#define GDT_ENTRIES 7 /* null, 2 kernel, 2 user, TSS (two entries) */

struct arch_cpu {
    struct tss tss; /* entry stack: see cpu_set_entry_stack */
    uint64_t gdt[GDT_ENTRIES];
    uint64_t stack_top; /* of this CPU's kernel stack; 16-byte aligned */
    uint32_t apic_id;
    uint32_t index;
} __attribute__((aligned(128))); /* the TSS must not cross a page */

/* What CPUs read and write on their own; boot/ fills it. The lowest page of
 * each stack is a guard. */
extern uint64_t idt[256][2];
extern uint8_t cpu_stacks[MAX_CPUS][STACK_SIZE];
extern uint8_t ist_stacks[MAX_CPUS][IST_STACKS][IST_SIZE];

/* Where interrupts and exceptions from user mode push their frame. One store:
 * part of the path to user mode. */
static inline void cpu_set_entry_stack(struct arch_cpu *cpu, uint64_t stack)
{
    *(volatile uint64_t *)((char *)cpu + 4) = stack;
}
_Static_assert(__builtin_offsetof(struct tss, rsp) == 4 &&
                   __builtin_offsetof(struct arch_cpu, tss) == 0,
               "cpu_set_entry_stack writes rsp[0]");
