; The interrupt vector table, the hardware interrupts, and the way into a service.

; 256 vectors: all to a plain return, then the hardware interrupts, then the exceptions and services.
vectors_init:
    xor ax, ax
    mov es, ax
    xor di, di
    mov cx, 256
    mov eax, (FIRMWARE_SEGMENT << 16) + ignore_interrupt
    rep stosd
    mov di, 0x08 * 4
    mov cx, 8
    mov eax, (FIRMWARE_SEGMENT << 16) + ignore_request
    rep stosd
    mov di, 0x70 * 4
    mov cx, 8
    mov eax, (FIRMWARE_SEGMENT << 16) + ignore_request_8_to_15
    rep stosd
    mov si, service_vectors
.next:
    lodsw                       ; vector
    cmp ax, -1
    je .done
    mov di, ax
    shl di, 2
    movsw                       ; offset; the segment is there already
    jmp .next
.done:
    ret

service_vectors:
    dw 0x00, exception_00h
    dw 0x06, exception_06h
    dw 0x07, exception_07h
    dw 0x08, timer_tick
    dw 0x10, int_10h
    dw 0x11, int_11h
    dw 0x12, int_12h
    dw 0x13, int_13h
    dw 0x14, int_14h
    dw 0x15, int_15h
    dw 0x16, int_16h
    dw 0x18, int_18h
    dw 0x19, int_19h
    dw 0x1A, int_1ah
    dw 0x1E, diskette_parameters
    dw -1

ignore_interrupt:
    iret

; #DE, #UD and #NM, when what is booted has no handler. They return to the instruction that raised them, so a plain return would
; raise them for ever. The other exceptions share their vectors with requests and services.
exception_00h:
    push word 0x00
    jmp exception
exception_06h:
    push word 0x06
    jmp exception
exception_07h:
    push word 0x07

; Stops, and says where. On the stack: vector, IP, CS, flags.
exception:
    push cs
    pop ds
    cld
    mov bp, sp
    mov si, text_exception
    call put_text
    movzx eax, word [bp]
    call put_hex
    mov si, text_at
    call put_text
    movzx eax, word [bp + 4]
    shl eax, 4
    movzx ecx, word [bp + 2]
    add eax, ecx
    call put_hex
    mov al, POST_EXCEPTION
    mov si, text_no_handler
    jmp fail

text_exception:     db "stopped: exception ", 0
text_at:            db " at ", 0
text_no_handler:    db ", and nothing handles it", 10, 0

; A request that nobody claimed. Without an in-service bit it was spurious, and there is nothing to end.
ignore_request:
    push ax
    mov al, PIC_READ_ISR
    out PIC1_COMMAND, al
    in al, PIC1_COMMAND
    test al, al
    jz .spurious
    mov al, PIC_EOI
    out PIC1_COMMAND, al
.spurious:
    pop ax
    iret

; The same for the second controller. A spurious request there still stands as request 2 in the first one.
ignore_request_8_to_15:
    push ax
    mov al, PIC_READ_ISR
    out PIC2_COMMAND, al
    in al, PIC2_COMMAND
    test al, al
    mov al, PIC_EOI
    jz .spurious
    out PIC2_COMMAND, al
.spurious:
    out PIC1_COMMAND, al
    pop ax
    iret

; Vector 0x08, 18.2 times a second.
TICKS_PER_DAY       equ 0x1800B0
timer_tick:
    push ds
    push ax
    push BDA_SEGMENT
    pop ds
    inc dword [BDA_TICKS]
    cmp dword [BDA_TICKS], TICKS_PER_DAY
    jb .same_day
    mov dword [BDA_TICKS], 0
    mov byte [BDA_MIDNIGHT], 1
.same_day:
    int 0x1C                    ; for whoever wants to know
    mov al, PIC_EOI
    out PIC1_COMMAND, al
    pop ax
    pop ds
    iret

; The way into a service: its vector points to "push service; jmp service_frame". The service is called with the
; caller's registers, less DS (the firmware's) and BP, which points to this frame:
;
;   BP+42  flags      caller's, what iret restores
;   BP+40  cs
;   BP+38  ip
;   BP+36  service
;   BP+32  eax   28 ecx   24 edx   20 ebx   16 esp   12 ebp   8 esi   4 edi
;   BP+2   ds
;   BP+0   es
;
; Results are written into the frame; whatever else a service changes is restored from it.
FRAME_FLAGS         equ 42
FRAME_SERVICE       equ 36
FRAME_EAX           equ 32
FRAME_AL            equ 32
FRAME_AH            equ 33
FRAME_ECX           equ 28
FRAME_EDX           equ 24
FRAME_EBX           equ 20
FRAME_EBP           equ 12
FRAME_ESI           equ 8
FRAME_EDI           equ 4
FRAME_DS            equ 2
FRAME_ES            equ 0
FLAGS_CF            equ 0x01
FLAGS_ZF            equ 0x40

service_frame:
    pushad
    push ds
    push es
    mov bp, sp
    push cs
    pop ds
    cld
    call word [bp + FRAME_SERVICE]
    pop es
    pop ds
    popad
    add sp, 2
    iret

service_succeeded:
    and byte [bp + FRAME_FLAGS], ~FLAGS_CF & 0xFF
    ret

; AH = why
service_failed:
    mov [bp + FRAME_AH], ah
    or byte [bp + FRAME_FLAGS], FLAGS_CF
    ret
