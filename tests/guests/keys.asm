; A boot sector that asks for a line by INT 10h and INT 16h, as tutorials do, and writes each key as the firmware gives it: scan
; code and character in hexadecimal. Leaves at Enter through the debug-exit port 0xF4 with the value 16.

bits 16
org 0x7C00

start:
    xor ax, ax
    mov ds, ax
    mov si, prompt
.print:
    lodsb
    test al, al
    jz .key
    mov ah, 0x0E
    mov bh, 0
    int 0x10
    jmp .print
.key:
    mov ah, 0x01                ; is there one? It stays.
    int 0x16
    jz .key
    mov bx, ax
    mov ah, 0x00
    int 0x16
    cmp ax, bx
    jne .done                   ; that was another one
    mov cx, 4
.digit:
    rol ax, 4
    push ax
    and al, 15
    cmp al, 10
    jb .decimal
    add al, 'a' - '0' - 10
.decimal:
    add al, '0'
    mov ah, 0x0E
    mov bh, 0
    int 0x10
    pop ax
    loop .digit
    push ax
    mov ax, 0x0E20
    int 0x10
    pop ax
    cmp al, 13
    jne .key
.done:
    mov al, 16
    out 0xF4, al
    hlt

prompt: db "Name? ", 0

    times 510-($-$$) db 0
    dw 0xAA55
