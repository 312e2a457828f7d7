; The common end of all guests, in whatever mode they are: EAX goes to COM1 as eight hexadecimal digits and a new
; line; then the machine is switched off in the way that each emulator knows.
; Only encodings that 16-bit and 64-bit code share are used (no das, no one-byte inc and dec).

COM1        equ 0x3F8
COM1_LCR    equ 0x3FB
COM1_LSR    equ 0x3FD
LCR_8_BITS  equ 0x03
LSR_TEMT    equ 0x40            ; transmitter empty: the last character has left

finish:
    mov ebx, eax
    mov dx, COM1_LCR
    mov al, LCR_8_BITS
    out dx, al
    mov ecx, 8
.digit:
    rol ebx, 4
    mov al, bl
    and al, 15
    cmp al, 10
    jb .decimal
    add al, 'a' - 10 - '0'
.decimal:
    add al, '0'
    call put
    loop .digit
    mov al, 10
    call put

    mov al, 0
    out 0xF4, al                ; isa-debug-exit: s7x, QEMU
    mov dx, 0x604
    mov ax, 0x2000
    out dx, ax                  ; power management, soft off: s7x, QEMU's pc machine
    mov dx, 0x8900
    mov esi, shutdown_text
    mov ecx, 8
    rep outsb                   ; the shutdown word of Bochs
    cli
    hlt

put:                            ; AL on COM1, and waits until it is sent; changes AL, DX
    mov dx, COM1
    out dx, al
    mov dx, COM1_LSR
.wait:
    in al, dx
    test al, LSR_TEMT
    jz .wait
    ret

shutdown_text:
    db "Shutdown"

times 510-($-$$) db 0
dw 0xAA55
