; Both 8259A: vectors 20h and 28h, cascade at request 2, 8086 mode; every request is masked. Changes AL.
pic_init:
    mov al, 0x11                ; ICW1
    out 0x20, al
    out 0xA0, al
    mov al, 0x20
    out 0x21, al
    mov al, 0x28
    out 0xA1, al
    mov al, 4
    out 0x21, al
    mov al, 2
    out 0xA1, al
    mov al, 1
    out 0x21, al
    out 0xA1, al
    mov al, 0xFF
    out 0x21, al
    out 0xA1, al
    ret
