; INT 14h. DX = port, 0 for COM1. Polled, without interrupts.
; [PC16550D datasheet, "Registers"; IBM PC AT Technical Reference, INT 14h]

UART_DATA           equ 0           ; RBR, THR; with DLAB the divisor's low byte
UART_IER            equ 1           ; with DLAB the divisor's high byte
UART_LCR            equ 3
UART_MCR            equ 4
UART_LSR            equ 5
UART_MSR            equ 6
LCR_DLAB            equ 0x80
MCR_DTR_RTS         equ 0x03
LSR_DR              equ 0x01
LSR_THRE            equ 0x20
LSR_ERRORS          equ 0x1E        ; OE, PE, FE, BI
SERIAL_TIMEOUT      equ 0x80        ; bit 7 of the status in AH
POLLS_MAX           equ 0x100000    ; about a second, at a microsecond a port read

int_14h:
    push word serial_service
    jmp service_frame

serial_service:
    cmp ah, 3
    ja .done                    ; not one of ours: nothing changes
    cmp dx, 3
    ja .no_answer
    push BDA_SEGMENT
    pop es
    mov bx, dx
    shl bx, 1
    mov dx, [es:bx + BDA_COM_PORTS]
    test dx, dx
    jz .no_answer
    mov bx, dx                  ; BX = base port from here on
    cmp ah, 1
    jb .initialize
    je .send
    cmp ah, 2
    je .receive

.status:                        ; AH = line status, AL = modem status
    lea dx, [bx + UART_MSR]
    in al, dx
    mov [bp + FRAME_AL], al
.line_status:
    lea dx, [bx + UART_LSR]
    in al, dx
    mov [bp + FRAME_AH], al
.done:
    ret

.no_answer:
    mov byte [bp + FRAME_AH], SERIAL_TIMEOUT
    ret

.initialize:                    ; AL: bits 7:5 speed, 4:3 parity, 2 stop bits, 1:0 length, as LCR has them
    mov cl, al
    lea dx, [bx + UART_LCR]
    mov al, LCR_DLAB
    out dx, al
    movzx si, cl
    shr si, 5
    shl si, 1
    mov si, [si + divisors]
    mov ax, si
    lea dx, [bx + UART_DATA]
    out dx, al
    mov al, ah
    inc dx                      ; divisor, high byte
    out dx, al
    mov al, cl
    and al, 0x1F
    lea dx, [bx + UART_LCR]
    out dx, al
    lea dx, [bx + UART_IER]
    xor al, al
    out dx, al
    lea dx, [bx + UART_MCR]
    mov al, MCR_DTR_RTS
    out dx, al
    jmp .status

.send:                          ; AL = character; AH = line status
    mov cl, al
    mov ch, LSR_THRE
    call serial_wait
    jc .timed_out
    mov al, cl
    mov dx, bx
    out dx, al
    jmp .line_status

.receive:                       ; AL = character; AH = its errors
    mov ch, LSR_DR
    call serial_wait
    jc .timed_out
    and al, LSR_ERRORS
    mov [bp + FRAME_AH], al
    mov dx, bx
    in al, dx
    mov [bp + FRAME_AL], al
    ret

.timed_out:                     ; AL = line status
    or al, SERIAL_TIMEOUT
    mov [bp + FRAME_AH], al
    ret

; Waits for a bit of CH in the line status of the port at BX. AL = line status; CF=1: it did not come, or there is no
; UART (which reads all ones). Changes DX, EDI.
serial_wait:
    lea dx, [bx + UART_LSR]
    mov edi, POLLS_MAX
.poll:
    in al, dx
    cmp al, 0xFF
    je .failed
    test al, ch
    jnz .ready                  ; test has cleared CF
    dec edi
    jnz .poll
.failed:
    stc
.ready:
    ret

; 1843200 / 16 / baud for 110, 150, 300, 600, 1200, 2400, 4800 and 9600 baud
divisors:           dw 1047, 768, 384, 192, 96, 48, 24, 12
