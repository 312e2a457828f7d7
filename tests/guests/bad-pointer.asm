; In 64-bit mode a function reads through a pointer that leads nowhere; there is no IDT.
bits 32
org 0x100000
entry:
    jmp enter_long_mode
in_long_mode:
    call caller
    hlt
caller:
    call reader
    ret
reader:
    db 0x48, 0xBB               ; mov rbx, 0x123456789abc
    dq 0x123456789ABC
    db 0x48, 0x8B, 0x03         ; mov rax, [rbx]
    ret
%include "long-mode.asm"
