; Local APIC, I/O APIC, and the 8259A behind LINT0, in 32-bit protected mode. Each step prints a line "= N", then the vectors
; of the interrupts that it has brought, in order, and what it has read.
bits 32
org 0x100000

IDT                 equ 0x300000
STUBS               equ 0x301000
LOCAL_APIC          equ 0xFEE00000
EOI                 equ LOCAL_APIC + 0xB0
SVR                 equ LOCAL_APIC + 0xF0
TPR                 equ LOCAL_APIC + 0x80
ICR_LOW             equ LOCAL_APIC + 0x300
ICR_HIGH            equ LOCAL_APIC + 0x310
LVT_TIMER           equ LOCAL_APIC + 0x320
LVT_LINT0           equ LOCAL_APIC + 0x350
INITIAL_COUNT       equ LOCAL_APIC + 0x380
CURRENT_COUNT       equ LOCAL_APIC + 0x390
DIVIDE              equ LOCAL_APIC + 0x3E0
IO_APIC             equ 0xFEC00000
SELF                equ 0x40000
MASKED              equ 0x10000
END_OF_HANDLER      equ 0xEE

entry:
    mov esp, 0x180000
    lgdt [gdt_pointer]
    jmp 8:flat
flat:
    mov eax, 16
    mov ds, eax
    mov es, eax
    mov ss, eax
    call com1_init
    call idt_init
    call pic_init
    mov dword [SVR], 0x1FF
    mov dword [LVT_LINT0], MASKED
    mov dword [DIVIDE], 0xB

    call step                   ; 1: versions
    mov eax, [LOCAL_APIC + 0x30]
    call put_hex
    mov eax, 1
    call io_apic_read
    call put_hex

    call step                   ; 2: an interrupt to itself waits in IRR for IF
    mov dword [ICR_LOW], SELF + 0x41
    mov eax, [LOCAL_APIC + 0x220]
    call put_hex
    sti
    call settle
    cli
    call put_log

    call step                   ; 3: TPR holds back its class and lower ones
    mov dword [TPR], 0x50
    sti
    mov dword [ICR_LOW], SELF + 0x45
    mov dword [ICR_LOW], SELF + 0x61
    call settle
    call put_log
    mov eax, [LOCAL_APIC + 0xA0]
    call put_hex
    mov dword [TPR], 0
    call settle
    cli
    call put_log

    call step                   ; 4: the highest first
    mov dword [ICR_LOW], SELF + 0x52
    mov dword [ICR_LOW], SELF + 0x58
    mov dword [ICR_LOW], SELF + 0x31
    sti
    call settle
    cli
    call put_log

    call step                   ; 5: timer, one-shot
    mov dword [LVT_TIMER], 0x42
    mov dword [INITIAL_COUNT], 100000
    sti
    hlt
    cli
    mov eax, [CURRENT_COUNT]
    call put_hex
    call put_log

    call step                   ; 6: timer, periodic
    mov dword [LVT_TIMER], 0x20043
    mov dword [INITIAL_COUNT], 100000000
    mov ebp, 3
.periodic:
    sti
    hlt
    cli
    sub ebp, 1
    jnz .periodic
    mov dword [INITIAL_COUNT], 0
    call put_log

    call step                   ; 7: timer, masked
    mov dword [LVT_TIMER], MASKED + 0x44
    mov dword [INITIAL_COUNT], 10000
    sti
.counts:
    mov eax, [CURRENT_COUNT]
    test eax, eax
    jnz .counts
    cli
    call put_log

    call step                   ; 8: IRQ 0 at input 2 of the I/O APIC, an edge
    mov eax, 0x14
    mov ebx, 0x46
    call io_apic_write
    call pit_once
    sti
    hlt
    cli
    mov eax, 0x14
    mov ebx, MASKED
    call io_apic_write
    call put_log

    call step                   ; 9: the real-time clock's periodic interrupt at input 8
    mov eax, 0x20
    mov ebx, 0x47
    call io_apic_write
    mov al, 0x0A
    out 0x70, al
    mov al, 0x2F                ; twice a second, so that no second one comes
    out 0x71, al
    mov al, 0x0C
    call cmos_read
    mov al, 0x0B
    out 0x70, al
    mov al, 0x42
    out 0x71, al
    sti
    hlt
    cli
    mov al, 0x0C
    call cmos_read
    and eax, 0xC0
    call put_hex
    mov al, 0x0B
    out 0x70, al
    mov al, 0x02
    out 0x71, al
    mov eax, 0x20
    mov ebx, MASKED
    call io_apic_write
    call put_log

    call step                   ; 10: COM1 at input 4, a level: again until the port is content
    mov eax, 0x18
    mov ebx, 0x8048
    call io_apic_write
    mov dx, COM1 + 4
    mov al, 0x08                ; OUT2 lets the interrupt out
    out dx, al
    sti
    mov dx, COM1 + 1
    mov al, 2                   ; transmitter empty
    out dx, al
    call settle
    cli
    mov dx, COM1 + 1
    xor eax, eax
    out dx, al
    mov eax, 0x18
    call io_apic_read
    call put_hex
    mov eax, 0x18
    mov ebx, MASKED
    call io_apic_write
    call put_log

    call step                   ; 11: an NMI to itself; a second one waits for IRET
    mov dword [more_nmi], 1
    mov dword [ICR_HIGH], 0
    mov dword [ICR_LOW], 0x4400
    call settle
    call put_log

    call step                   ; 12: IRQ 0 through the 8259A and LINT0
    call pic_init               ; forgets the edge of step 8, which would end HLT before the PIT does
    mov dword [LVT_LINT0], 0x700
    mov al, 0xFE
    out 0x21, al
    call pit_once
    sti
    hlt
    cli
    call put_log

    call step                   ; 13: LINT0 masked, then open
    mov dword [LVT_LINT0], MASKED + 0x700
    sti
    call pit_once
