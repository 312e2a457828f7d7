; A complete ELF64 file with a PVH note, whose code says on COM1 what the firmware handed over: one line each, a name
; and numbers in hexadecimal. Its last line is "end"; then it leaves through the debug-exit port 0xF4.
; Runs where it is loaded, at 1 MiB.

bits 32
org 0x100000

LOAD_ADDRESS        equ 0x100000
COM1                equ 0x3F8
COM1_LSR            equ 0x3FD
START_INFO_DWORDS   equ 14

elf_header:
    db 0x7F, "ELF", 2, 1, 1, 0  ; 64-bit, little endian, version 1
    dq 0
    dw 2, 62                    ; ET_EXEC, EM_X86_64
    dd 1
    dq entry
    dq program_headers - LOAD_ADDRESS
    dq 0                        ; no sections
    dd 0
    dw 64, 56, 2                ; header size, program header size and count
    dw 0, 0, 0

program_headers:
    dd 1, 7                     ; PT_LOAD, read/write/execute: the whole file
    dq 0, LOAD_ADDRESS, LOAD_ADDRESS
    dq file_end - LOAD_ADDRESS, file_end - LOAD_ADDRESS, 0x1000
    dd 4, 4                     ; PT_NOTE
    dq note - LOAD_ADDRESS, note, note
    dq note_end - note, note_end - note, 4

note:
    dd 4, 8, 18                 ; name size, value size, XEN_ELFNOTE_PHYS32_ENTRY
    db "Xen", 0
    dq entry
note_end:

entry:
    mov [start_info], ebx
    mov esp, stack_top
    call com1_init

    mov eax, cr0
    call report
    db "cr0", 0
    pushfd
    pop eax
    and eax, 0x20300            ; VM, IF, TF
    call report
    db "eflags", 0
    xor eax, eax
    str ax
    call report
    db "tr", 0
    lea esi, [limit_selectors]  ; limits of the code and data segments
.limit:
    lodsd
    call eax
    call report
    db "limit", 0
    cmp esi, limit_selectors_end
    jne .limit

    mov ebx, [start_info]
    mov eax, ebx
    call report
    db "info", 0
    mov ecx, START_INFO_DWORDS
    mov esi, ebx
    call dump_line

    mov edx, [ebx + 48]         ; memory map entries of 24 bytes
    mov esi, [ebx + 40]
.map:
    test edx, edx
    jz .map_end
    mov al, 'M'
    call put
    mov ecx, 6
    call dump_line
    dec edx
    jmp .map
.map_end:
    mov edx, [ebx + 12]         ; modules of 32 bytes
    mov esi, [ebx + 16]
.module:
    test edx, edx
    jz .module_end
    mov al, 'I'
    call put
    mov ecx, 8
    call dump_line
    dec edx
    jmp .module
.module_end:
    mov esi, [ebx + 24]         ; command line
    test esi, esi
    jz .end
    mov al, '"'
    call put
.cmdline:
    lodsb
    test al, al
    jz .cmdline_end
    call put
    jmp .cmdline
.cmdline_end:
    mov al, '"'
    call put
    call end_line
.end:
    call report
    db "end", 0
    mov al, 0
    out 0xF4, al
.halt:
    cli
    hlt
    jmp .halt

; One routine for each segment register: EAX = its limit.
limit_of_cs:
    mov ecx, cs
    lsl eax, ecx
    ret
limit_of_ds:
    mov ecx, ds
    lsl eax, ecx
    ret
limit_of_es:
    mov ecx, es
    lsl eax, ecx
    ret
limit_of_ss:
    mov ecx, ss
    lsl eax, ecx
    ret
limit_selectors:
    dd limit_of_cs, limit_of_ds, limit_of_es, limit_of_ss
limit_selectors_end:

; 115200 baud, 8 bits, no parity, one stop bit.
com1_init:
    mov dx, COM1 + 3
    mov al, 0x83
    out dx, al
    mov dx, COM1
    mov al, 1
    out dx, al
    inc edx
    xor al, al
    out dx, al
    mov dx, COM1 + 3
    mov al, 0x03
    out dx, al
    ret

; ECX dwords at ESI on a line. ESI moves behind them.
dump_line:
    mov al, ' '
    call put
    lodsd
    call hex32
    loop dump_line
    jmp end_line

; Puts the text behind the call, a space, EAX in hexadecimal and a new line. Returns behind the text. Keeps ESI.
report:
    xchg esi, [esp]
    push eax
.next:
    lodsb
    test al, al
    jz .end
    call put
    jmp .next
.end:
    mov al, ' '
    call put
    pop eax
    xchg esi, [esp]
    call hex32
end_line:
    mov al, 10
; AL on COM1. Keeps all registers.
put:
    push edx
    push eax
    mov dx, COM1_LSR
.wait:
    in al, dx
    test al, 0x20
    jz .wait
    pop eax
    mov dx, COM1
    out dx, al
    pop edx
    ret

; EAX as eight hexadecimal digits. Keeps all registers but EAX.
hex32:
    push ecx
    push edx
    mov edx, eax
    mov ecx, 8
.digit:
    rol edx, 4
    mov al, dl
    and al, 15
    add al, '0'
    cmp al, '9'
    jbe .put
    add al, 'A' - '9' - 1
.put:
    call put
    loop .digit
    pop edx
    pop ecx
    ret

align 4
start_info: dd 0
times 256 db 0
stack_top:
file_end:
