; Hardware task switches on the emulated and on other processors: JMP, CALL, INT and an exception through task gates, IRET
; back, a task in virtual-8086 mode, a task whose segments are bad. After each the fields that the processor has written.
bits 32
org 0x100000
OTHER               equ SPARE + 0x00
GATE                equ SPARE + 0x08
BAD                 equ SPARE + 0x10
entry:
    mov esp, 0x190000
    call com1_init
    mov eax, other_state
    mov esi, spare
    call describe_task
    mov eax, bad_state
    mov esi, spare + 0x10
    call describe_task
    mov dword [spare + 0x08], OTHER << 16
    mov dword [spare + 0x0C], 0x0000E500    ; a task gate for CPL 3
    jmp run_snippets

; A TSS descriptor at ESI for the state at EAX.
describe_task:
    mov [esi + 2], eax
    mov word [esi], 0x67
    mov byte [esi + 5], 0x89
    mov byte [esi + 6], 0
    ret

; The other task's registers, with its code at EAX.
prepare:
    mov [other_state + 0x20], eax
    mov dword [other_state + 0x24], 2
    mov dword [other_state + 0x38], 0x1A0000
    mov dword [other_state + 0x4C], CODE_0
    mov dword [other_state + 0x50], DATA_0
    mov dword [other_state + 0x54], DATA_0
    mov dword [other_state + 0x48], DATA_0
    mov dword [other_state + 0x60], 0
    mov word [other_state], 0
    mov dword [other_state + 0x28], 0xAAAA0000
    ret

; Busy bits of both tasks, the link, NT, TS.
show:
    movzx eax, byte [gdt + TASK + 5]
    shl eax, 8
    mov al, [spare + 5]
    shl eax, 16
    mov ax, [other_state]
    call put_hex
    pushfd
    pop eax
    and eax, 0x4000
    mov ecx, cr0
    and ecx, 8
    or eax, ecx
    str cx
    shl ecx, 16
    or eax, ecx
    call put_hex
    clts
    ret

by_jump:
    mov eax, .there
    call prepare
    jmp OTHER:0
    mov eax, 0x11111111         ; back here
    call put_hex
    call show
    ret
.there:
    call put_hex                ; EAX out of the TSS
    call show
    mov eax, [task_state + 0x20]
    sub eax, by_jump
    call put_hex                ; where the first task goes on
    jmp TASK:0

by_call:
    mov eax, .there
    call prepare
    call OTHER:0
    mov eax, 0x22222222
    call put_hex
    call show
    mov eax, [other_state + 0x24]
    and eax, 0x4000             ; NT is clear in what IRET has saved
    call put_hex
    ret
.there:
    call show
    iretd

by_gate:
    mov eax, .there
    call prepare
    call GATE:0
    mov eax, 0x33333333
    call put_hex
    ret
.there:
    call show
    iretd

by_interrupt:
    mov eax, .there
    call prepare
    mov dword [IDT + 0x1F * 8], OTHER << 16
    mov dword [IDT + 0x1F * 8 + 4], 0x00008500
    int 0x1F
    mov eax, 0x44444444
    call put_hex
    ret
.there:
    call show
    iretd

by_exception:
    mov eax, .there
    call prepare
    mov eax, [IDT + 13 * 8]
    mov [saved_gate], eax
    mov eax, [IDT + 13 * 8 + 4]
    mov [saved_gate + 4], eax
    mov dword [IDT + 13 * 8], OTHER << 16
    mov dword [IDT + 13 * 8 + 4], 0x00008500
    mov ax, 0x7770
    mov ds, ax                  ; #GP(7770)
    mov eax, [saved_gate]
    mov [IDT + 13 * 8], eax
    mov eax, [saved_gate + 4]
    mov [IDT + 13 * 8 + 4], eax
    mov eax, 0x55555555
    call put_hex
    ret
.there:
    pop eax                     ; the error code
    call put_hex
    call show
    mov eax, [task_state + 0x20]
    sub eax, by_exception
    call put_hex
    add dword [task_state + 0x20], 3    ; behind the instruction
    iretd

busy:
    or byte [spare + 5], 2
    jmp OTHER:0                 ; #GP(OTHER)
not_present:
    and byte [spare + 5], 0xFD
    and byte [spare + 5], 0x7F
    jmp OTHER:0                 ; #NP(OTHER)
too_short:
    mov byte [spare + 5], 0x89
    mov word [spare], 0x66
    jmp OTHER:0                 ; #TS(OTHER)
return_to_idle:
    mov word [spare], 0x67
    mov word [task_state], OTHER
    pushfd
    or dword [esp], 0x4000
    popfd
    iretd                       ; #TS(OTHER): not busy
virtual_task:
    mov word [task_state], 0
    mov eax, 0
    call prepare
    mov dword [other_state + 0x20], virtual_code & 15
    mov dword [other_state + 0x24], 0x23002
    mov dword [other_state + 0x4C], 0x8000
    mov dword [other_state + 0x50], 0x7000
    mov dword [other_state + 0x38], 0xFFF0
    mov esi, virtual_code
    mov edi, 0x80000
    mov ecx, virtual_end - virtual_code
    cld
    rep movsb
    mov dword [other_state + 0x20], 0
    mov dword [IDT + 0x1E * 8], TASK << 16
    mov dword [other_state + 4], 0x1B0000
    mov dword [other_state + 8], DATA_0
    mov eax, virtual_back
    mov ecx, eax
    mov [IDT + 0x1E * 8], ax
    mov word [IDT + 0x1E * 8 + 2], CODE_0
    mov word [IDT + 0x1E * 8 + 4], 0xEE00
    shr ecx, 16
    mov [IDT + 0x1E * 8 + 6], cx
    jmp OTHER:0
virtual_code:
    db 0xB8, 0x34, 0x12         ; mov ax, 1234h
    db 0x8E, 0xC0               ; mov es, ax
    db 0x9C                     ; pushf
    db 0x5B                     ; pop bx
    db 0xCD, 0x1E               ; int 1Eh
virtual_end:
virtual_back:                   ; on the stack: EIP, CS, EFLAGS, ESP, SS, ES, DS, FS, GS
    mov eax, DATA_0
    mov ds, eax
    mov es, eax
    movzx eax, bx
    and eax, 0x3FFF
    call put_hex
    mov edi, 9
.word:
    pop eax
    call put_hex
    sub edi, 1
    jnz .word
    mov ax, TASK
    and byte [gdt + TASK + 5], 0xFD
    ltr ax
    jmp next_snippet

align 4
saved_gate:
    dq 0
other_state:
    times 26 dd 0
bad_state:
    times 26 dd 0
snippets:
    dd by_jump, by_call, by_gate, by_interrupt, by_exception, busy, not_present, too_short, return_to_idle
    dd virtual_task, 0
%include "snippets.asm"
