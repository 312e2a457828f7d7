; A kernel as people write them from tutorials, on a disk of its own: the boot sector reads the rest by INT 13h AH=42h, goes to
; protected mode, moves the 8259As, counts ticks, finds the keyboard by interrupts, reads and writes its disk by ATA's ports and
; interrupts, and ends in 64-bit mode. What it is answered it says on COM1. Leaves through port 0xF4 with the value 16.

IDT         equ 0x1000
PML4        equ 0x2000
SECTOR      equ 0x10000             ; buffer
KEYS        equ 0x0600              ; what the keyboard sent
STAGE_SECTORS equ 8

bits 16
org 0x7C00
start:
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, 0x7C00
    mov si, packet
    mov ah, 0x42
    int 0x13
    jc failed
    in al, 0x92
    or al, 2
    and al, 0xFE
    out 0x92, al
    cli
    lgdt [gdt_pointer]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp 8:protected
failed:
    mov al, 1
    out 0xF4, al
    hlt
packet:
    dw 16, STAGE_SECTORS, 0x7E00, 0
    dd 1, 0
align 8
gdt:
    dq 0
    dq 0x00CF9A000000FFFF
    dq 0x00CF92000000FFFF
    dq 0x00AF9A000000FFFF
gdt_pointer:
    dw 31
    dd gdt
    times 510-($-$$) db 0
    dw 0xAA55

bits 32
protected:
    mov eax, 16
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov esp, 0x7C00
    cld
    call com1_init
    call interrupts_init
    sti
    mov esi, text_ticks
    call puts
    mov eax, 3
    call wait_ticks
    call keyboard_test
    call disk_test
    cli
    jmp long_mode

; ---- interrupts ----

interrupts_init:
    mov edi, IDT
    mov ecx, 512
    xor eax, eax
    rep stosd
    mov edi, IDT + 8 * 0x20
    mov eax, on_timer
    call gate
    mov edi, IDT + 8 * 0x21
    mov eax, on_keyboard
    call gate
    mov edi, IDT + 8 * 0x2E
    mov eax, on_disk
    call gate
    lidt [idt_pointer]
    call pic_init
    mov al, 0xF8                    ; timer, keyboard, the other controller
    out 0x21, al
    mov al, 0xBF                    ; disk
    out 0xA1, al
    mov al, 0x34                    ; 100 Hz
    out 0x43, al
    mov al, 0x9C
    out 0x40, al
    mov al, 0x2E
    out 0x40, al
    ret

; Interrupt gate at EDI to EAX
gate:
    mov [edi], ax
    mov word [edi + 2], 8
    mov word [edi + 4], 0x8E00
    shr eax, 16
    mov [edi + 6], ax
    ret

on_timer:
    push eax
    inc dword [ticks]
    mov al, 0x20
    out 0x20, al
    pop eax
    iretd

on_keyboard:
    push eax
    push edx
    in al, 0x60
    mov edx, [key_count]
    mov [KEYS + edx], al
    inc dword [key_count]
    mov al, 0x20
    out 0x20, al
    pop edx
    pop eax
    iretd

on_disk:
    push eax
    push edx
    mov dx, 0x1F7
    in al, dx
    mov [disk_status], al
    inc dword [disk_interrupts]
    mov al, 0x20
    out 0xA0, al
    out 0x20, al
    pop edx
    pop eax
    iretd

; EAX more ticks
wait_ticks:
    add eax, [ticks]
.wait:
    hlt
    cmp [ticks], eax
    jb .wait
    ret

; ---- 8042 and keyboard ----

keyboard_test:
    mov al, 0xAD
    call controller
    mov al, 0xA7
    call controller
    in al, 0x60
    mov esi, text_self_test
    call puts
    mov al, 0xAA
    call controller
    call controller_answer
    call put_byte                   ; 55
    mov al, 0xAB
    call controller
    call controller_answer
    call put_byte                   ; 00
    mov al, 0x60
    call controller
    mov al, 0x25                    ; interrupts, no translation
    call keyboard
    mov al, 0xAE
    call controller
    mov al, 0x20
    call controller
    mov eax, 2                      ; the answer comes as an interrupt
    call wait_ticks
    call put_keys                   ; 25
    mov ebx, keyboard_bytes
