; BIOS data area at 0x400 and extended BIOS data area at 0x9FC00.

; Bit 1 x87, bits 5:4 = 80x25 colour, bits 11:9 = four serial ports.
EQUIPMENT           equ 0x0822

bios_data_init:
    push BDA_SEGMENT
    pop es
    xor di, di
    xor ax, ax
    mov cx, 128
    rep stosw
    mov si, com_ports
    mov di, BDA_COM_PORTS
    mov cx, 4
    rep movsw
    mov word [es:BDA_EBDA_SEGMENT], EBDA_SEGMENT
    mov word [es:BDA_EQUIPMENT], EQUIPMENT
    mov ax, [low_kib]
    mov [es:BDA_MEMORY_KIB], ax
    mov word [es:BDA_KEYS_HEAD], BDA_KEYS_BUFFER
    mov word [es:BDA_KEYS_TAIL], BDA_KEYS_BUFFER
    mov word [es:BDA_KEYS_START], BDA_KEYS_BUFFER
    mov word [es:BDA_KEYS_END], BDA_KEYS_BUFFER + 32
    mov byte [es:BDA_VIDEO_MODE], 3
    mov word [es:BDA_VIDEO_COLUMNS], 80
    mov word [es:BDA_CURSOR_SHAPE], 0x0607
    mov byte [es:BDA_VIDEO_LAST_ROW], 24

    push EBDA_SEGMENT
    pop es
    mov byte [es:0], EBDA_KIB
    ret

com_ports:          dw 0x3F8, 0x2F8, 0x3E8, 0x2E8
