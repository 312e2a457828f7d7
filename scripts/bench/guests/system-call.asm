; System calls: from CPL 3 by syscall to CPL 0 and back by sysret.

%include "iterations.asm"
PASSES                      equ 100
INSTRUCTIONS_PER_ITERATION  equ 1 + PASSES * 5 + 2

IA32_EFER                   equ 0xC0000080
IA32_STAR                   equ 0xC0000081
IA32_LSTAR                  equ 0xC0000082
IA32_FMASK                  equ 0xC0000084
SCE                         equ 1

%include "long-mode.asm"

workload:
    mov ecx, IA32_EFER
    rdmsr
    or eax, SCE
    wrmsr
    xor edx, edx
    mov ecx, IA32_FMASK
    mov eax, 0x700              ; TF, IF, DF
    wrmsr
    mov ecx, IA32_LSTAR
    mov eax, handler
    wrmsr
    mov ecx, IA32_STAR
    mov edx, 0x1B * 0x10000 + CODE64
    wrmsr
%include "user-mode.asm"

user:
    xor eax, eax
    mov ebp, ITERATIONS
.iteration:
    mov ebx, PASSES
.pass:
    db 0x0F, 0x05               ; syscall, which changes RCX and R11
    sub ebx, 1
    jnz .pass
    sub ebp, 1
    jnz .iteration
    jmp finish

handler:
    add eax, ebx
    db REX_W, 0x0F, 0x07        ; sysret

%include "finish.asm"