.next:
    movzx eax, byte [ebx]
    cmp al, 0x00
    je .translated
    push eax
    mov esi, text_keyboard
    call puts
    pop eax
    push eax
    call put_byte
    pop eax
    call keyboard
    mov eax, 5
    cmp byte [ebx], 0xFF
    jne .wait
    mov eax, 80                     ; its test
.wait:
    call wait_ticks
    call put_keys
    inc ebx
    jmp .next
.translated:
    mov al, 0x60
    call controller
    mov al, 0x65
    call keyboard
    mov esi, text_translated
    call puts
    mov al, 0xF2
    call keyboard
    mov eax, 5
    call wait_ticks
    jmp put_keys

keyboard_bytes:
    db 0xFF, 0xF2, 0xED, 0x07, 0xF0, 0x02, 0xF3, 0x20, 0xEE, 0xF5, 0xF4, 0xF6, 0x00

controller:
    call input_buffer_empty
    out 0x64, al
    ret
keyboard:
    call input_buffer_empty
    out 0x60, al
    ret
input_buffer_empty:
    push eax
.wait:
    in al, 0x64
    test al, 2
    jnz .wait
    pop eax
    ret
controller_answer:
    in al, 0x64
    test al, 1
    jz controller_answer
    in al, 0x60
    ret

; What came, and forgets it
put_keys:
    push ebx
    mov esi, KEYS
.next:
    cmp dword [key_count], 0
    je .done
    lodsb
    call put_byte
    dec dword [key_count]
    jmp .next
.done:
    pop ebx
    ret

; ---- disk ----

disk_test:
    mov dx, 0x3F6
    mov al, 2                       ; no interrupts
    out dx, al
    mov al, 0xEC
    mov ecx, 0
    mov ebx, 0
    call disk_command
    call disk_poll
    mov edi, SECTOR
    call disk_take
    mov esi, text_identify
    call puts
    movzx eax, word [SECTOR + 2 * 0]
    call put_hex
    mov eax, [SECTOR + 2 * 49]
    and eax, 0x0200
    call put_hex
    mov eax, [SECTOR + 2 * 60]
    call put_hex
    mov eax, [SECTOR + 2 * 83]
    and eax, 0x7400
    call put_hex
    mov eax, [SECTOR + 2 * 100]
    call put_hex
    mov dx, 0x3F6
    mov al, 0
    out dx, al
    mov esi, text_read
    call puts
    mov al, 0x20                    ; two sectors, an interrupt for each
    mov ecx, 2
    mov ebx, 30
    call disk_command
    call disk_take_and_show
    call disk_take_and_show
    mov esi, text_write
    call puts
    mov al, 0x30
    mov ecx, 1
    mov ebx, 31
    call disk_command
    call disk_poll
    mov esi, start
    mov ecx, 256
    mov dx, 0x1F0
    rep outsw
    call disk_wait
    movzx eax, byte [disk_status]
    call put_hex
    mov al, 0xE7                    ; FLUSH CACHE
    call disk_command
    call disk_wait
    movzx eax, byte [disk_status]
    call put_hex
    mov esi, text_extended
    call puts
    mov al, 0x24                    ; the same by 48-bit addresses
    mov ecx, 3
    mov ebx, 30
    call disk_command
    call disk_take_and_show
    call disk_take_and_show
    call disk_take_and_show
    mov esi, text_multiple
    call puts
    mov al, 0xC6
    mov ecx, 4
    call disk_command
    call disk_wait
    mov al, 0xC4
    mov ecx, 3
    mov ebx, 31
    call disk_command
    call disk_take_and_show         ; one interrupt
    mov edi, SECTOR
    mov ecx, 512
    mov dx, 0x1F0
    rep insw
    mov eax, [SECTOR]
    call put_hex
    mov eax, [SECTOR + 512]
    jmp put_hex

