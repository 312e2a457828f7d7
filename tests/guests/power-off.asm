; Says what it is, and switches the machine off.
bits 32
org 0x100000
entry:
    mov esp, 0x180000
    call com1_init
    mov esi, text
    call puts
    jmp power_off
text: db "one", 10, "two", 10, "three", 10, 0
%include "serial.asm"
