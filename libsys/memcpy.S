/*
 * memcpy, in place of newlib's, which takes two instructions for each eight
 * bytes of a long copy and one for each byte of a short one, and writes past the
 * caches. Network and file servers copy all that they carry.
 *
 * Up to 128 bytes: from both ends towards the middle, where the pieces overlap,
 * so that no length needs a loop. Beyond: the CPU's own string move, or from WIDE
 * bytes on, if there is AVX, 256 at a time and the last 256 once more.
 */
#define WIDE 512
    .section .text.memcpy, "ax", @progbits
    .globl memcpy
    .type memcpy, @function
memcpy:
    mov %rdi, %rax
    cmp $16, %rdx
    jb .Lbelow_16
    movups (%rsi), %xmm0
    movups -16(%rsi, %rdx), %xmm1
    cmp $32, %rdx
    ja .Labove_32
    movups %xmm0, (%rdi)
    movups %xmm1, -16(%rdi, %rdx)
    ret

.Labove_32:
    cmp $128, %rdx
    ja .Labove_128
    movups 16(%rsi), %xmm2
    movups -32(%rsi, %rdx), %xmm3
    cmp $64, %rdx
    jbe .Lends
    movups 32(%rsi), %xmm4
    movups 48(%rsi), %xmm5
    movups -64(%rsi, %rdx), %xmm6
    movups -48(%rsi, %rdx), %xmm7
    movups %xmm4, 32(%rdi)
    movups %xmm5, 48(%rdi)
    movups %xmm6, -64(%rdi, %rdx)
    movups %xmm7, -48(%rdi, %rdx)
.Lends:
    movups %xmm0, (%rdi)
    movups %xmm2, 16(%rdi)
    movups %xmm3, -32(%rdi, %rdx)
    movups %xmm1, -16(%rdi, %rdx)
    ret

/* The last 16 bytes hold what is left over of whole words. */
.Labove_128:
    cmp $WIDE, %rdx
    jb .Lstring
    cmpb $0, memcpy_wide(%rip)
    jne .Lwide
.Lstring:
    lea -16(%rdi, %rdx), %r8
    mov %rdx, %rcx
    shr $3, %rcx
    rep movsq
    movups %xmm1, (%r8)
    ret

/* r8: where the last 256 bytes go to; rcx: from there up to zero. */
.Lwide:
    lea -256(%rdi, %rdx), %r8
    lea -256(%rsi, %rdx), %r9
    mov $256, %ecx
    sub %rdx, %rcx
.Lnext_256:
    vmovups (%r9, %rcx), %ymm0
    vmovups 32(%r9, %rcx), %ymm1
    vmovups 64(%r9, %rcx), %ymm2
    vmovups 96(%r9, %rcx), %ymm3
    vmovups 128(%r9, %rcx), %ymm4
    vmovups 160(%r9, %rcx), %ymm5
    vmovups 192(%r9, %rcx), %ymm6
    vmovups 224(%r9, %rcx), %ymm7
    vmovups %ymm0, (%r8, %rcx)
    vmovups %ymm1, 32(%r8, %rcx)
    vmovups %ymm2, 64(%r8, %rcx)
    vmovups %ymm3, 96(%r8, %rcx)
    vmovups %ymm4, 128(%r8, %rcx)
    vmovups %ymm5, 160(%r8, %rcx)
    vmovups %ymm6, 192(%r8, %rcx)
    vmovups %ymm7, 224(%r8, %rcx)
    add $256, %rcx
    js .Lnext_256
    vmovups (%r9), %ymm0
    vmovups 32(%r9), %ymm1
    vmovups 64(%r9), %ymm2
    vmovups 96(%r9), %ymm3
    vmovups 128(%r9), %ymm4
    vmovups 160(%r9), %ymm5
    vmovups 192(%r9), %ymm6
    vmovups 224(%r9), %ymm7
    vmovups %ymm0, (%r8)
    vmovups %ymm1, 32(%r8)
    vmovups %ymm2, 64(%r8)
    vmovups %ymm3, 96(%r8)
    vmovups %ymm4, 128(%r8)
    vmovups %ymm5, 160(%r8)
    vmovups %ymm6, 192(%r8)
    vmovups %ymm7, 224(%r8)
    vzeroupper
    ret

.Lbelow_16:
    cmp $8, %edx
    jb .Lbelow_8
    mov (%rsi), %rcx
    mov -8(%rsi, %rdx), %r8
    mov %rcx, (%rdi)
    mov %r8, -8(%rdi, %rdx)
    ret
.Lbelow_8:
    cmp $4, %edx
    jb .Lbelow_4
    mov (%rsi), %ecx
    mov -4(%rsi, %rdx), %r8d
    mov %ecx, (%rdi)
    mov %r8d, -4(%rdi, %rdx)
    ret
.Lbelow_4:
    test %edx, %edx
    jz .Ldone
    movzbl (%rsi), %ecx
    cmp $1, %edx
    je .Lone
    movzwl -2(%rsi, %rdx), %r8d
    mov %r8w, -2(%rdi, %rdx)
.Lone:
    mov %cl, (%rdi)
.Ldone:
    ret
    .size memcpy, . - memcpy
