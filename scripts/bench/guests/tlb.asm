; Touches one qword of each 4 KiB in 32 MiB: more pages than the translation look-aside buffers of emulators hold.

%include "iterations.asm"
BUFFER                      equ 0x1000000
PAGES                       equ 0x2000
INSTRUCTIONS_PER_ITERATION  equ 2 + PAGES * 4 + 2

%include "long-mode.asm"

workload:
    xor eax, eax
    mov edi, BUFFER
    mov ecx, PAGES * 0x1000 / 4
    rep stosd

    mov ebp, ITERATIONS
.iteration:
    mov esi, BUFFER
    mov ecx, PAGES
.page:
    db REX_W
    add [esi], ecx
    add esi, 0x1000
    sub ecx, 1
    jnz .page
    sub ebp, 1
    jnz .iteration

    sub esi, 0x1000
    mov eax, [esi]
    mov esi, BUFFER
    add eax, [esi]

%include "finish.asm"
