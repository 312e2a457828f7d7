; Ten interrupts of the timer at 100 Hz, waited for in HLT: prints the time-stamp counter at each.
bits 32
org 0x100000
entry:
    mov esp, 0x180000
    call com1_init
    call timer_init
    sti
    mov ebp, 10
next_tick:
    hlt
    mov eax, edi                ; what the handler has read
    call put_hex
    dec ebp
    jnz next_tick
    cli
    jmp power_off
%include "timer.asm"
%include "serial.asm"
