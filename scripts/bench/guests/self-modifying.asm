; Each pass rewrites the immediate of an instruction that it then executes.

%include "iterations.asm"
PASSES                      equ 10
INSTRUCTIONS_PER_ITERATION  equ 1 + PASSES * 4 + 2

%include "long-mode.asm"

workload:
    xor eax, eax
    mov edi, patched + 1        ; 05 id: add eax, imm32
    mov ebp, ITERATIONS
.iteration:
    mov ecx, PASSES
.pass:
    mov [edi], ecx
patched:
    add eax, 0x12345678
    sub ecx, 1
    jnz workload.pass
    sub ebp, 1
    jnz workload.iteration

%include "finish.asm"
