; Three interrupts of the timer at 100 Hz, waited for in a loop without HLT: prints the
; time-stamp counter at each.
bits 32
org 0x100000
entry:
    mov esp, 0x180000
    call com1_init
    call timer_init
    mov ebp, 3
    sti
next_tick:
    xor edi, edi
waiting:
    pause
    test edi, edi
    jz waiting
    mov eax, edi
    call put_hex
    dec ebp
    jnz next_tick
    cli
    jmp power_off
%include "timer.asm"
%include "serial.asm"
