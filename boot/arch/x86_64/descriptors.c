/*
 * GDT, TSS and IDT. Each CPU has its own GDT and TSS; the IDT is shared and
 * its 256 gates lead to entry_stubs (entry.S), 16 bytes apart. Only INT3 and
 * INTO may be raised by user mode's own instructions. NMI, double fault and
 * machine check run on stacks of their own, because they may strike while the
 * stack pointer is not the kernel's.
 * Source: Intel SDM 3A, 3.4.5, 6.14, 7.2.3.
 */
#include "boot/arch/x86_64/descriptors.h"
#include "kernel/arch/x86_64/segments.h"
#include "kernel/arch/x86_64/vectors.h"
#include "kernel/platform.h"

#define STUB_SIZE 16

#define GATE_INTERRUPT 0x8e00u /* present, 64-bit interrupt gate */
#define GATE_USER      0x6000u /* may be called with INT n at ring 3 */

#define DESCRIPTOR_KERNEL_CODE 0x00af9b000000ffff
#define DESCRIPTOR_KERNEL_DATA 0x00cf93000000ffff
#define DESCRIPTOR_USER_DATA   0x00cff3000000ffff
#define DESCRIPTOR_USER_CODE   0x00affb000000ffff
#define DESCRIPTOR_TSS         0x0000890000000000 /* present, available */

struct gate {
    uint16_t offset_low, selector;
    uint16_t ist_type[2];
    uint32_t offset_high, reserved;
};

struct __attribute__((packed)) table_pointer {
    uint16_t limit;
    uint64_t base;
};

extern char entry_stubs[];

static uint16_t ist_of(unsigned vector)
{
    switch (vector) {
    case VECTOR_NMI:
        return 1;
    case VECTOR_DOUBLE_FAULT:
        return 2;
    case VECTOR_MACHINE_CHECK:
        return 3;
    default:
        return 0;
    }
}

void idt_init(void)
{
    for (unsigned v = 0; v < 256; v++) {
        uint64_t stub = (uint64_t)entry_stubs + v * STUB_SIZE;
        bool user = v == VECTOR_BREAKPOINT || v == VECTOR_OVERFLOW;

        ((struct gate *)idt)[v] = (struct gate){
            .offset_low = (uint16_t)stub,
            .selector = SEL_KERNEL_CODE,
            .ist_type = {(uint16_t)(ist_of(v) | GATE_INTERRUPT |
                                    (user ? GATE_USER : 0)),
                         (uint16_t)(stub >> 16)},
            .offset_high = (uint32_t)(stub >> 32),
        };
    }
}

static void gdt_fill(struct arch_cpu *cpu)
{
    uint64_t base = (uint64_t)&cpu->tss;

    cpu->gdt[0] = 0;
    cpu->gdt[SEL_KERNEL_CODE / 8] = DESCRIPTOR_KERNEL_CODE;
    cpu->gdt[SEL_KERNEL_DATA / 8] = DESCRIPTOR_KERNEL_DATA;
    cpu->gdt[SEL_USER_DATA / 8] = DESCRIPTOR_USER_DATA;
    cpu->gdt[SEL_USER_CODE / 8] = DESCRIPTOR_USER_CODE;
    cpu->gdt[SEL_TSS / 8] = DESCRIPTOR_TSS | (sizeof(struct tss) - 1) |
                            (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
    cpu->gdt[SEL_TSS / 8 + 1] = base >> 32;
}

static void tss_fill(struct arch_cpu *cpu, unsigned index)
{
    __builtin_memset(&cpu->tss, 0, sizeof(cpu->tss));
    cpu->tss.rsp[0] = cpu->stack_top;
    for (unsigned i = 0; i < IST_STACKS; i++)
        cpu->tss.ist[i] = (uint64_t)(ist_stacks[index][i] + IST_SIZE);
    cpu->tss.io_map = sizeof(struct tss); /* no port for user mode */
}

static void segments_reload(void)
{
    __asm__ volatile("pushq %0\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "movl %1, %%ds\n\t"
                     "movl %1, %%es\n\t"
                     "movl %1, %%ss\n\t"
                     "movl %2, %%fs\n\t"
                     "movl %2, %%gs"
                     :
                     : "i"(SEL_KERNEL_CODE), "r"(SEL_KERNEL_DATA), "r"(0)
                     : "rax", "memory");
}

void descriptors_load(struct arch_cpu *cpu, unsigned index)
{
    cpu->index = index;
    cpu->stack_top = (uint64_t)(cpu_stacks[index] + STACK_SIZE);
    gdt_fill(cpu);
    tss_fill(cpu, index);

    struct table_pointer gdt = {sizeof(cpu->gdt) - 1, (uint64_t)cpu->gdt};
    struct table_pointer interrupts = {sizeof(idt) - 1, (uint64_t)idt};
    __asm__ volatile("lgdt %0" : : "m"(gdt));
    segments_reload();
    __asm__ volatile("lidt %0" : : "m"(interrupts));
    __asm__ volatile("lldt %w0" : : "r"(0));
    __asm__ volatile("ltr %w0" : : "r"(SEL_TSS));
}
