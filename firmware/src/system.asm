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
    cmp ah, 0x86
    je wait_time
    cmp ah, 0x88
    je .extended_size
    cmp ah, 0x87
    je move_block
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

.a20_off:                       ; both gates: either of them keeps it on
    in al, SYSTEM_CONTROL
    and al, ~(SYSTEM_CONTROL_A20 | 1) & 0xFF
    out SYSTEM_CONTROL, al
    mov al, KEYBOARD_OUTPUT
    out KEYBOARD_COMMAND, al
    mov al, KEYBOARD_A20_OFF
    out KEYBOARD_DATA, al
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

; AH=86h: waits CX:DX microseconds, with interrupts on. [IBM PC AT Technical Reference, INT 15h, "Wait"]
REFRESHES_PER_SECOND    equ 66288       ; 1193182 / 18
MICROSECONDS_PER_SECOND equ 1000000

wait_time:
    sti
    mov ax, cx
    shl eax, 16
    mov ax, dx
    mov ecx, REFRESHES_PER_SECOND
    mul ecx
    mov ecx, MICROSECONDS_PER_SECOND
    div ecx
    lea ecx, [eax + 2]          ; never less: the first change may be near
    mov ah, 0
.change:
    in al, SYSTEM_CONTROL_B
    and al, REFRESH_TOGGLE
    cmp al, ah
    je .change
    mov ah, al
    dec ecx
    jnz .change
    jmp service_succeeded

; AH=87h: copies CX words; in the table at ES:SI are descriptors of the source (10h) and the destination (18h). Interrupts
; are off meanwhile, and A20 on. [IBM PC AT Technical Reference, INT 15h, "Move a Block of Memory"]
DESCRIPTOR_SOURCE       equ 0x10
DESCRIPTOR_DESTINATION  equ 0x18

move_block:
    mov bx, si
    push bx
    add bx, DESCRIPTOR_DESTINATION
    call descriptor_base
    mov edi, eax
    pop bx
    add bx, DESCRIPTOR_SOURCE
    call descriptor_base
    mov esi, eax
    movzx ecx, cx
    pushf
    cli
    in al, SYSTEM_CONTROL
    push ax
    call a20_enable
    push ds
    push es
    lgdt [flat_gdt_pointer]
    mov eax, cr0
    or al, CR0_PE
    mov cr0, eax
    jmp short .protected
.protected:
    mov bx, FLAT_DATA
    mov ds, bx
    mov es, bx
    a32 rep movsw
    mov bx, REAL_MODE_DATA      ; the limit of 64 KiB stays behind in real mode
    mov ds, bx
    mov es, bx
    and al, ~CR0_PE & 0xFF
    mov cr0, eax
    jmp short .real
.real:
    pop es
    pop ds
    pop ax
    and al, 0xFE
    out SYSTEM_CONTROL, al
    popf
    mov byte [bp + FRAME_AH], 0
    or byte [bp + FRAME_FLAGS], FLAGS_ZF
    jmp service_succeeded

; EAX = base of the descriptor at ES:BX
descriptor_base:
    mov eax, [es:bx + 2]
    and eax, 0x00FFFFFF
    movzx edx, byte [es:bx + 7]
    shl edx, 24
    or eax, edx
    ret