; Command AL on ECX sectors from EBX on, with the upper bytes of 48-bit addresses. Changes EDX.
disk_command:
    push eax
    mov dword [disk_interrupts], 0
    mov dx, 0x1F6
    mov al, 0xE0
    out dx, al
    mov dx, 0x1F2
    mov al, 0
    out dx, al
    mov al, cl
    out dx, al
    inc dx
    mov al, 0
    out dx, al
    mov al, bl
    out dx, al
    inc dx
    mov al, 0
    out dx, al
    mov al, bh
    out dx, al
    inc dx
    mov al, 0
    out dx, al
    out dx, al
    mov dx, 0x1F7
    pop eax
    out dx, al
    ret

; Until BSY is clear and DRQ set
disk_poll:
    mov dx, 0x3F6
.wait:
    in al, dx
    and al, 0x88
    cmp al, 8
    jne .wait
    ret

; One interrupt
disk_wait:
    cli
    cmp dword [disk_interrupts], 0
    jne .came
    sti
    hlt
    jmp disk_wait
.came:
    dec dword [disk_interrupts]
    sti
    ret

; A sector to EDI
disk_take:
    mov ecx, 256
    mov dx, 0x1F0
    rep insw
    ret

; Its status and first doubleword
disk_take_and_show:
    call disk_wait
    movzx eax, byte [disk_status]
    call put_hex
    mov edi, SECTOR
    call disk_take
    mov eax, [SECTOR]
    jmp put_hex

; ---- 64-bit mode ----

long_mode:
    mov edi, PML4
    mov ecx, 3 * 1024
    xor eax, eax
    rep stosd
    mov dword [PML4], PML4 + 0x1003
    mov dword [PML4 + 0x1000], PML4 + 0x2003
    mov dword [PML4 + 0x2000], 0x83
    mov eax, cr4
    or al, 0x20
    mov cr4, eax
    mov eax, PML4
    mov cr3, eax
    mov ecx, 0xC0000080
    rdmsr
    or ah, 1
    wrmsr
    mov eax, cr0
    or eax, 0x80000000
    mov cr0, eax
    jmp 24:.in_long_mode
.in_long_mode:
    mov esi, text_long              ; the same bytes in 64-bit code
    call puts
    mov al, 16
    out 0xF4, al
    hlt

; ---- output ----

; AL in hexadecimal. Keeps EBX.
put_byte:
    push ebx
    mov ah, al
    mov al, ' '
    call put
    shl eax, 16
    mov ebx, eax
    rol ebx, 4
    call .digit
    rol ebx, 4
    call .digit
    pop ebx
    ret
.digit:
    mov al, bl
    and al, 15
    add al, '0'
    cmp al, '9'
    jbe .put
    add al, 'a' - '9' - 1
.put:
    jmp put

%include "serial.asm"
%include "pic.asm"

text_ticks:      db 'ticks', 10, 0
text_self_test:  db '8042', 0
text_keyboard:   db 10, 'keyboard', 0
text_translated: db 10, 'translated', 0
text_identify:   db 10, 'identify', 10, 0
text_read:       db 'read', 10, 0
text_write:      db 'write', 10, 0
text_extended:   db 'read, 48-bit', 10, 0
text_multiple:   db 'read multiple', 10, 0
text_long:       db 'long mode', 10, 0

align 4
ticks:           dd 0
key_count:       dd 0
disk_interrupts: dd 0
disk_status:     db 0
idt_pointer:
    dw 0x7FF
    dd IDT

    times 512 * 30 - ($ - $$) db 0
    dd 0x30303030
    times 512 * 31 - ($ - $$) db 0
    dd 0x31313131
    times 512 * 32 - ($ - $$) db 0
    dd 0x32323232
    times 512 * 33 - ($ - $$) db 0
    dd 0x33333333
    times 512 * 2016 - ($ - $$) db 0
