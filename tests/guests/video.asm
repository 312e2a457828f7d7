; A boot sector that draws on the text screen by all that INT 10h has for it, then writes the screen's memory to COM1: "#", then
; character and attribute of each of the 2000 cells, each as it is. Leaves through the debug-exit port 0xF4 with the value 16.

bits 16
org 0x7C00

start:
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ax, 0x0003              ; clears the screen
    int 0x10
    mov cx, 30                  ; more lines than the screen has
.line:
    mov si, greeting
    call print
    mov al, cl
    add al, '0'
    call put
    loop .line
    mov ax, 0x1301              ; a text, and the cursor moves
    mov bx, 0x001F
    mov cx, 4
    mov dx, 0x0203
    mov bp, name
    int 0x10
    mov ax, 0x0941              ; three letters at the cursor, which stays
    mov bx, 0x0047
    mov cx, 3
    int 0x10
    mov al, '!'                 ; over the first of them, in its colour
    call put
    mov ax, 0x0A42              ; one without a colour
    mov cx, 1
    int 0x10
    mov ax, 0x1302              ; characters with attributes; the cursor stays
    mov cx, 2
    mov dx, 0x044F              ; the second one is on the next row
    mov bp, coloured
    int 0x10
    mov ah, 0x03
    mov bh, 0
    int 0x10
    mov al, dl
    add al, '0'
    call put
    mov ah, 0x02                ; a backspace at the left edge, and one that is not
    mov dx, 0x0600
    int 0x10
    mov al, 8
    call put
    mov al, 'x'
    call put
    mov al, 8
    call put
    mov al, 'y'
    call put
    mov ah, 0x08                ; what is there, before the cursor
    int 0x10
    call put
    mov ax, 0x0702              ; two rows down in the left part of some rows
    mov bh, 0x20
    mov cx, 0x0101
    mov dx, 0x0606
    int 0x10
    mov ax, 0x0601              ; one up
    mov bh, 0x30
    mov cx, 0x0A05
    mov dx, 0x0C90
    int 0x10
    mov ax, 0x0600              ; a part that is cleared
    mov bh, 0x50
    mov cx, 0x1000
    mov dx, 0x1203
    int 0x10

    call com1_init
    mov al, '#'
    call byte_out
    push 0xB800
    pop ds
    xor si, si
    mov cx, 4000
.cell:
    lodsb
    call byte_out
    loop .cell
    mov al, 16
    out 0xF4, al
    hlt

print:
    lodsb
    test al, al
    jz print_done
    call put
    jmp print
print_done:
    ret

put:
    push bx
    mov ah, 0x0E
    mov bx, 0x0007
    int 0x10
    pop bx
    ret

%include "com1-16.asm"

greeting: db 13, 10, "Hello ", 0
name:     db "Name"
coloured: db "C", 0x12, "D", 0x34

    times 510-($-$$) db 0
    dw 0xAA55
