; A boot sector that asks the firmware's services and says on COM1 what they answered, one line each:
; a name and numbers in hexadecimal. Its last line is "end"; then it leaves through the debug-exit port 0xF4.

bits 16
org 0x7C00

start:
    mov al, dl                  ; the drive that the firmware booted from
    call report
    db "drive", 0

    mov ax, 0x0083              ; INT 14h: 1200 baud, 8 bits
    xor dx, dx
    int 0x14
    mov dx, 0x3FB               ; the divisor that this has set
    mov al, 0x83
    out dx, al
    mov dx, 0x3F9
    in al, dx
    mov ah, al
    dec dx
    in al, dx
    push ax
    mov al, 1                   ; on with 115200 baud
    out dx, al
    mov dx, 0x3FB
    mov al, 0x03
    out dx, al
    pop ax
    call report
    db "divisor", 0

    int 0x11
    call report
    db "int11", 0
    int 0x12
    call report
    db "int12", 0

    mov ah, 0x88
    int 0x15
    call report
    db "88", 0
    mov ax, 0xE801
    int 0x15
    push bx
    call report
    db "e801", 0
    pop ax
    call report
    db "e801b", 0
    mov ax, 0x2402
    int 0x15
    call report
    db "a20", 0
    mov ax, 0xC000              ; not supported: CF=1, AH=86h
    int 0x15
    call carry
    call report
    db "c0", 0
    mov ah, 0x02                ; no disk: CF=1, AH=80h
    int 0x13
    call carry
    call report
    db "disk", 0
    mov ah, 0x04
    int 0x1A
    mov ax, cx
    call report
    db "year", 0
    mov ah, 0x01                ; no key: ZF=1
    int 0x16
    setz al
    call report
    db "nokey", 0

    xor ebx, ebx
.map:
    mov eax, 0xE820
    mov edx, 0x534D4150
    mov ecx, 20
    mov di, entry
    int 0x15
    jc .map_end
    xor cx, cx
    mov si, entry + 20
.field:                         ; type, length, base: each from its highest half down
    sub si, 4
    mov eax, [si]
    call hex32
    mov al, ' '
    call put
    cmp si, entry
    jne .field
    call end_line
    test ebx, ebx
    jnz .map
.map_end:

    xor ah, ah                  ; wait for the clock to tick
    int 0x1A
    mov si, dx
.tick:
    xor ah, ah
    int 0x1A
    cmp dx, si
    je .tick

    mov si, hello
.teletype:
    lodsb
    mov ah, 0x0E
    int 0x10
    cmp al, 10
    jne .teletype

    call report
    db "end", 0
    mov al, 0
    out 0xF4, al
    cli
    hlt

; AX with its low byte replaced by the carry flag.
carry:
    mov al, 0
    adc al, 0
    ret

; Puts the text behind the call, a space, AX in hexadecimal and a new line. Returns behind the text.
report:
    pop si
    push ax
.next:
    lodsb
    test al, al
    jz .end
    call put
    jmp .next
.end:
    mov al, ' '
    call put
    pop ax
    push si
    movzx eax, ax
    call hex32
end_line:
    mov al, 10
; AL on COM1. Keeps all registers.
put:
    pusha
    mov ah, 1
    xor dx, dx
    int 0x14
    popa
    ret

; EAX as eight hexadecimal digits. Changes EAX, CX, EDX.
hex32:
    mov edx, eax
    mov cx, 8
.digit:
    rol edx, 4
    mov al, dl
    and al, 15
    cmp al, 10
    sbb al, 0x69                ; the classic: 0-9 and A-F to ASCII
    das
    call put
    loop .digit
    ret

hello:  db "hello, teletype", 10

times 510-($-$$) db 0
dw 0xAA55

entry equ 0x7E00
