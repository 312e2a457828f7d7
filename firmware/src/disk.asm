; INT 13h, INT 18h and INT 19h. One drive, whose sectors are the fw_cfg file opt/s7x/disk, written where the machine allows it.
; [IBM PC AT Technical Reference, "Fixed Disk BIOS", "Diskette BIOS"; T13 1226DT, "BIOS Enhanced Disk Drive Specification"]

DISK_INVALID        equ 0x01        ; AH of a failure: no such function, or a bad parameter
DISK_PROTECTED      equ 0x03
DISK_DMA_BOUNDARY   equ 0x09
DRIVE_NOT_READY     equ 0x80

SECTOR_SHIFT        equ 9           ; 512 bytes
FIRST_FIXED_DISK    equ 0x80
EDD_VERSION         equ 0x30        ; EDD 3.0
EDD_DISK_ACCESS     equ 0x0001      ; 42h to 44h, 47h, 48h
EDD_GEOMETRY_VALID  equ 0x0002
EDD_PARAMETER_BYTES equ 26
EDD_PACKET_BYTES    equ 16

int_13h:
    push word disk_service
    jmp service_frame

disk_service:
    cmp ah, 0x01
    je disk_last_status
    cmp dword [disk_sectors], 0
    je .no_drive
    cmp dl, [disk_drive]
    jne .no_drive
    mov si, disk_functions
.find:
    lodsb
    cmp al, ah
    je .found
    add si, 2
    cmp si, disk_functions_end
    jb .find
    mov ah, DISK_INVALID
    jmp disk_failed
.found:
    call word [si]              ; CF=1: AH = why
    jc disk_failed
    mov byte [disk_status], 0
    jmp service_succeeded
.no_drive:
    mov ah, DRIVE_NOT_READY
disk_failed:
    mov [disk_status], ah
    jmp service_failed

disk_functions:
    db 0x00
    dw disk_nothing             ; reset
    db 0x02
    dw disk_read
    db 0x03
    dw disk_write
    db 0x04
    dw disk_verify
    db 0x05
    dw disk_protected           ; format
    db 0x08
    dw disk_parameters
    db 0x0C
    dw disk_nothing             ; seek
    db 0x0D
    dw disk_nothing             ; reset of fixed disks
    db 0x10
    dw disk_nothing             ; ready?
    db 0x11
    dw disk_nothing             ; recalibrate
    db 0x15
    dw disk_type
    db 0x16
    dw disk_nothing             ; changed? no
    db 0x41
    dw edd_present
    db 0x42
    dw edd_read
    db 0x43
    dw edd_write
    db 0x44
    dw edd_verify
    db 0x47
    dw disk_nothing             ; seek
    db 0x48
    dw edd_parameters
disk_functions_end:

disk_last_status:
    mov al, [disk_status]
    mov [bp + FRAME_AH], al
    cmp al, 0
    je service_succeeded
    or byte [bp + FRAME_FLAGS], FLAGS_CF
    ret

disk_nothing:
    mov byte [bp + FRAME_AH], 0
    clc
    ret

disk_protected:
    mov ah, DISK_PROTECTED
    stc
    ret

disk_write:                     ; ES:BX = where from
    mov word [disk_mover], fw_cfg_write
    jmp disk_transfer
disk_read:                      ; ES:BX = where to
    mov word [disk_mover], fw_cfg_read
disk_transfer:
    call disk_range
    jc disk_failure
    movzx edi, word [bp + FRAME_ES]
    shl edi, 4
    movzx eax, word [bp + FRAME_EBX]
    add edi, eax
    cmp byte [disk_diskette_type], 0
    je .copy
    mov eax, ecx                ; the diskette controller's DMA counts 16 bits of the address
    shl eax, SECTOR_SHIFT
    add eax, edi
    dec eax
    xor eax, edi
    shr eax, 16
    jz .copy
    mov ah, DISK_DMA_BOUNDARY
    stc
    ret
.copy:
    call disk_copy
    jc disk_protected
    jmp disk_nothing

disk_verify:
    call disk_range
    jnc disk_nothing
    ret

disk_failure:
    ret

; AL = count, CH and CL bits 7:6 = cylinder, CL bits 5:0 = sector from 1, DH = head.
; EBX = first sector, ECX = count. CF=1: there are no such sectors, AH = why.
disk_range:
    mov cx, [bp + FRAME_ECX]
    movzx ebx, cl
    shr bl, 6
    xchg bl, bh
    mov bl, ch                  ; EBX = cylinder
    cmp bx, [disk_cylinders]
    jae .no_sector
    movzx eax, byte [disk_heads]
    imul ebx, eax
    movzx edx, byte [bp + FRAME_EDX + 1]
    cmp dl, al
    jae .no_sector
    add ebx, edx
    movzx eax, byte [disk_track_sectors]
    imul ebx, eax
    and ecx, 0x3F
    jz .no_sector
    cmp cl, al
    ja .no_sector
    dec ecx
    add ebx, ecx
    movzx ecx, byte [bp + FRAME_AL]
    test cl, cl
    jnz disk_has_sectors
