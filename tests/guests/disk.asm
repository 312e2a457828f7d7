; An image of several sectors as tutorials make them: the boot sector reads the rest by INT 13h AH=02h and goes there. It
; then asks for what INT 13h knows, and says on COM1 what was answered: AX, BX, CX, DX and CF, a line each; at last it reads
; sectors by both ways and writes the first word of each. Leaves through the debug-exit port 0xF4 with the value 16.

bits 16
org 0x7C00

start:
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov [drive], dl
    call com1_init
    mov ax, 0x0203              ; three sectors, from the second one on
    mov cx, 0x0002
    mov dl, [drive]
    mov dh, 0
    mov bx, 0x7E00
    int 0x13
    jc failed
    jmp 0:second_stage
failed:
    mov al, 1
    out 0xF4, al
    hlt

%include "com1-16.asm"

drive:  db 0
    times 510-($-$$) db 0
    dw 0xAA55

second_stage:
    movzx ax, byte [drive]
    clc
    call report                 ; AX = drive; the rest is the firmware's
    mov ax, 0x0800              ; parameters
    mov bx, 0
    call ask
    mov ax, 0x1500              ; type
    call ask
    mov ax, 0x4100              ; extensions
    mov bx, 0x55AA
    call ask
    mov ax, 0x0201              ; a sector 0
    mov cx, 0x0000
    call ask_sector
    mov ax, 0x0201              ; a sector behind the track
    mov cx, 0x003F
    inc cx
    call ask_sector
    mov ax, 0x0201              ; behind the disk: cylinder 1023
    mov cx, 0xFFC1
    call ask_sector
    mov ax, 0x0201              ; a sector that is there
    mov cx, 0x0003
    call ask_sector
    mov ax, 0x0401              ; verify
    mov cx, 0x0003
    call ask_sector
    mov ax, 0x0100              ; last status
    call ask
    mov ax, 0x0000              ; reset
    call ask
    mov ax, 0x4200              ; by linear address: sector 3
    mov si, packet
    call ask
    mov ax, [0x9000]
    call report
    mov dword [packet + 8], 1000000
    mov ax, 0x4200              ; behind the disk
    mov si, packet
    call ask
    mov al, 16
    out 0xF4, al
    hlt

ask_sector:
    mov bx, 0x8800
    mov dh, 0
    call ask
    mov ax, [0x8800]
    clc
    jmp report

ask:
    mov dl, [drive]
    push es
    int 0x13
    pop es
; AX, BX, CX, DX and CF in hexadecimal on COM1
report:
    pushf
    pusha
    mov bp, sp
    mov ax, [bp + 14]
    call word_out
    mov ax, [bp + 8]
    call word_out
    mov ax, [bp + 12]
    call word_out
    mov ax, [bp + 10]
    call word_out
    mov ax, [bp + 16]
    and ax, 1
    call word_out
    mov al, 10
    call byte_out
    popa
    popf
    ret
word_out:
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
    call byte_out
    pop ax
    loop .digit
    mov al, ' '
    jmp byte_out

align 4
packet:
    db 16, 0
    dw 1
    dw 0x9000, 0
    dd 3, 0

    times 1024-($-$$) db 0
    dw 0x3333                   ; the third sector, and the fourth
    times 1536-($-$$) db 0
    dw 0x4444
    times 2048-($-$$) db 0