.requested:
    in al, 0x20                 ; IRR
    test al, 1
    jz .requested
    call put_log
    mov dword [LVT_LINT0], 0x700
    call settle
    cli
    call put_log
    mov dword [LVT_LINT0], MASKED

    call step                   ; 14: LINT0 as a fixed interrupt
    mov dword [LVT_LINT0], 0x49
    call pit_once
    sti
    hlt
    cli
    call put_log
    jmp power_off

; Time for an interrupt that is due: QEMU takes it only between blocks.
settle:
    push ecx
    mov ecx, 100
.wait:
    loop .wait
    pop ecx
    ret

; Starts the step after the last one.
step:
    add dword [steps], 1
    mov al, '='
    call put
    mov al, ' '
    call put
    mov eax, [steps]
    jmp put_hex

; Prints and empties the log of vectors.
put_log:
    mov esi, log
.next:
    cmp esi, [log_end]
    je .end
    movzx eax, byte [esi]
    add esi, 1
    call put_hex
    jmp .next
.end:
    mov dword [log_end], log
    ret

; A gate and a stub for each vector: push the vector, jump.
idt_init:
    mov edi, STUBS
    mov esi, IDT
    xor ebp, ebp
.vector:
    mov [esi], di
    mov word [esi + 2], 8
    mov word [esi + 4], 0x8E00
    mov eax, edi
    shr eax, 16
    mov [esi + 6], ax
    mov byte [edi], 0x68
    mov [edi + 1], ebp
    mov byte [edi + 5], 0xE9
    mov eax, on_interrupt - 10
    sub eax, edi
    mov [edi + 6], eax
    add edi, 16
    add esi, 8
    add ebp, 1
    cmp ebp, 256
    jne .vector
    lidt [idt_pointer]
    ret

on_interrupt:
    push eax
    push edx
    mov eax, [esp + 8]
    call note
    cmp al, 2
    je .nonmaskable
    cmp al, 0x30
    jb .legacy
    cmp al, 0x48
    jne .end
    xor dword [com1_turns], 1   ; every second time the port is asked, and is content
    jnz .end
    mov dx, COM1 + 2
    in al, dx
.end:
    mov dword [EOI], 0
    jmp .return
.legacy:
    mov al, 0x20
    out 0x20, al
    jmp .return
.nonmaskable:
    cmp dword [more_nmi], 0
    je .nonmaskable_end
    mov dword [more_nmi], 0
    mov dword [ICR_LOW], 0x4400
    call settle
.nonmaskable_end:
    mov al, END_OF_HANDLER
    call note
.return:
    pop edx
    pop eax
    add esp, 4
    iretd

; AL into the log. Changes EDX.
note:
    mov edx, [log_end]
    mov [edx], al
    add dword [log_end], 1
    ret

; Counter 0, mode 0: its output rises in a millisecond.
pit_once:
    mov al, 0x30
    out 0x43, al
    mov al, 0xA9
    out 0x40, al
    mov al, 0x04
    out 0x40, al
    ret

; EAX ← register EAX of the I/O APIC.
io_apic_read:
    mov [IO_APIC], eax
    mov eax, [IO_APIC + 0x10]
    ret

; Register EAX of the I/O APIC ← EBX.
io_apic_write:
    mov [IO_APIC], eax
    mov [IO_APIC + 0x10], ebx
    ret

; EAX ← byte AL of the real-time clock.
cmos_read:
    out 0x70, al
    in al, 0x71
    movzx eax, al
    ret

%include "serial.asm"
%include "pic.asm"

align 8
gdt:
    dq 0
    dq 0x00CF9A000000FFFF
    dq 0x00CF92000000FFFF
gdt_pointer:
    dw 23
    dd gdt
idt_pointer:
    dw 2047
    dd IDT
align 4
steps: dd 0
more_nmi: dd 0
com1_turns: dd 0
log_end: dd log
log: times 64 db 0
