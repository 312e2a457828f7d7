; UD2 with an empty IDT: #UD cannot be delivered, nor the #GP that this raises, nor the double fault.
bits 32
org 0x100000
entry:
    mov esp, 0x180000
    lidt [no_idt]
    call faulting
faulting:
    ud2
no_idt: dw 0
    dd 0