.no_sector:
    mov ah, DISK_INVALID
    stc
    ret

; CF=1, AH = why: the disk ends before the sectors EBX to EBX + ECX - 1 do.
disk_has_sectors:
    mov eax, [disk_sectors]
    sub eax, ebx
    jb .behind
    cmp eax, ecx
    jb .behind
    ret
.behind:
    mov ah, DISK_INVALID
    stc
    ret

; ECX sectors from sector EBX on, to or from physical address EDI. CF=1: they cannot be written. Changes all but BP.
disk_copy:
    push ecx
    push edi
    mov ax, [disk_key]
    call fw_cfg_select
    mov ecx, ebx
    shl ecx, SECTOR_SHIFT
    call fw_cfg_skip
    pop edi
    pop ecx
    shl ecx, SECTOR_SHIFT
    jmp word [disk_mover]       ; what is read behind the end of the file are zeros

disk_parameters:                ; CX = last cylinder and sector, DH = last head, DL = drives; diskettes: BL, ES:DI
    mov ax, [disk_cylinders]
    dec ax
    xchg al, ah
    shl al, 6
    or al, [disk_track_sectors]
    mov [bp + FRAME_ECX], ax
    mov ah, [disk_heads]
    dec ah
    mov al, 1
    mov [bp + FRAME_EDX], ax
    mov word [bp + FRAME_EAX], 0
    mov al, [disk_diskette_type]
    test al, al
    jz .done
    mov ah, 0
    mov [bp + FRAME_EBX], ax
    mov word [bp + FRAME_EDI], diskette_parameters
    mov [bp + FRAME_ES], cs
.done:
    clc
    ret

disk_type:                      ; AH = 1 diskette that does not notice a change, 3 fixed disk of CX:DX sectors
    mov byte [bp + FRAME_AH], 1
    cmp byte [disk_diskette_type], 0
    jne .done
    mov byte [bp + FRAME_AH], 3
    mov eax, [disk_sectors]
    mov [bp + FRAME_EDX], ax
    shr eax, 16
    mov [bp + FRAME_ECX], ax
.done:
    clc
    ret

; The extensions are for fixed disks.
edd_present:
    cmp word [bp + FRAME_EBX], 0x55AA
    jne edd_invalid
    cmp byte [disk_diskette_type], 0
    jne edd_invalid
    mov word [bp + FRAME_EBX], 0xAA55
    mov byte [bp + FRAME_AH], EDD_VERSION
    mov word [bp + FRAME_ECX], EDD_DISK_ACCESS
    clc
    ret
edd_invalid:
    mov ah, DISK_INVALID
    stc
    ret

edd_write:
    mov word [disk_mover], fw_cfg_write
    jmp edd_transfer
edd_read:
    mov word [disk_mover], fw_cfg_read
edd_transfer:
    call edd_range
    jc .failed
    jcxz .done
    movzx edi, word [es:si + 6] ; segment
    shl edi, 4
    movzx eax, word [es:si + 4] ; offset
    add edi, eax
    push es
    push si
    call disk_copy
    pop si
    pop es
    jc .protected
.done:
    jmp disk_nothing
.protected:
    mov word [es:si + 2], 0     ; none transferred
    jmp disk_protected
.failed:
    ret

edd_verify:
    call edd_range
    jnc disk_nothing
    ret

; DS:SI of the caller, as ES:SI = address packet. EBX = first sector, ECX = count. CF=1: AH = why.
edd_range:
    cmp byte [disk_diskette_type], 0
    jne edd_invalid
    mov es, [bp + FRAME_DS]
    mov si, [bp + FRAME_ESI]
    cmp byte [es:si], EDD_PACKET_BYTES
    jb edd_invalid
    cmp dword [es:si + 12], 0   ; 2^32 sectors are more than there are
    jne edd_invalid
    movzx ecx, word [es:si + 2]
    mov ebx, [es:si + 8]
    call disk_has_sectors
    jnc .done
    mov word [es:si + 2], 0     ; none transferred
    stc
.done:
    ret

edd_parameters:
    cmp byte [disk_diskette_type], 0
    jne edd_invalid
    mov es, [bp + FRAME_DS]
    mov di, [bp + FRAME_ESI]
    cmp word [es:di], EDD_PARAMETER_BYTES
    jb edd_invalid
    mov ax, EDD_PARAMETER_BYTES
    stosw
    mov ax, EDD_GEOMETRY_VALID
    stosw
    movzx eax, word [disk_cylinders]
    stosd
    mov al, [disk_heads]
    mov ah, 0
    stosd
    mov al, [disk_track_sectors]
    stosd
    mov eax, [disk_sectors]
    stosd
    xor eax, eax
    stosd
    mov ax, 1 << SECTOR_SHIFT
    stosw
    jmp disk_nothing

; INT 1Eh: of a diskette of 1.44 MB. Boot sectors copy and change it.
diskette_parameters:
    db 0xDF, 0x02, 0x25, 0x02, 0x12, 0x1B, 0xFF, 0x6C, 0xF6, 0x0F, 0x08

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
