; What to start: the file opt/s7x/boot says.

BOOT_FILE_VERSION   equ 1
BOOT_NONE           equ 0
BOOT_PVH            equ 1
BOOT_BOOT_SECTOR    equ 2
BOOT_FLAT           equ 3
BOOT_REAL_MODE      equ 4

boot:
    mov si, file_boot
    call fw_cfg_find_file
    jc no_image
    cmp ecx, BOOT_HEADER_BYTES
    jb .bad
    push ecx
    call fw_cfg_select
    mov ecx, BOOT_HEADER_BYTES
    mov edi, FIRMWARE_BASE + boot_header
    call fw_cfg_read
    pop ecx
    cmp dword [boot_version], BOOT_FILE_VERSION
    jne .bad
    mov eax, [boot_kind]
    cmp eax, BOOT_NONE
    je no_image
    cmp eax, BOOT_BOOT_SECTOR
    je boot_sector_load
    cmp eax, BOOT_REAL_MODE
    je boot_sector_load
    cmp dword [boot_entry + 4], 0       ; the others are entered at a 32-bit address
    jne .bad
    cmp eax, BOOT_FLAT
    je .flat
    cmp eax, BOOT_PVH
    jne .bad

    ; PVH: all modules are there.
    mov eax, [boot_module_count]
    cmp eax, MODULES_MAX
    ja .bad
    shl eax, 5                  ; times MODULE_BYTES
    sub ecx, BOOT_HEADER_BYTES
    cmp ecx, eax
    jb .bad
    mov ecx, eax
    mov edi, START_INFO_MODULES
    call fw_cfg_read            ; goes on behind the header
    call cmdline_load
    jmp pvh_start
.flat:
    cmp ecx, BOOT_HEADER_BYTES + FLAT_REGISTER_BYTES
    jb .bad
    mov ecx, FLAT_REGISTER_BYTES
    mov edi, FIRMWARE_BASE + flat_eax
    call fw_cfg_read            ; goes on behind the header
    jmp flat_start
.bad:
    mov al, POST_BAD_BOOT_FILE
    mov si, text_bad_boot_file
    jmp fail

no_image:
    mov al, POST_NO_IMAGE
    mov si, text_no_image
    jmp fail

; Copies the command line to START_INFO_CMDLINE and ends it with a NUL.
cmdline_load:
    mov ax, FW_CFG_CMDLINE_SIZE
    call fw_cfg_read_dword
    cmp eax, CMDLINE_BYTES_MAX
    jbe .fits
    mov si, text_cmdline_cut
    call put_text
    mov eax, CMDLINE_BYTES_MAX
.fits:
    mov [cmdline_bytes], eax
    test eax, eax
    jz .none
    mov ax, FW_CFG_CMDLINE_DATA
    call fw_cfg_select
    mov ecx, [cmdline_bytes]
    mov edi, START_INFO_CMDLINE
    call fw_cfg_read
    mov eax, [cmdline_bytes]
    add eax, START_INFO_CMDLINE
    mov di, ax
    and di, 15
    shr eax, 4
    mov es, ax
    mov byte [es:di], 0
.none:
    ret

; The sector is at 0x7C00 already, or the code where it is entered. ECX = bytes of the boot file, of which the header is read: its
; disk and console follow.
boot_sector_load:
    mov byte [disk_drive], FIRST_FIXED_DISK
    mov word [console_port], 0
    mov dword [disk_sectors], 0
    cmp ecx, BOOT_HEADER_BYTES + BOOT_DISK_BYTES
    jb hand_over
    mov ecx, BOOT_DISK_BYTES
    mov edi, FIRMWARE_BASE + disk_drive
    call fw_cfg_read
    mov si, file_disk
    call fw_cfg_find_file
    jnc .disk
    mov dword [disk_sectors], 0
.disk:
    mov [disk_key], ax
    mov byte [disk_status], 0
    cmp dword [disk_sectors], 0
    je .console
    push BDA_SEGMENT
    pop es
    cmp byte [disk_diskette_type], 0
    je .fixed
    or byte [es:BDA_EQUIPMENT], 1       ; one diskette drive
    jmp .console
.fixed:
    mov byte [es:BDA_FIXED_DISKS], 1
.console:
    call console_init

hand_over:
    cmp dword [boot_kind], BOOT_REAL_MODE
    je real_mode_kernel

; It gets what a PC gives it: drive in DL, interrupts on, and a running timer.
boot_sector:
    mov si, text_boot_sector
    call put_text
    mov al, POST_HAND_OVER
    out POST_PORT, al
    mov al, 0xFE                ; unmask request 0
    out PIC1_DATA, al
    xor eax, eax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, STACK_TOP
    xor ebx, ebx
    xor ecx, ecx
    xor esi, esi
    xor edi, edi
    xor ebp, ebp
    movzx edx, byte [cs:disk_drive]
    sti
    jmp 0:BOOT_SECTOR

; A Linux image's real-mode code, its first 512 bytes skipped: one segment for data and stack, interrupts off.
; [Linux, Documentation/arch/x86/boot.rst, "Running the Kernel"]
REAL_MODE_STACK     equ 0xE000          ; heap_end of that document
SETUP_SKIPPED       equ 0x20            ; paragraphs of a sector

real_mode_kernel:
    mov si, text_real_mode
    call put_text
    mov al, POST_HAND_OVER
    out POST_PORT, al
    mov al, 0xFE                ; unmask request 0
    out PIC1_DATA, al
    cli
    mov eax, [boot_entry]
    shr eax, 4
    mov bx, ax
    sub ax, SETUP_SKIPPED
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ss, ax
    mov sp, REAL_MODE_STACK
    push bx
    push 0
    retf

file_boot:          db "opt/s7x/boot", 0
file_disk:          db "opt/s7x/disk", 0
text_bad_boot_file: db "boot: opt/s7x/boot is not a boot file of version 1", 10, 0
text_no_image:      db "boot: no bootable image", 10, 0
text_cmdline_cut:   db "boot: command line cut to 262143 bytes", 10, 0
text_real_mode:     db "boot: real-mode code of a Linux image", 10, 0
text_boot_sector:   db "boot: boot sector", 10, 0
