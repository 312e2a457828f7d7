; System calls by interrupt: from CPL 3 through a gate to CPL 0 and back by iretq.

%include "iterations.asm"
VECTOR                      equ 0x80
PASSES                      equ 100
INSTRUCTIONS_PER_ITERATION  equ 1 + PASSES * 5 + 2

%include "long-mode.asm"

workload:
    mov edi, IDT + VECTOR * 16
    mov dword [edi], CODE64 * 0x10000 + handler
    mov dword [edi + 4], 0xEE00 ; present, DPL 3, interrupt gate, offset bits 16 to 31 are 0
    mov dword [edi + 8], 0
    mov dword [edi + 12], 0
    mov esi, idt_pointer
    lidt [esi]
%include "user-mode.asm"

user:
    xor eax, eax
    mov ebp, ITERATIONS
.iteration:
    mov ecx, PASSES
.pass:
    int VECTOR
    sub ecx, 1
    jnz .pass
    sub ebp, 1
    jnz .iteration
    jmp finish

handler:
    add eax, ecx
    db REX_W
    iretd

idt_pointer:
    dw (VECTOR + 1) * 16 - 1
    dq IDT

%include "finish.asm"
