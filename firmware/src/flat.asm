; Hand-over to an image that is entered in flat 32-bit protected mode with a structure of its boot protocol in memory: the
; loader has put the structure there, and opt/s7x/boot names the registers that point to it.
; [Linux, Documentation/arch/x86/boot.rst, "32-bit Boot Protocol"; Multiboot Specification 0.6.96, 3.2 "Machine state"]
;
; The protocols are content with this: CS 0x10 and the data segments 0x18, flat; paging and interrupts off; A20 on.
; Where the boot file names page tables, the entry is 64-bit code: long-mode.asm.

FLAT_CODE           equ 0x10
FLAT_DATA           equ 0x18
REAL_MODE_DATA      equ 0x20
RSDP_1_BYTES        equ 20
RSDP_2_BYTES        equ 36

flat_start:
    mov si, text_flat
    call put_text
    mov eax, [boot_entry]
    call put_hex
    mov si, text_flat_end
    call put_text
    mov al, POST_HAND_OVER
    out POST_PORT, al
    lgdt [flat_gdt_pointer]
    mov eax, CR0_PE
    mov cr0, eax
    jmp dword FLAT_CODE:FIRMWARE_BASE + flat_code

bits 32
flat_code:
    mov eax, FLAT_DATA
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov fs, eax
    mov gs, eax
    mov esp, STACK_TOP
    push dword EFLAGS_NONE
    popfd
    cld
    mov eax, [FIRMWARE_BASE + flat_rsdp_1]
    mov ecx, RSDP_1_BYTES
    call rsdp_copy
    mov eax, [FIRMWARE_BASE + flat_rsdp_2]
    mov ecx, RSDP_2_BYTES
    call rsdp_copy
    cmp dword [FIRMWARE_BASE + flat_cr3], 0
    jne long_mode_start
    mov ecx, [FIRMWARE_BASE + boot_entry]
    mov eax, [FIRMWARE_BASE + flat_eax]
    mov ebx, [FIRMWARE_BASE + flat_ebx]
    mov esi, [FIRMWARE_BASE + flat_esi]
    xor edx, edx
    xor edi, edi
    xor ebp, ebp
    jmp ecx

; Copies the first ECX bytes of the RSDP to EAX, unless that is 0 or there are no tables.
rsdp_copy:
    mov esi, [FIRMWARE_BASE + acpi_rsdp]
    test eax, eax
    jz .done
    test esi, esi
    jz .done
    mov edi, eax
    rep movsb
.done:
    ret

bits 16

align 8
flat_gdt:
    dq 0
    dq 0
    dq 0x00CF9B000000FFFF       ; FLAT_CODE: base 0, limit 4 GiB, execute/read, accessed
    dq 0x00CF93000000FFFF       ; FLAT_DATA: base 0, limit 4 GiB, read/write, accessed
    dq 0x000093000000FFFF       ; REAL_MODE_DATA: base 0, limit 64 KiB, read/write, accessed
flat_gdt_pointer:
    dw $ - flat_gdt - 1
    dd FIRMWARE_BASE + flat_gdt

text_flat:          db "boot: flat entry 0x", 0
text_flat_end:      db 10, 0
