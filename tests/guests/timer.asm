; The 8254 at 100 Hz through the 8259A and an IDT of one gate. After each interrupt EDI holds the time-stamp counter.

DIVISOR             equ 11932   ; 1193182 Hz / 100 Hz, rounded
IDT                 equ 0x200000
TIMER_VECTOR        equ 0x20

; Leaves interrupts off. Changes EAX, ECX and EDI.
timer_init:
    lgdt [timer_gdt_pointer]
    jmp 8:timer_segments
timer_segments:
    mov eax, 16
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov edi, IDT                ; all absent, but for the timer
    xor eax, eax
    mov ecx, 512
    cld
    rep stosd
    mov eax, on_timer
    mov [IDT + 8 * TIMER_VECTOR], ax
    mov word [IDT + 8 * TIMER_VECTOR + 2], 8
    mov word [IDT + 8 * TIMER_VECTOR + 4], 0x8E00
    shr eax, 16
    mov [IDT + 8 * TIMER_VECTOR + 6], ax
    lidt [timer_idt_pointer]

    call pic_init
    mov al, 0xFE                ; the timer only
    out 0x21, al

    mov al, 0x34                ; 8254 channel 0: both bytes, mode 2
    out 0x43, al
    mov al, DIVISOR & 0xFF
    out 0x40, al
    mov al, DIVISOR >> 8
    out 0x40, al
    ret

on_timer:
    rdtsc
    mov edi, eax
    mov al, 0x20                ; end of interrupt
    out 0x20, al
    iretd

align 8
timer_gdt:
    dq 0
    dq 0x00CF9A000000FFFF
    dq 0x00CF92000000FFFF
timer_gdt_pointer:
    dw 23
    dd timer_gdt
timer_idt_pointer:
    dw 2047
    dd IDT

%include "pic.asm"
