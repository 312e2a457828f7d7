; Hand-over to a PVH kernel: builds hvm_start_info and enters the kernel in 32-bit protected mode.
; [Xen, docs/misc/pvh.pandoc; xen/include/public/arch-x86/hvm/start_info.h]

START_INFO_MAGIC    equ 0x336EC578
START_INFO_VERSION  equ 1
MEMMAP_ENTRY_BYTES  equ 24          ; { u64 addr, u64 size, u32 type, u32 reserved }

CODE32              equ 0x08        ; selectors
DATA32              equ 0x10
TSS32               equ 0x18
DATA16              equ 0x20

CR0_PE              equ 0x01
EFLAGS_NONE         equ 0x02        ; IF, TF and VM clear; bit 1 is always set

pvh_start:
    mov si, text_pvh
    call put_text
    mov eax, [boot_entry]
    call put_hex
    mov si, text_modules
    call put_text
    mov eax, [boot_module_count]
    xor edx, edx
    call put_decimal
    mov si, text_cmdline
    call put_text
    mov eax, [cmdline_bytes]
    xor edx, edx
    call put_decimal
    mov si, text_bytes
    call put_text

    mov al, POST_HAND_OVER
    out POST_PORT, al
    lgdt [gdt_pointer]
    mov eax, CR0_PE             ; nothing else: paging off, caches on
    mov cr0, eax
    jmp dword CODE32:FIRMWARE_BASE + pvh_flat

bits 32
pvh_flat:
    mov eax, DATA32
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov fs, eax
    mov gs, eax
    mov esp, STACK_TOP
    mov eax, TSS32
    ltr ax
    push dword EFLAGS_NONE
    popfd

    ; memory map: 20 bytes each, then four of padding
    mov esi, E820_TABLE
    mov edi, START_INFO_MEMMAP
    mov edx, [FIRMWARE_BASE + e820_count]
    xor eax, eax
    test edx, edx
    jz .map_done
.entry:
    mov ecx, E820_ENTRY_BYTES / 4
    rep movsd
    stosd
    dec edx
    jnz .entry
.map_done:

    mov edi, START_INFO
    mov ecx, 14                 ; 56 bytes
    rep stosd                   ; EAX is 0: flags, reserved and the high halves of all addresses
    mov dword [START_INFO + 0], START_INFO_MAGIC
    mov dword [START_INFO + 4], START_INFO_VERSION
    mov eax, [FIRMWARE_BASE + boot_module_count]
    mov [START_INFO + 12], eax
    test eax, eax
    jz .no_modules
    mov dword [START_INFO + 16], START_INFO_MODULES
.no_modules:
    cmp dword [FIRMWARE_BASE + cmdline_bytes], 0
    je .no_cmdline
    mov dword [START_INFO + 24], START_INFO_CMDLINE
.no_cmdline:
    mov eax, [FIRMWARE_BASE + boot_rsdp]
    mov edx, [FIRMWARE_BASE + boot_rsdp + 4]
    mov ecx, eax
    or ecx, edx
    jnz .rsdp_given
    mov eax, [FIRMWARE_BASE + acpi_rsdp]
.rsdp_given:
    mov [START_INFO + 32], eax
    mov [START_INFO + 36], edx
    mov eax, [FIRMWARE_BASE + e820_count]
    mov [START_INFO + 48], eax
    test eax, eax
    jz .no_map
    mov dword [START_INFO + 40], START_INFO_MEMMAP
.no_map:

    mov ebx, START_INFO
    mov eax, [FIRMWARE_BASE + boot_entry]
    jmp eax

bits 16

align 8
gdt:
    dq 0
    dq 0x00CF9B000000FFFF       ; CODE32: base 0, limit 4 GiB, execute/read, accessed
    dq 0x00CF93000000FFFF       ; DATA32: base 0, limit 4 GiB, read/write, accessed
    dq 0x0000890000000067       ; TSS32: base 0, limit 0x67, available; ltr marks it busy
    dq 0x000093000000FFFF       ; DATA16: base 0, limit 64 KiB: what real mode has
gdt_pointer:
    dw $ - gdt - 1
    dd FIRMWARE_BASE + gdt

text_pvh:           db "boot: PVH entry 0x", 0
text_modules:       db ", modules: ", 0
text_cmdline:       db ", command line: ", 0
text_bytes:         db " bytes", 10, 0
