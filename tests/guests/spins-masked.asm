; Prints what it works out while interrupts come, then waits with interrupts off for what never comes.
bits 32
org 0x100000

entry:
    mov esp, 0x180000
    call com1_init
    call counted_ticks_init
    mov ebp, 3
work:
    mov ecx, 50000
round:
    imul ebx, ebx, 69069
    inc ebx
    dec ecx
    jnz round
    mov eax, ebx
    call put_hex
    dec ebp
    jnz work
    cli
spinning:
    pause
    jmp spinning

%include "counted-ticks.asm"
%include "serial.asm"
