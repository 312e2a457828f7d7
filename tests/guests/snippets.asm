; Runs the routines whose addresses stand at `snippets`, up to a zero, each with the exceptions that it raises. For each
; exception a line: vector (8 bits), error code (16 bits, 0 where there is none), offset of the saved EIP from the
; routine's start (8 bits); for #PF another with CR2. ffffffff where the routine has returned. 32-bit, ring 0.
;
; The including file has `snippets`, and may use the selectors and tables below.

CODE_0              equ 0x08
DATA_0              equ 0x10
CODE_3              equ 0x18
DATA_3              equ 0x20
TASK                equ 0x28
SPARE               equ 0x30    ; for the including file, up to spare_end
SNIPPET_STACK       equ 0x180000
IDT                 equ 0x300000
STUBS               equ 0x301000
STUB_ADDRESSES      equ 0x302000
VECTORS             equ 33
WITH_ERROR_CODE     equ 0x227D00    ; #DF #TS #NP #SS #GP #PF #AC #CP

run_snippets:
    lgdt [gdt_pointer]
    jmp CODE_0:.flat
.flat:
    call load_data_segments
    mov esp, SNIPPET_STACK
    mov ax, TASK
    ltr ax
    xor eax, eax
    lldt ax
    mov edi, STUBS              ; push a zero where the processor pushes no error code; push the vector; jump
    xor esi, esi
.stub:
    mov [STUB_ADDRESSES + esi * 4], edi
    mov eax, WITH_ERROR_CODE
    bt eax, esi
    jc .vector
    mov word [edi], 0x006A
    add edi, 2
.vector:
    mov byte [edi], 0x6A
    mov eax, esi
    mov [edi + 1], al
    mov byte [edi + 2], 0xE9
    mov eax, report_event - 7
    sub eax, edi
    mov [edi + 3], eax
    add edi, 7
    add esi, 1
    cmp esi, VECTORS
    jne .stub
    mov edi, IDT
    xor esi, esi
.gate:
    mov eax, [STUB_ADDRESSES + esi * 4]
    mov [edi], ax
    mov word [edi + 2], CODE_0
    mov word [edi + 4], 0x8E00
    shr eax, 16
    mov [edi + 6], ax
    add edi, 8
    add esi, 1
    cmp esi, VECTORS
    jne .gate
    mov byte [IDT + 32 * 8 + 5], 0xEE   ; vector 32: a gate for CPL 3
    lidt [idt_pointer]
    mov dword [position], snippets
next_snippet:
    mov ax, DATA_0
    mov ss, ax
    mov esp, SNIPPET_STACK
    call load_data_segments
    mov ebp, [position]
    mov eax, [ebp]
    test eax, eax
    jz power_off
    add ebp, 4
    mov [position], ebp
    mov [start], eax
    call eax
    mov eax, 0xFFFFFFFF
    call put_hex
    jmp next_snippet

load_data_segments:
    mov ax, DATA_0
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ss, ax
    ret

; On the stack: vector, error code, EIP, CS, EFLAGS.
report_event:
    mov ax, DATA_0
    mov ds, ax
    mov es, ax
    mov edi, [esp]
    mov eax, [esp + 4]
    and eax, 0xFFFF
    mov ecx, [esp + 8]
    sub ecx, [start]
    and ecx, 0xFF
    shl eax, 8
    or eax, ecx
    mov ecx, edi
    shl ecx, 24
    or eax, ecx
    call put_hex
    cmp edi, 14
    jne .done
    mov eax, cr2
    call put_hex
.done:
    push dword 2
    popfd
    jmp next_snippet

position:
    dd 0
start:
    dd 0
align 8
gdt:
    dq 0
    dq 0x00CF9B000000FFFF       ; code, CPL 0
    dq 0x00CF93000000FFFF       ; data
    dq 0x00CFFB000000FFFF       ; code, CPL 3
    dq 0x00CFF3000000FFFF       ; data
    dw 0x67                     ; the TSS
    dw task_state & 0xFFFF
    db task_state >> 16, 0x89, 0, 0
spare:
    times 16 dq 0
spare_end:
gdt_pointer:
    dw spare_end - gdt - 1
    dd gdt
idt_pointer:
    dw VECTORS * 8 - 1
    dd IDT
align 4
task_state:
    dd 0, 0x190000, DATA_0
    times 23 dd 0
%include "serial.asm"
