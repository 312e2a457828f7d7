; Polls the receiver of COM1 for ever.
bits 32
org 0x100000
entry:
    mov dx, 0x3FD
poll:
    in al, dx
    pause
    test al, 1
    jz poll
    hlt
