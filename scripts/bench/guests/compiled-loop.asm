; One of the loops of scripts/loops/loops.c, as gcc compiled it. The boot sector reads the machine code behind itself and copies it to where it was
; linked for; the loop's memory is prepared once. The sum of what the loop returns is the checksum. How many instructions an iteration is depends on
; the loop, and is counted by running it.

%include "iterations.asm"
%include "loop.asm"             ; LOOP: its place in the table that the code begins with; CODE_SECTORS; INSTRUCTIONS_PER_ITERATION
CODE        equ 0x10000000      ; as in scripts/loops/loops.ld
MEMORY      equ 0x4000000
ENTRY       equ CODE + LOOP * 16

%include "long-mode.asm"

    mov esi, SECTORS
    mov edi, CODE
    mov ecx, CODE_SECTORS * 512
    rep movsb
    mov ecx, ENTRY
    mov eax, [ecx]
    mov edi, MEMORY
    call eax                    ; RAX: prepares the memory

workload:
    xor ebx, ebx
    mov ebp, ITERATIONS
.iteration:
    mov ecx, ENTRY + 8
    mov eax, [ecx]
    mov edi, MEMORY
    call eax
    add ebx, eax
    sub ebp, 1
    jnz .iteration
    mov eax, ebx

%include "finish.asm"
