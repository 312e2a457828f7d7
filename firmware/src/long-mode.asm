; Hand-over to 64-bit code, with the loader's page tables: CS 0x10 and the data segments 0x18, both flat; ESI, EAX, EBX of
; the boot file. Entered in flat 32-bit protected mode, from flat.asm; the only file that an 80386 could not run.
; [Linux, Documentation/arch/x86/boot.rst, "64-bit Boot Protocol"; SDM Vol. 3A, "Initializing IA-32e Mode"]

LONG_CODE32         equ 0x08        ; the code segment of the way into long mode
CR4_PAE             equ 0x20
CR0_PG              equ 0x80000000
IA32_EFER           equ 0xC0000080
EFER_LME            equ 0x100

bits 32
long_mode_start:
    lgdt [FIRMWARE_BASE + long_gdt_pointer]
    jmp dword LONG_CODE32:FIRMWARE_BASE + long_code32
long_code32:
    mov eax, CR4_PAE
    mov cr4, eax
    mov eax, [FIRMWARE_BASE + flat_cr3]
    mov cr3, eax
    mov ecx, IA32_EFER
    mov eax, EFER_LME
    xor edx, edx
    wrmsr
    mov eax, cr0
    or eax, CR0_PG
    mov cr0, eax                ; compatibility mode from here on
    mov eax, [FIRMWARE_BASE + boot_entry]
    mov [FIRMWARE_BASE + long_entry], eax
    mov eax, [FIRMWARE_BASE + flat_eax]
    mov ebx, [FIRMWARE_BASE + flat_ebx]
    mov esi, [FIRMWARE_BASE + flat_esi]
    xor ecx, ecx
    xor edx, edx
    xor edi, edi
    xor ebp, ebp
    jmp far [FIRMWARE_BASE + long_entry]

bits 16

align 8
long_gdt:
    dq 0
    dq 0x00CF9B000000FFFF       ; LONG_CODE32: base 0, limit 4 GiB, execute/read, accessed
    dq 0x00AF9B000000FFFF       ; FLAT_CODE: 64-bit code
    dq 0x00CF93000000FFFF       ; FLAT_DATA: base 0, limit 4 GiB, read/write, accessed
long_gdt_pointer:
    dw $ - long_gdt - 1
    dd FIRMWARE_BASE + long_gdt
long_entry:
    dd 0
    dw FLAT_CODE
