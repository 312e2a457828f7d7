; Messages go to the debug port and nowhere else: COM1 belongs to what is booted.

; The text at DS:SI, up to its NUL. Changes SI.
put_text:
    push ax
.next:
    lodsb
    test al, al
    jz .done
    out DEBUG_PORT, al
    jmp .next
.done:
    pop ax
    ret

; EDX:EAX in decimal. Changes EAX, EBX, ECX, EDX, SI.
put_decimal:
    mov ebx, 10
    xor si, si                  ; digits on the stack
.divide:
    mov ecx, eax                ; long division: high half first, its remainder goes in front of the low half
    mov eax, edx
    xor edx, edx
    div ebx
    xchg eax, ecx
    div ebx
    push dx
    inc si
    mov edx, ecx
    mov ecx, eax
    or ecx, edx
    jnz .divide
.digit:
    pop ax
    add al, '0'
    out DEBUG_PORT, al
    dec si
    jnz .digit
    ret

; EAX as eight hexadecimal digits. Changes EAX, CX, EDX.
put_hex:
    mov edx, eax
    mov cx, 8
.digit:
    rol edx, 4
    mov al, dl
    and al, 0x0F
    add al, '0'
    cmp al, '9'
    jbe .put
    add al, 'a' - '9' - 1
.put:
    out DEBUG_PORT, al
    loop .digit
    ret

text_version:       db "s7x firmware 0.1", 10, 0
text_no_shadow:     db "stopped: 0xE0000-0xFFFFF is not writable, and the memory map must go there", 10, 0
text_no_fw_cfg:     db "stopped: there is no fw_cfg device at port 0x510", 10, 0
