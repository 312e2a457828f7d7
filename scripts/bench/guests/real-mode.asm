; 16-bit code in real mode: load, change, store over 32 KiB in a segment of its own.

%include "iterations.asm"
SEGMENT                     equ 0x2000
WORDS                       equ 0x4000
INSTRUCTIONS_PER_ITERATION  equ 2 + WORDS * 7 + 2

bits 16
org 0x7C00

start:
    cli
    xor ax, ax
    mov ss, ax
    mov sp, 0x7C00
    mov ds, ax
    mov ax, SEGMENT
    mov es, ax
    xor di, di
    mov cx, WORDS
    xor ax, ax
    cld
    rep stosw

workload:
    xor bx, bx
    mov ebp, ITERATIONS
.iteration:
    xor si, si
    mov cx, WORDS
.pass:
    mov ax, [es:si]
    add ax, cx
    mov [es:si], ax
    xor bx, ax
    add si, 2
    dec cx
    jnz .pass
    sub ebp, 1
    jnz .iteration

    movzx eax, bx

%include "finish.asm"
