; Writes to memory for ever, somewhere else each time.
bits 32
org 0x100000
entry:
    mov edi, 0x200000
again:
    add [edi], eax
    add eax, 1
    add edi, 4
    and edi, 0x3FFFFF
    or edi, 0x200000
    jmp again
