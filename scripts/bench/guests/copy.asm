; rep movsq: 1 MiB to its neighbour. The source is not uniform.

%include "iterations.asm"
SOURCE                      equ 0x200000
BYTES                       equ 0x100000
BYTES_PER_ITERATION         equ BYTES
INSTRUCTIONS_PER_ITERATION  equ 7

%include "long-mode.asm"

workload:
    mov edi, SOURCE
    mov eax, 1
    mov ecx, BYTES / 4
.build:
    imul eax, eax, 0x10DCD
    add eax, 1
    stosd
    loop .build

    mov ebp, ITERATIONS
.iteration:
    mov esi, SOURCE
    add dword [esi], 1
    lea edi, [esi + BYTES]
    mov ecx, BYTES / 8
    db REP, REX_W
    movsd
    sub ebp, 1
    jnz .iteration

    mov esi, SOURCE + BYTES
    mov eax, [esi]
    xor eax, [esi + BYTES - 4]

%include "finish.asm"
