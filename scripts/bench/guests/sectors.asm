; In real mode: reads CODE_SECTORS sectors behind the boot sector to SECTORS, from the disk in DL, which the BIOS has booted from.

SECTORS     equ 0x7E00

    mov sp, 0x7C00
    sti
    mov bx, SECTORS
    mov ax, 0x0200 + CODE_SECTORS
    mov cx, 2                   ; cylinder 0, from sector 2 on
    mov dh, 0
    int 0x13
    cli
