; The console of a boot sector: a serial port that INT 10h writes to and INT 16h reads, as SeaBIOS's serial console does.

CONSOLE_DIVISOR     equ 1           ; 115200 baud
CONSOLE_LINE        equ 0x03        ; 8 bits, no parity, one stop bit

; The port in console_port, if there is one. Changes AX, DX.
console_init:
    mov word [key_waiting], 0
    mov dx, [console_port]
    test dx, dx
    jnz line_init
    ret

; DX = a serial port: 115200 baud, 8 bits. Changes AX, DX.
line_init:
    add dx, UART_LCR
    mov al, LCR_DLAB | CONSOLE_LINE
    out dx, al
    sub dx, UART_LCR
    mov al, CONSOLE_DIVISOR
    out dx, al
    inc dx
    mov al, 0
    out dx, al
    add dx, UART_LCR - 1
    mov al, CONSOLE_LINE
    out dx, al
    inc dx                      ; modem control
    mov al, MCR_DTR_RTS
    out dx, al
    ret

; AL to the debug port and to the console.
console_put:
    out DEBUG_PORT, al
    cmp word [console_port], 0
    je .none
    pushad
    mov cl, al
    mov ch, LSR_THRE
    mov bx, [console_port]
    call serial_wait
    jc .lost
    mov al, cl
    mov dx, bx
    out dx, al
.lost:
    popad
.none:
    ret
