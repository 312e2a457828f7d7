; INT 16h. There is no keyboard: keys are characters that come in at the console's serial port. Without one, none is ever waiting.
; [IBM PC AT Technical Reference, "Keyboard", "Scan Codes", set 1]

int_16h:
    push word keyboard_service
    jmp service_frame

keyboard_service:
    cmp ah, 0x12
    je .all_shift_flags
    and ah, ~0x10 & 0xFF        ; 10h and 11h are the same for enhanced keyboards
    cmp ah, 0x00
    je .wait
    cmp ah, 0x01
    je .peek
    cmp ah, 0x02
    je .shift_flags
    ret

.wait:                          ; AH = scan code, AL = character; interrupts run
    sti
    call key_poll
    jnz .take
    cmp word [console_port], 0
    jne .wait
    hlt                         ; the caller waits for good
    jmp .wait
.take:
    mov [bp + FRAME_EAX], ax
    mov word [key_waiting], 0
    ret

.peek:                          ; ZF=1: no key
    call key_poll
    jz .none
    mov [bp + FRAME_EAX], ax
    and byte [bp + FRAME_FLAGS], ~FLAGS_ZF & 0xFF
    ret
.none:
    or byte [bp + FRAME_FLAGS], FLAGS_ZF
    ret

.shift_flags:
    mov byte [bp + FRAME_AL], 0
    ret

.all_shift_flags:               ; AH: those of the enhanced keyboard
    mov word [bp + FRAME_EAX], 0
    ret

; AX = the key that waits, and ZF=0; ZF=1: none does. Changes BX, DX.
key_poll:
    mov ax, [key_waiting]
    test ax, ax
    jnz .done
    mov dx, [console_port]
    test dx, dx
    jz .done
    add dx, UART_LSR
    in al, dx
    and al, LSR_DR
    jz .done
    sub dx, UART_LSR
    in al, dx
    and al, 0x7F
    cmp al, 10                  ; a line feed is the Enter key too
    jne .not_line_feed
    mov al, 13
.not_line_feed:
    cmp al, 0x7F                ; what a terminal's Backspace key sends
    jne .not_delete
    mov al, 8
.not_delete:
    movzx bx, al
    mov ah, [bx + scan_codes]
    mov [key_waiting], ax
    test ax, ax
.done:
    ret

; The key that gives each character from 0 to 7Eh on a US keyboard.
scan_codes:
    db 0x03, 0x1E, 0x30, 0x2E, 0x20, 0x12, 0x21, 0x22, 0x0E, 0x0F, 0x24, 0x25, 0x26, 0x1C, 0x31, 0x18 ; 00 to 0F: Ctrl
    db 0x19, 0x10, 0x13, 0x1F, 0x14, 0x16, 0x2F, 0x11, 0x2D, 0x15, 0x2C, 0x01, 0x2B, 0x1B, 0x07, 0x0C ; 10 to 1F
    db 0x39, 0x02, 0x28, 0x04, 0x05, 0x06, 0x08, 0x28, 0x0A, 0x0B, 0x09, 0x0D, 0x33, 0x0C, 0x34, 0x35 ; space to /
    db 0x0B, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x27, 0x27, 0x33, 0x0D, 0x34, 0x35 ; 0 to ?
    db 0x03, 0x1E, 0x30, 0x2E, 0x20, 0x12, 0x21, 0x22, 0x23, 0x17, 0x24, 0x25, 0x26, 0x32, 0x31, 0x18 ; @ to O
    db 0x19, 0x10, 0x13, 0x1F, 0x14, 0x16, 0x2F, 0x11, 0x2D, 0x15, 0x2C, 0x1A, 0x2B, 0x1B, 0x07, 0x0C ; P to _
    db 0x29, 0x1E, 0x30, 0x2E, 0x20, 0x12, 0x21, 0x22, 0x23, 0x17, 0x24, 0x25, 0x26, 0x32, 0x31, 0x18 ; ` to o
    db 0x19, 0x10, 0x13, 0x1F, 0x14, 0x16, 0x2F, 0x11, 0x2D, 0x15, 0x2C, 0x1A, 0x2B, 0x1B, 0x29, 0x0E ; p to 7F
