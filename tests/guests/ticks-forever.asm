; Waits in HLT for one interrupt of the timer after another.
bits 32
org 0x100000
entry:
    mov esp, 0x180000
    call timer_init
    sti
next_tick:
    hlt
    jmp next_tick
%include "timer.asm"
