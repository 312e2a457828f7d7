; Echoes what COM1 receives, by interrupt and in HLT, with each letter's case changed; a full stop ends it.
bits 32
org 0x100000
entry:
    mov esp, 0x180000
    call com1_init
    mov eax, received
    mov [idt_irq4], ax
    shr eax, 16
    mov [idt_irq4 + 6], ax
    lgdt [gdt_pointer]
    jmp 8:.loaded
.loaded:
    mov eax, 16
    mov ds, eax
    mov es, eax
    mov ss, eax
    lidt [idt_pointer]
    mov al, 0x30                ; 8254 channel 0: mode 0, and no count: it rests
    out 0x43, al
    mov al, 0x11
    out 0x20, al
    mov al, 0x20
    out 0x21, al
    mov al, 4
    out 0x21, al
    mov al, 1
    out 0x21, al
    mov al, 0xEF                ; IRQ 4 alone
    out 0x21, al
    mov dx, COM1 + 4
    mov al, 0x0B                ; DTR, RTS, OUT2
    out dx, al
    mov dx, COM1 + 1
    mov al, 1                   ; received data available
    out dx, al
    sti
wait_for_more:
    hlt
    jmp wait_for_more

received:
    mov dx, COM1_LSR
    in al, dx
    test al, 1
    jz .done
    mov dx, COM1
    in al, dx
    cmp al, '.'
    je power_off
    cmp al, 'A'
    jb .echo
    xor al, 0x20
.echo:
    call put
    jmp received
.done:
    mov al, 0x20
    out 0x20, al
    iretd

align 8
gdt:
    dq 0
    dq 0x00CF9A000000FFFF
    dq 0x00CF92000000FFFF
gdt_pointer:
    dw 23
    dd gdt
idt_pointer:
    dw 0x25 * 8 - 1
    dd idt
align 8
idt:
    times 0x24 dq 0
idt_irq4:
    dq 0x00008E0000080000
%include "serial.asm"
