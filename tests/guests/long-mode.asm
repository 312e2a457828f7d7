; From 32-bit protected mode to 64-bit mode, at the label in_long_mode of the including file. The first 1.5 TiB are
; mapped at their own addresses in pages of 1 GiB; nothing else is. Interrupts are off and there is no IDT.

PML4                equ 0x200000
PDPT                equ 0x201000
CODE_64             equ 8
DATA_64             equ 16

enter_long_mode:
    cld
    mov edi, PML4
    xor eax, eax
    mov ecx, 1024
    rep stosd
    mov dword [PML4], PDPT + 3
    mov dword [PML4 + 8], PDPT + 0x1003
    mov dword [PML4 + 16], PDPT + 0x2003
    mov edi, PDPT
    mov eax, 0x83               ; present, writable, a page
    xor edx, edx
    mov ecx, 1536
.gibibyte:
    mov [edi], eax
    mov [edi + 4], edx
    add eax, 0x40000000
    adc edx, 0
    add edi, 8
    loop .gibibyte
    mov eax, cr4
    or eax, 0x20                ; PAE
    mov cr4, eax
    mov eax, PML4
    mov cr3, eax
    mov ecx, 0xC0000080         ; IA32_EFER
    rdmsr
    or eax, 0x100               ; LME
    wrmsr
    mov eax, cr0
    or eax, 0x80000000          ; PG
    mov cr0, eax
    lgdt [long_gdt_pointer]
    lidt [long_no_idt]
    jmp CODE_64:long_segments
long_segments:
    mov eax, DATA_64
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov esp, 0x180000           ; zero-extends into RSP
    jmp in_long_mode

align 8
long_gdt:
    dq 0
    dq 0x00AF9A000000FFFF
    dq 0x00CF92000000FFFF
long_gdt_pointer:
    dw 23
    dd long_gdt, 0
long_no_idt:
    dw 0
    dd 0, 0
