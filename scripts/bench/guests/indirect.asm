; Calls through a table of four functions; the data decide which one.

%include "iterations.asm"
PASSES                      equ 1000
INSTRUCTIONS_PER_ITERATION  equ 1 + PASSES * 7 + 2

%include "long-mode.asm"

workload:
    mov edi, targets
    mov eax, 1
    mov ebp, ITERATIONS
.iteration:
    mov ecx, PASSES
.pass:
    mov edx, eax
    and edx, 3
    call [edi + edx*8]
    sub ecx, 1
    jnz .pass
    sub ebp, 1
    jnz .iteration
    jmp finish

add_constant:
    add eax, 0x9E3779B9
    ret
rotate:
    ror eax, 5
    ret
multiply:
    imul eax, eax, 0x85EBCA6B
    ret
complement:
    xor eax, 0x5A5AF00D
    ret

align 8
targets:
    dq add_constant, rotate, multiply, complement

%include "finish.asm"
