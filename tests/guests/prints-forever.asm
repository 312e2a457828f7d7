; Prints the same line for ever.
bits 32
org 0x100000
entry:
    mov esp, 0x180000
    call com1_init
again:
    mov esi, text
    call puts
    jmp again
text: db "and on and on", 10, 0
%include "serial.asm"
