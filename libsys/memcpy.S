/*
 * memcpy, in place of newlib's, which takes two instructions for each eight
 * bytes of a long copy and one for each byte of a short one, and writes past the
 * caches. Network and file servers copy all that they carry.
 *
 * Up to 128 bytes: from both ends towards the middle, where the pieces overlap,
 * so that no length needs a loop. Beyond: the CPU's own string move.
 */
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
    lea -16(%rdi, %rdx), %r8
    mov %rdx, %rcx
    shr $3, %rcx
    rep movsq
    movups %xmm1, (%r8)
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
