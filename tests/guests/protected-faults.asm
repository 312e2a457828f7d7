; What each of these raises in 32-bit protected mode: vector, error code, saved EIP. Without paging. Left out because QEMU
; does not check them: limits of data segments, inconsistent and reserved bits of CR0 and CR4, control registers that are not there.
bits 32
org 0x100000
entry:
    mov esp, 0x190000
    call com1_init
    mov dword [spare + 0x00], 0x0000FFFF    ; 30h: code, not present
    mov dword [spare + 0x04], 0x00CF1B00
    mov dword [spare + 0x08], 0x0000FFFF    ; 38h: data, not present
    mov dword [spare + 0x0C], 0x00CF1300
    mov dword [spare + 0x10], 0x0000FFFF    ; 40h: data, read-only
    mov dword [spare + 0x14], 0x00CF9100
    mov dword [spare + 0x18], 0x0000FFFF    ; 48h: code, execute-only
    mov dword [spare + 0x1C], 0x00CF9900
    mov dword [spare + 0x20], 0x0000003F    ; 50h: an LDT
    mov dword [spare + 0x24], 0x00008220
    mov dword [spare + 0x28], 0x00080000    ; 58h: a call gate to code, not present
    mov dword [spare + 0x2C], 0x00100C00
    mov dword [spare + 0x30], 0x00100000    ; 60h: a call gate to data
    mov dword [spare + 0x34], 0x00108C00
    jmp run_snippets

divide_error:
    xor edx, edx
    xor ecx, ecx
    div ecx
    ret
divide_overflow:
    mov edx, 5
    mov ecx, 5
    div ecx
    ret
most_negative:
    mov eax, 0x80000000
    mov edx, 0xFFFFFFFF
    mov ecx, 0xFFFFFFFF
    idiv ecx
    ret
no_overflow:
    xor eax, eax
    into
    ret
overflow:
    mov eax, 0x7FFFFFFF
    add eax, 1
    into
    ret
bounds:
    mov eax, 5
    bound eax, [bounds_pair]
    ret
bounds_kept:
    mov eax, 3
    bound eax, [bounds_pair]
    ret
breakpoint:
    int3
    ret
undefined:
    ud2
    ret
locked_register:
    db 0xF0, 0x01, 0xC8         ; lock add eax, ecx
    ret
absent_vector:
    int 0x80                    ; beyond the limit of the IDT
    ret
software:
    int 0x20
    ret
selector_beyond:
    mov ax, 0x4000
    mov ds, ax
    ret
selector_of_ldt:
    mov ax, 0x0C
    mov ds, ax                  ; there is no LDT
    ret
data_absent:
    mov ax, 0x38
    mov es, ax
    ret
data_execute_only:
    mov ax, 0x48
    mov es, ax
    ret
data_system:
    mov ax, 0x50
    mov es, ax
    ret
stack_null:
    xor eax, eax
    mov ss, ax
    ret
stack_absent:
    mov ax, 0x38
    mov ss, ax
    ret
stack_read_only:
    mov ax, 0x40
    mov ss, ax
    ret
stack_other_level:
    mov ax, DATA_3
    mov ss, ax
    ret
load_code_segment:
    db 0x8E, 0xC8               ; mov cs, ax
    ret
jump_null:
    jmp 0:0
jump_data:
    jmp DATA_0:0
jump_absent:
    jmp 0x30:0
jump_outer:
    jmp CODE_3:0
jump_ldt:
    jmp 0x50:0
gate_absent:
    call 0x58:0
gate_to_data:
    call 0x60:0
busy_task:
    mov ax, TASK
    ltr ax
    ret
task_of_data:
    mov ax, DATA_0
    ltr ax
    ret
table_of_data:
    mov ax, DATA_0
    lldt ax
    ret
table_null:
    xor eax, eax
    lldt ax
    ret
model_specific:
    mov ecx, 0xDEAD
    rdmsr
    ret
efer_reserved:
    mov ecx, 0xC0000080
    rdmsr
    or edx, 0x80000000
    wrmsr
    ret
return_null:
    push dword 0
    push dword 0
    retf
return_inner:
    push dword CODE_0 + 3       ; RPL 3 for code of DPL 0
    push dword 0
    retf
interrupt_return_data:
    push dword 2
    push dword DATA_0
    push dword 0
    iretd
interrupt_return_stack:
    push dword 0                ; SS for CPL 3: null
    push dword 0x170000
    push dword 2
    push dword CODE_3 + 3
    push dword user
    iretd
privileged:
    call to_user
    hlt
privileged_io:
    call to_user
    in al, 0x40                 ; the TSS has no permission map
privileged_flags:
    call to_user
    cli
gate_of_level_0:
    call to_user
    int 3
    int 0x0D                    ; DPL 0
gate_of_level_3:
    call to_user
    int 0x20
inner_data:
    call to_user
    mov ax, DATA_0
    mov ds, ax
aligned:
    mov eax, cr0
    or eax, 0x40000             ; AM
    mov cr0, eax
    call to_user
    push dword 0x40002
    popfd
    mov eax, [0x200001]
user_undefined:
    call to_user
user:
    ud2

; Goes on behind the call at CPL 3.
to_user:
    pop eax
    push dword DATA_3 + 3
    push dword 0x170000
    push dword 2
    push dword CODE_3 + 3
    push eax
    mov ax, DATA_3 + 3
    mov ds, ax
    mov es, ax
    iretd

bounds_pair:
    dd 1, 4
align 4
snippets:
    dd divide_error, divide_overflow, most_negative, no_overflow, overflow, bounds, bounds_kept, breakpoint
    dd undefined, locked_register, absent_vector, software, selector_beyond, selector_of_ldt, data_absent
    dd data_execute_only, data_system, stack_null, stack_absent, stack_read_only, stack_other_level
    dd load_code_segment, jump_null, jump_data, jump_absent, jump_outer, jump_ldt, gate_absent, gate_to_data
    dd busy_task, task_of_data, table_of_data, table_null, model_specific, efer_reserved, return_null, return_inner
    dd interrupt_return_data, interrupt_return_stack, privileged, privileged_io, privileged_flags
    dd gate_of_level_0, gate_of_level_3, inner_data, aligned, user_undefined, 0
%include "snippets.asm"
