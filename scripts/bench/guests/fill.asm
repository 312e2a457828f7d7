; rep stosq over 16 MiB with another value each time: what a kernel does to its bitmaps and pages.

%include "iterations.asm"
BUFFER                      equ 0x1000000
BYTES                       equ 0x1000000
BYTES_PER_ITERATION         equ BYTES
INSTRUCTIONS_PER_ITERATION  equ 6

%include "long-mode.asm"

workload:
    mov ebp, ITERATIONS
.iteration:
    mov eax, ebp
    mov edi, BUFFER
    mov ecx, BYTES / 8
    db REP, REX_W
    stosd
    sub ebp, 1
    jnz .iteration

    mov esi, BUFFER + BYTES / 2
    add eax, [esi]
    add eax, [esi + BYTES / 2 - 4]
    add eax, edi

%include "finish.asm"
