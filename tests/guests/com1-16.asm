; COM1 for 16-bit code, without the firmware: com1_init, byte_out.

; 115200 baud, 8 bits, whatever the firmware left. Changes AL, DX.
com1_init:
    mov dx, 0x3FB
    mov al, 0x83
    out dx, al
    mov dx, 0x3F8
    mov al, 1
    out dx, al
    inc dx
    mov al, 0
    out dx, al
    mov dx, 0x3FB
    mov al, 3
    out dx, al
    ret

; AL to COM1, when there is room
byte_out:
    push dx
    push ax
    mov dx, 0x3FD
.wait:
    in al, dx
    test al, 0x20
    jz .wait
    pop ax
    mov dx, 0x3F8
    out dx, al
    pop dx
    ret
