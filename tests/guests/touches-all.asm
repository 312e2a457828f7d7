; In 64-bit mode, writes to one byte of each page from 4 GiB to 1 TiB.
bits 32
org 0x100000
entry:
    jmp enter_long_mode
in_long_mode:
    db 0x48, 0xBF               ; mov rdi, 4 GiB
    dq 0x100000000
    db 0x48, 0xBB               ; mov rbx, 1 TiB
    dq 0x10000000000
touch:
    mov byte [edi], 1           ; [rdi] in 64-bit code
    db 0x48, 0x81, 0xC7         ; add rdi, 4096
    dd 4096
    db 0x48, 0x39, 0xDF         ; cmp rdi, rbx
    jne touch
    jmp power_off
%include "long-mode.asm"
%include "serial.asm"
