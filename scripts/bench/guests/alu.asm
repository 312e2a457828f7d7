; Dependent register arithmetic: each instruction needs the result of the one before.

%include "iterations.asm"
PASSES                      equ 1000
INSTRUCTIONS_PER_ITERATION  equ 1 + PASSES * 6 + 2

%include "long-mode.asm"

workload:
    xor eax, eax
    xor edx, edx
    mov ebp, ITERATIONS
.iteration:
    mov ecx, PASSES
.pass:
    db REX_W
    add eax, ecx
    db REX_W
    xor eax, edx
    db REX_W
    rol eax, 7
    db REX_W
    lea edx, [eax + eax*4 + 1]
    sub ecx, 1
    jnz .pass
    sub ebp, 1
    jnz .iteration

    db REX_W
    shr edx, 32
    xor eax, edx

%include "finish.asm"
