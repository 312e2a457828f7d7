; Writes port 80h in several ways until the timer has ticked three times: in a loop of its own, with reads between, while
; a status register is polled, and as words. Prints time and number of writes at each tick, and a checksum of the codes read.
bits 32
org 0x100000
entry:
    mov esp, 0x180000
    call com1_init
    call timer_init
    mov ebp, 3
    xor ebx, ebx
    xor esi, esi
    sti
next_tick:
    xor edi, edi
waiting:
    mov ecx, 50
.writes:
    inc ebx
    mov eax, ebx
    out 0x80, al
    dec ecx
    jnz .writes
    in al, 0x80
    movzx eax, al
    rol esi, 3
    add esi, eax
    mov ecx, 5
.polls:
    mov dx, 0x3FD
    in al, dx
    mov dx, 0x80
    out dx, al
    dec ecx
    jnz .polls
    mov ax, 0x1234
    out 0x80, ax
    test edi, edi
    jz waiting
    mov eax, edi
    call put_hex
    mov eax, ebx
    call put_hex
    mov eax, esi
    call put_hex
    dec ebp
    jnz next_tick
    cli
    jmp power_off
%include "timer.asm"
%include "serial.asm"
