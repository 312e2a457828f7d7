; INT 13h, INT 18h and INT 19h. There is no disk.

DRIVE_NOT_READY     equ 0x80

int_13h:
    push word disk_service
    jmp service_frame

disk_service:
    mov ah, DRIVE_NOT_READY
    jmp service_failed

; What a boot sector calls when it cannot go on.
int_18h:
    push cs
    pop ds
    cld
    jmp no_image

; Reboots: fast reset through port 0x92, which needs bit 0 to rise; where that does nothing, through the reset vector.
int_19h:
    in al, SYSTEM_CONTROL
    and al, 0xFE
    out SYSTEM_CONTROL, al
    or al, 1
    out SYSTEM_CONTROL, al
    jmp 0xF000:reset_vector
