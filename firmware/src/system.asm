; INT 11h, INT 12h and INT 15h: what the machine has.

SMAP                equ 'PAMS'      ; "SMAP" with the S in the highest byte
UNSUPPORTED         equ 0x86        ; AH of a function that is not there

; AX = equipment word
int_11h:
    push ds
    push BDA_SEGMENT
    pop ds
    mov ax, [BDA_EQUIPMENT]
    pop ds
    iret

; AX = KiB of contiguous memory from 0
int_12h:
    push ds
    push BDA_SEGMENT
    pop ds
    mov ax, [BDA_MEMORY_KIB]
    pop ds
    iret

int_15h:
    push word system_service
    jmp service_frame

system_service:
    cmp ax, 0xE820
    je .memory_map
    cmp ax, 0xE801
    je .memory_sizes
    cmp ah, 0x88
    je .extended_size
    cmp ax, 0x2400
    je .a20_off
    cmp ax, 0x2401
    je .a20_on
    cmp ax, 0x2402
    je .a20_status
    cmp ax, 0x2403
    je .a20_support
.unsupported:
    mov ah, UNSUPPORTED
    jmp service_failed

; AX=E820h: EBX = entry, ECX = size of the buffer at ES:DI, EDX = "SMAP".
; The entry is copied as it was given; EBX = the next one, or 0 after the last.
; [ACPI 6.5, "INT 15H, E820H - Query System Address Map"]
.memory_map:
    cmp edx, SMAP
    jne .unsupported
    cmp ecx, E820_ENTRY_BYTES
    jb .unsupported
    cmp ebx, [e820_count]
    jae .unsupported
    push ds
    mov ax, bx                  ; entry * 20 bytes = entry * 5 / 4 paragraphs
    shl ax, 2
    add ax, bx
    mov si, ax
    and si, 3
    shl si, 2
    shr ax, 2
    add ax, E820_SEGMENT
    mov ds, ax
    mov cx, E820_ENTRY_BYTES / 4
    rep movsd
    pop ds
    inc ebx
    cmp ebx, [e820_count]
    jb .more
    xor ebx, ebx
.more:
    mov [bp + FRAME_EBX], ebx
    mov dword [bp + FRAME_EAX], SMAP
    mov dword [bp + FRAME_ECX], E820_ENTRY_BYTES
    jmp service_succeeded

; AX=E801h: AX = CX = KiB from 1 MiB to 16 MiB, BX = DX = 64 KiB blocks from 16 MiB
.memory_sizes:
    mov ax, [below_16m_kib]
    mov [bp + FRAME_EAX], ax
    mov [bp + FRAME_ECX], ax
    mov ax, [above_16m_64k]
    mov [bp + FRAME_EBX], ax
    mov [bp + FRAME_EDX], ax
    jmp service_succeeded

; AH=88h: AX = KiB from 1 MiB
.extended_size:
    mov ax, [extended_kib]
    mov [bp + FRAME_EAX], ax
    jmp service_succeeded

.a20_off:
    in al, SYSTEM_CONTROL
    and al, ~(SYSTEM_CONTROL_A20 | 1) & 0xFF
    out SYSTEM_CONTROL, al
    jmp .a20_done
.a20_on:
    call a20_enable
.a20_done:
    mov byte [bp + FRAME_AH], 0
    jmp service_succeeded

.a20_status:                    ; AL = 1 when A20 is on
    in al, SYSTEM_CONTROL
    shr al, 1
    and al, 1
    mov ah, 0
    mov [bp + FRAME_EAX], ax
    jmp service_succeeded

.a20_support:                   ; BX bit 1: through port 0x92
    mov word [bp + FRAME_EBX], 2
    jmp .a20_done
