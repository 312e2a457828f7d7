; Where things are in memory. README.md draws it.

FIRMWARE_BASE       equ 0xF0000     ; physical address of offset 0 of the firmware's segment
FIRMWARE_SEGMENT    equ 0xF000

STACK_TOP           equ 0x7C00      ; grows down; a boot sector begins here
BOOT_SECTOR         equ 0x7C00

; BIOS data area, as offsets in segment 0x40 [IBM PC AT Technical Reference, "ROM BIOS Data Areas"]
BDA_SEGMENT         equ 0x40
BDA_COM_PORTS       equ 0x00        ; four words
BDA_EBDA_SEGMENT    equ 0x0E
BDA_EQUIPMENT       equ 0x10
BDA_MEMORY_KIB      equ 0x13
BDA_KEYS_HEAD       equ 0x1A
BDA_KEYS_TAIL       equ 0x1C
BDA_KEYS_BUFFER     equ 0x1E        ; sixteen words
BDA_VIDEO_MODE      equ 0x49
BDA_VIDEO_COLUMNS   equ 0x4A
BDA_CURSOR          equ 0x50        ; column, row of page 0
BDA_CURSOR_SHAPE    equ 0x60
BDA_TICKS           equ 0x6C        ; dword, timer ticks since midnight
BDA_MIDNIGHT        equ 0x70
BDA_FIXED_DISKS     equ 0x75
BDA_KEYS_START      equ 0x80
BDA_KEYS_END        equ 0x82
BDA_VIDEO_LAST_ROW  equ 0x84

EBDA_SEGMENT        equ 0x9FC0
EBDA_KIB            equ 1
LOW_MEMORY_KIB_MAX  equ 639         ; 640 less the EBDA

; The memory map as the machine gives it, for INT 15h AX=E820h: entries of
; { u64 base, u64 length, u32 type } in shadow RAM from 0xE0000 to 0xF3FFF
E820_SEGMENT        equ 0xE000
E820_TABLE          equ 0xE0000
E820_ENTRY_BYTES    equ 20
E820_ENTRIES_MAX    equ 4096
E820_USABLE         equ 1

; Hand-over to a PVH kernel: conventional memory from 64 KiB to 512 KiB
START_INFO          equ 0x10000     ; 56 bytes
START_INFO_MEMMAP   equ 0x11000     ; 4096 entries of 24 bytes: up to 0x28FFF
START_INFO_MODULES  equ 0x30000     ; 2048 modules of 32 bytes: up to 0x3FFFF
START_INFO_CMDLINE  equ 0x40000     ; up to 0x7FFFF, with its NUL
MODULE_BYTES        equ 32
MODULES_MAX         equ 2048
CMDLINE_BYTES_MAX   equ 0x3FFFF     ; without its NUL
