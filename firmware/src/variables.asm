; The firmware's own variables, in shadow RAM beside its code. POST writes each of them before it is read,
; so that a warm start does not depend on what the last run left.

align 16
fw_cfg_has_dma:     db 0

align 4
e820_count:         dd 0            ; entries in the table
ram_bytes:          dq 0            ; sum of the usable lengths, all ones when it would wrap

low_kib:            dw 0            ; INT 12h: KiB from 0
extended_kib:       dw 0            ; INT 15h AH=88h: KiB from 1 MiB
below_16m_kib:      dw 0            ; INT 15h AX=E801h: KiB from 1 MiB to 16 MiB
above_16m_64k:      dw 0            ; INT 15h AX=E801h: 64 KiB blocks from 16 MiB

; The file opt/s7x/boot: header, little endian. The modules that follow it go straight to START_INFO_MODULES.
align 8
boot_header:
boot_version:       dd 0
boot_kind:          dd 0
boot_entry:         dq 0
boot_rsdp:          dq 0
boot_module_count:  dd 0
boot_reserved:      dd 0
BOOT_HEADER_BYTES   equ $ - boot_header
flat_eax:           dd 0        ; behind the header in a boot file of the kind BOOT_FLAT
flat_ebx:           dd 0
flat_esi:           dd 0
flat_cr3:           dd 0        ; 0: entered as 32-bit code
flat_rsdp_1:        dd 0        ; where the RSDP of ACPI 1.0 is copied to, 0: nowhere
flat_rsdp_2:        dd 0        ; the same of ACPI 2.0
FLAT_REGISTER_BYTES equ $ - flat_eax

; Behind the header in a boot file of the kind BOOT_BOOT_SECTOR; all zeros without it
disk_drive:         db 0            ; what a boot sector gets in DL
disk_diskette_type: db 0            ; as INT 13h AH=08h gives it in BL; 0: a fixed disk
disk_heads:         db 0
disk_track_sectors: db 0
disk_cylinders:     dw 0
console_port:       dw 0            ; base of the serial port that is the console; 0: none
disk_sectors:       dd 0            ; 0: there is no disk
BOOT_DISK_BYTES     equ $ - disk_drive
disk_key:           dw 0            ; of opt/s7x/disk
key_waiting:        dw 0            ; character and scan code; 0: none
disk_mover:         dw 0            ; fw_cfg_read or fw_cfg_write
disk_status:        db 0            ; INT 13h AH=01h

align 4
cmdline_bytes:      dd 0            ; without the NUL; 0 when there is none

; ACPI: see acpi.asm
align 4
acpi_rsdp:          dd 0            ; physical address, 0 when there are no tables
acpi_free:          dw 0            ; where the room that is left begins
acpi_script:        dw 0            ; where it ends
acpi_files_end:     dw 0
acpi_files:         times 64 db 0   ; ACPI_FILES_MAX of ACPI_FILE_BYTES

; FWCfgDmaAccess: three big-endian fields
align 8
dma_control:        dd 0
dma_length:         dd 0
dma_address:        dq 0

; What a fw_cfg read of a few bytes lands in: a number, the signature, or one FWCfgFile
align 8
fw_cfg_buffer:      times 64 db 0
