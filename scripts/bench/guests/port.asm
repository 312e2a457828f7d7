; Port writes: the POST code port.

%include "iterations.asm"
PASSES                      equ 100
INSTRUCTIONS_PER_ITERATION  equ 1 + PASSES * 3 + 2

%include "long-mode.asm"

workload:
    mov ebp, ITERATIONS
.iteration:
    mov ecx, PASSES
.pass:
    out 0x80, al
    sub ecx, 1
    jnz .pass
    sub ebp, 1
    jnz .iteration
    mov eax, 0x80

%include "finish.asm"
