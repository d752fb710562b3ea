/*
 * Who owns which interrupt vector. One list for the whole kernel: exceptions
 * (Intel SDM 3A, 6.3.1), the masked 8259s' vectors, devices' interrupts, and
 * the local APIC's own.
 */
#pragma once

#define VECTOR_NMI           2
#define VECTOR_BREAKPOINT    3
#define VECTOR_OVERFLOW      4
#define VECTOR_DOUBLE_FAULT  8
#define VECTOR_PAGE_FAULT    14
#define VECTOR_MACHINE_CHECK 18
#define VECTOR_PIC           0x20 /* 16: masked, but may fire spuriously */
#define VECTOR_DEVICE_FIRST  0x30 /* devices' interrupts, inclusive bounds */
#define VECTOR_DEVICE_LAST   0xef
#define DEVICE_VECTORS       (VECTOR_DEVICE_LAST - VECTOR_DEVICE_FIRST + 1)
#define VECTOR_TIMER         0xf0 /* local APIC timer */
#define VECTOR_IPI           0xf1 /* another CPU filled this CPU's inbox */
#define VECTOR_IOMMU_FAULT   0xf2 /* DMA remapping hardware has a fault */
#define VECTOR_SPURIOUS      0xff /* no end-of-interrupt for this one */
