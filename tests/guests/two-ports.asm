; A word on COM1, another on COM2, the debug port and POST.
bits 32
org 0x100000
COM2                equ 0x2F8
entry:
    mov esp, 0x180000
    call com1_init
    mov esi, first_text
    call puts
    mov dx, COM2 + 3
    mov al, 3
    out dx, al
    mov esi, second_text
.next:
    lodsb
    test al, al
    jz .end
    mov ah, al
    mov dx, COM2 + 5
.wait:
    in al, dx
    test al, 0x20
    jz .wait
    mov al, ah
    mov dx, COM2
    out dx, al
    out 0xE9, al
    jmp .next
.end:
    mov dx, COM2 + 5
.drain:
    in al, dx
    test al, 0x40
    jz .drain
    mov al, 0x42
    out 0x80, al
    jmp power_off
first_text: db "first port", 10, 0
second_text: db "second port", 10, 0
%include "serial.asm"
