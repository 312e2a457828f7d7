; The 8254 every 100 of its ticks: each interrupt is counted in TICK_COUNT and changes no register.

TICK_COUNT          equ 0x300000

; Leaves interrupts on. Changes EAX, ECX and EDI.
counted_ticks_init:
    call timer_init
    mov eax, counted_tick
    mov [IDT + 8 * TIMER_VECTOR], ax
    shr eax, 16
    mov [IDT + 8 * TIMER_VECTOR + 6], ax
    mov al, 0x34                ; channel 0: both bytes, mode 2
    out 0x43, al
    mov al, 100
    out 0x40, al
    mov al, 0
    out 0x40, al
    sti
    ret

counted_tick:
    push eax
    inc dword [TICK_COUNT]
    mov al, 0x20                ; end of interrupt
    out 0x20, al
    pop eax
    iretd

%include "timer.asm"
