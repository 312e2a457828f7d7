; Load, change, store over 1 MiB, qword after qword.

%include "iterations.asm"
BUFFER                      equ 0x200000
QWORDS                      equ 0x20000
INSTRUCTIONS_PER_ITERATION  equ 2 + QWORDS * 7 + 2

%include "long-mode.asm"

workload:
    xor eax, eax
    mov edi, BUFFER
    mov ecx, QWORDS * 2
    rep stosd
    xor ebx, ebx
    mov ebp, ITERATIONS
.iteration:
    mov esi, BUFFER
    mov ecx, QWORDS
.pass:
    db REX_W
    mov eax, [esi]
    db REX_W
    add eax, ecx
    db REX_W
    mov [esi], eax
    db REX_W
    xor ebx, eax
    db REX_W
    add esi, 8
    sub ecx, 1
    jnz .pass
    sub ebp, 1
    jnz .iteration

    mov eax, ebx

%include "finish.asm"
