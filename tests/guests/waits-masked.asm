; Interrupts are on, but all of them are masked.
bits 32
org 0x100000
entry:
    mov al, 0xFF
    out 0x21, al
    out 0xA1, al
    sti
waiting:
    pause
    jmp waiting
