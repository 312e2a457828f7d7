; Behind long-mode.asm: from CPL 0 to CPL 3, where control goes to the guest's `user` with IOPL 3. System calls come back
; to CPL 0 by the guest's own means; the task-state segment has the stack for those that come by an interrupt.

TSS         equ 0x5000
USER_STACK  equ 0xC000
USER_DATA   equ 0x20 + 3
USER_CODE   equ 0x28 + 3
TSS_SEGMENT equ 0x30

    mov eax, 4                  ; user pages: the first 2 MiB
    mov edi, PML4
    or [edi], eax
    or [edi + PDPT - PML4], eax
    or [edi + PAGE_DIR - PML4], eax
    mov eax, cr3
    mov cr3, eax
    mov esi, user_gdt_pointer
    lgdt [esi]
    mov edi, TSS
    mov dword [edi + 4], STACK_TOP ; RSP0
    mov dword [edi + 8], 0
    mov eax, TSS_SEGMENT
    ltr ax
    push USER_DATA
    push USER_STACK
    push 0x3002                 ; IOPL 3: the end (finish.asm) writes to ports
    push USER_CODE
    push user
    db REX_W
    iretd

user_gdt:
    dq 0
    dq 0x00AF9B000000FFFF       ; code, 64-bit, ring 0, accessed
    dq 0x00CF93000000FFFF       ; data
    dq 0                        ; IA32_STAR: here code of 32 bits would be
    dq 0x00CFF3000000FFFF       ; data, ring 3
    dq 0x00AFFB000000FFFF       ; code, 64-bit, ring 3
    dq TSS * 0x10000 + 0x0000890000000067
    dq 0
user_gdt_pointer:
    dw user_gdt_pointer - user_gdt - 1
    dq user_gdt
