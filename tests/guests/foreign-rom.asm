; A ROM of 64 KiB that is not ours: says on COM1 that it runs, and whether the RAM below 1 MiB takes writes.
; [82371SB, "BIOS Memory"; SDM Vol. 3A, "First Instruction Executed"]
bits 16
org 0
start:
    cli
    xor ax, ax
    mov ss, ax
    mov sp, 0x7C00
    call com1_init
    mov al, 'R'
    call put
    mov ax, 0xC000                      ; where option ROMs go
    call writable
    mov ax, 0xE000
    call writable
    mov ax, 0xF000                      ; its own copy
    call writable
    mov al, 0x10
    out 0xF4, al
    hlt
; '+' when the last byte of the 64 KiB from segment AX on keeps what is written, else '-'.
writable:
    mov ds, ax
    not byte [0xFFFF]
    mov bl, [0xFFFF]
    not byte [0xFFFF]
    xor bl, [0xFFFF]
    mov al, '+'
    cmp bl, 0xFF
    je put
    mov al, '-'
    jmp put
    db "etc/e820", 0                    ; for tests/qemu: it looks for the name in a ROM
%include "serial.asm"
times 0xFFF0-$ db 0
    jmp 0xF000:start
times 0x10000-$ db 0
