; One x87 instruction, which this processor does not have.
bits 32
org 0x100000
entry:
    mov esp, 0x180000
    call x87_code
    hlt
x87_code:
    db 0xD9, 0xFA               ; fsqrt
    ret
