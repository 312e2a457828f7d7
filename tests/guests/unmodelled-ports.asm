; Talks to chips that are not there.
bits 32
org 0x100000
entry:
    mov esp, 0x180000
    call com1_init
    mov dx, 0x1F7
    xor eax, eax
    in al, dx
    call put_hex
    mov dx, 0x1F7
    in al, dx
    mov dx, 0x300
    mov ax, 0x1234
    out dx, ax
    mov dx, 0x300
    in eax, dx
    call put_hex
    jmp power_off
%include "serial.asm"
