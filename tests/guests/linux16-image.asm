; A Linux kernel image of which only the real-mode code is wanted: it says what the boot protocol promises it.
; [Linux, Documentation/arch/x86/boot.rst]
bits 16
org 0
    times 0x1F1 db 0
    db 2                                ; setup_sects
    times 0x1FE - $ db 0
    dw 0xAA55
entry:
    jmp start
    db "HdrS"
    dw 0x0207                           ; version
    times 0x211 - $ db 0
    db 1                                ; loadflags: LOADED_HIGH
    times 0x214 - $ db 0
    dd 0x100400                         ; code32_start: a place of its own, which loaders leave as it is
    times 0x22C - $ db 0
    dd 0x37FFFFFF                       ; initrd_addr_max
    times 0x238 - $ db 0
    dd 255                              ; cmdline_size
    times 0x268 - $ db 0
start:
    pushf
    pop bp
    call com1_init
    mov ax, cs                          ; segments, relative to that of the data
    mov bx, ds
    sub ax, bx
    call put_word                       ; 0020
    mov ax, ss
    sub ax, bx
    call put_word                       ; 0000
    mov ax, es
    sub ax, bx
    call put_word
    mov ax, fs
    sub ax, bx
    call put_word
    mov ax, gs
    sub ax, bx
    call put_word
    mov ax, bp
    and ax, 0x0200
    call put_word                       ; interrupts are off
    mov ax, [0x224]                     ; heap_end_ptr is some 512 bytes below the stack
    sub ax, sp
    mov al, 0
    call put_word
    mov al, [0x211]
    and ax, 0x81
    call put_word                       ; LOADED_HIGH, CAN_USE_HEAP
    mov ax, [0x214]
    call put_word                       ; code32_start
    mov ax, [0x21C]
    call put_word                       ; size of the initial RAM disk
    sti
    mov ah, 1                           ; the services are there: no key is waiting
    int 0x16
    mov al, '-'
    jz .no_key
    mov al, '+'
.no_key:
    call put
    mov eax, [0x228]                    ; command line
    mov si, ax
    and si, 15
    shr eax, 4
    mov es, ax
.text:
    mov al, [es:si]
    inc si
    test al, al
    jz .end
    call put
    jmp .text
.end:
    mov al, 10
    call put
    mov si, table                       ; the protected-mode code, through INT 15h
    push ds
    pop es
    mov cx, 4
    mov ah, 0x87
    int 0x15
    jc .failed
    mov si, 0x4000
    mov cx, 8
.code:
    lodsb
    call put
    loop .code
    mov al, 16
    out 0xF4, al
.failed:
    mov al, ah
    out 0xF4, al
    hlt

; AX in hexadecimal, and a blank
put_word:
    mov cx, 4
.digit:
    rol ax, 4
    push ax
    and al, 15
    add al, '0'
    cmp al, '9'
    jbe .put
    add al, 'a' - '0' - 10
.put:
    call put
    pop ax
    loop .digit
    mov al, ' '
put:
    jmp byte_out
%include "com1-16.asm"

align 8
table:
    dq 0, 0
    dq 0x000093100000FFFF               ; from 100000h
    dq 0x000093014000FFFF               ; to 14000h: in the segment that both loaders choose
    dq 0, 0
    times 0x600 - $ db 0
    db "HIGHCODE"
    times 0x800 - $ db 0
