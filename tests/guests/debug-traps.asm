; Debug exceptions: which boundaries single step stops at, through code of many kinds; breakpoints on instructions, data and
; ports; DR6 afterwards.
bits 32
org 0x100000
entry:
    mov esp, 0x190000
    call com1_init
    mov eax, cr4
    or eax, 8                   ; DE
    mov cr4, eax
    jmp run_snippets

; Single step through this, a checksum of EIP, ECX and EDI at each boundary.
stepped:
    mov edi, [IDT + 8]
    mov [saved_gate], edi
    mov edi, [IDT + 12]
    mov [saved_gate + 4], edi
    mov eax, count_step
    mov [IDT + 8], ax
    shr eax, 16
    mov [IDT + 14], ax
    mov eax, bare_return
    mov [IDT + 0x1F * 8], ax
    shr eax, 16
    mov [IDT + 0x1F * 8 + 6], ax
    mov dword [steps], 0
    mov dword [checksum], 0
    mov esi, 0x200000
    xor ecx, ecx
    mov edi, 0x201000
    cld
    pushfd
    or dword [esp], 0x100
    popfd
    nop
    mov ecx, 5
    rep movsb                   ; a boundary after each iteration
    mov ecx, 3
.loop:
    add eax, ecx
    loop .loop
    push ss
    pop ss                      ; no boundary behind this
    nop
    mov ax, ss
    mov ss, ax
    nop
    xor ecx, ecx
    rep stosd                   ; nothing to do: one boundary
    int 0x1F                    ; its handler is not stepped; IRETD brings TF back
    call .leaf
    mov ecx, 4
    mov edi, 0x201000
    mov al, 0xFF
    repne scasb
    bswap ecx
    pushfd
    and dword [esp], 0xFFFFFEFF
    popfd
    nop
    mov edi, [saved_gate]
    mov [IDT + 8], edi
    mov edi, [saved_gate + 4]
    mov [IDT + 12], edi
    mov eax, [steps]
    call put_hex
    mov eax, [checksum]
    call put_hex
    ret
.leaf:
    ret
count_step:
    push eax
    add dword [steps], 1
    mov eax, [esp + 4]
    sub eax, stepped
    call mix
    mov eax, ecx
    call mix
    mov eax, edi
    call mix
    pop eax
    iretd
bare_return:
    iretd
mix:
    add eax, [checksum]
    rol eax, 7
    mov [checksum], eax
    ret

; Breakpoint 0 at EAX with the control bits in EBX, and a clean DR6.
watch:
    mov dr0, eax
    mov eax, 0xFFFF0FF0
    mov dr6, eax
    mov dr7, ebx
    ret
show_status:
    mov eax, dr6
    call put_hex
    xor eax, eax
    mov dr7, eax
    ret

on_instruction:
    mov eax, .here
    mov ebx, 0x401
    call watch
    nop
.here:
    nop
    ret
after_instruction:
    jmp show_status
on_write:
    mov eax, 0x200002
    mov ebx, 0x10401
    call watch
    mov al, [0x200002]
    mov [0x200003], al
    mov [0x200001], ax          ; two bytes: the second is it
    nop
    ret
after_write:
    jmp show_status
on_access:
    mov eax, 0x200004
    mov ebx, 0xF0401            ; four bytes, reads and writes
    call watch
    mov al, [0x200003]
    mov [0x200008], al
    mov al, [0x200007]
    nop
    ret
after_access:
    jmp show_status
on_push:
    mov eax, SNIPPET_STACK - 8
    mov ebx, 0xD0401
    call watch
    push eax
    pop eax
    ret
after_push:
    jmp show_status
on_port:
    mov eax, 0x80
    mov ebx, 0x20401
    call watch
    in al, 0x81
    out 0x80, al
    nop
    ret
after_port:
    jmp show_status
general_detect:
    mov eax, 0x2400
    mov dr7, eax
    mov eax, dr0
    ret
after_detect:
    mov eax, dr7
    call put_hex
    jmp show_status
saved_gate:
    dq 0
steps:
    dd 0
checksum:
    dd 0
snippets:
    dd stepped, on_instruction, after_instruction, on_write, after_write, on_access, after_access, on_push
    dd after_push, on_port, after_port, general_detect, after_detect, 0
%include "snippets.asm"
