/*
 * Where a component begins: rdi holds what it was started with (struct startup;
 * for init, struct boot_info), rsp the top of its stack.
 */
        .section .text._start, "ax", @progbits
        .globl _start
        .type _start, @function
_start:
        xorl    %ebp, %ebp              /* the outermost frame */
        andq    $-16, %rsp
        call    libsys_start
        ud2
        .size _start, . - _start

        .section .note.GNU-stack, "", @progbits
