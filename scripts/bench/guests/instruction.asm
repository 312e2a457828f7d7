; Copies of one instruction, or of a few that belong together, in a loop. copies.asm exists only in the benchmark, which writes
; the copies and their number from single-instructions.ts.

%include "iterations.asm"
INSTRUCTIONS_PER_ITERATION  equ 1 + COPIED_INSTRUCTIONS + 2

%include "long-mode.asm"

workload:
    mov eax, cr4
    or eax, 0x600               ; OSFXSR, OSXMMEXCPT
    mov cr4, eax
    mov eax, cr0
    or eax, 2                   ; MP
    and eax, 0xFFFFFFFB         ; EM
    mov cr0, eax
    db 0xDB, 0xE3               ; FNINIT
    mov eax, 1
    db 0xF2, 0x0F, 0x2A, 0xC8   ; CVTSI2SD XMM1, EAX
    db 0xF2, 0x0F, 0x10, 0xC1   ; MOVSD XMM0, XMM1
    mov eax, 3
    db 0xF2, 0x0F, 0x2A, 0xD0   ; CVTSI2SD XMM2, EAX
    db 0xF2, 0x0F, 0x5E, 0xC2   ; DIVSD XMM0, XMM2: a third, and MXCSR.PE as in any program that rounds
    mov ebx, 3
    mov esi, 0x21000
    mov edi, 0x20000
    mov ebp, ITERATIONS
.iteration:
    mov ecx, 3
%include "copies.asm"
    sub ebp, 1
    jnz .iteration
    xor eax, eax

%include "finish.asm"
