; In 64-bit mode, fills 1 TiB from 4 GiB on with one REP STOSQ, and looks at both ends.
bits 32
org 0x100000
entry:
    jmp enter_long_mode
in_long_mode:
    call com1_init
    db 0x48, 0xBF               ; mov rdi, 4 GiB
    dq 0x100000000
    db 0x48, 0xB9               ; mov rcx, 1 TiB / 8
    dq 0x2000000000
    db 0x48, 0xB8               ; mov rax, 0x5a5a5a5a_a5a5a5a5
    dq 0x5A5A5A5AA5A5A5A5
    db 0xF3, 0x48, 0xAB         ; rep stosq
    db 0x48, 0x89, 0xFE         ; mov rsi, rdi
    mov eax, [esi - 4]          ; [rsi - 4]: the last bytes
    call put_hex
    mov eax, [esi]              ; behind them
    call put_hex
    db 0x48, 0xBE               ; mov rsi, 4 GiB
    dq 0x100000000
    mov eax, [esi]              ; [rsi]: the first bytes
    call put_hex
    jmp power_off
%include "long-mode.asm"
%include "serial.asm"
