; Shows a prompt without a new line and waits for a key that nobody presses.
bits 32
org 0x100000
entry:
    mov esp, 0x180000
    call com1_init
    mov esi, text
    call puts
    mov dx, COM1_LSR
wait_for_key:
    in al, dx
    test al, 1
    jz wait_for_key
    jmp power_off
text: db "ready", 10, "login: ", 0
%include "serial.asm"
