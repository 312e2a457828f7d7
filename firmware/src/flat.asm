; Hand-over to an image that is entered in flat 32-bit protected mode with a structure of its boot protocol in memory: the
; loader has put the structure there, and opt/s7x/boot names the registers that point to it.
; [Linux, Documentation/arch/x86/boot.rst, "32-bit Boot Protocol"; Multiboot Specification 0.6.96, 3.2 "Machine state"]
;
; Both protocols are content with this: CS 0x10 and the data segments 0x18, flat; paging and interrupts off; A20 on.

FLAT_CODE           equ 0x10
FLAT_DATA           equ 0x18

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
    mov ecx, [FIRMWARE_BASE + boot_entry]
    mov eax, [FIRMWARE_BASE + flat_eax]
    mov ebx, [FIRMWARE_BASE + flat_ebx]
    mov esi, [FIRMWARE_BASE + flat_esi]
    xor edx, edx
    xor edi, edi
    xor ebp, ebp
    jmp ecx

bits 16

align 8
flat_gdt:
    dq 0
    dq 0
    dq 0x00CF9B000000FFFF       ; FLAT_CODE: base 0, limit 4 GiB, execute/read, accessed
    dq 0x00CF93000000FFFF       ; FLAT_DATA: base 0, limit 4 GiB, read/write, accessed
flat_gdt_pointer:
    dw $ - flat_gdt - 1
    dd FIRMWARE_BASE + flat_gdt

text_flat:          db "boot: flat 32-bit entry 0x", 0
text_flat_end:      db 10, 0
