; COM1 and the end of a run. Every routine is the same in 32-bit and in 64-bit code: no short INC and DEC, no absolute
; addresses.

COM1                equ 0x3F8
COM1_LSR            equ 0x3FD

; 115200 baud, 8 bits, no parity, one stop bit, FIFOs on. Changes AL and DX.
com1_init:
    mov dx, COM1 + 3
    mov al, 0x80
    out dx, al
    mov dx, COM1
    mov al, 1
    out dx, al
    mov dx, COM1 + 1
    mov al, 0
    out dx, al
    mov dx, COM1 + 3
    mov al, 3
    out dx, al
    mov dx, COM1 + 2
    mov al, 7
    out dx, al
    ret

; The text at ESI up to a NUL. Changes AL, DX and ESI.
puts:
    lodsb
    test al, al
    jz .end
    call put
    jmp puts
.end:
    ret

; AL, when the transmitter has room. Changes DX.
put:
    push eax
    mov dx, COM1_LSR
.wait:
    in al, dx
    test al, 0x20
    jz .wait
    pop eax
    mov dx, COM1
    out dx, al
    ret

; EAX as eight hexadecimal digits and a new line. Changes EAX, EBX, ECX and DX.
put_hex:
    mov ebx, eax
    mov ecx, 8
.digit:
    rol ebx, 4
    mov al, bl
    and al, 15
    add al, '0'
    cmp al, '9'
    jbe .put
    add al, 'a' - '9' - 1
.put:
    call put
    sub ecx, 1
    jnz .digit
    mov al, 10
    jmp put

; Waits until the last bit is on the line, then ACPI S5.
power_off:
    mov dx, COM1_LSR
.wait:
    in al, dx
    test al, 0x40
    jz .wait
    mov dx, 0x604
    mov ax, 0x2000
    out dx, ax
    cli
    hlt
