; INT 10h. There is no screen: teletype goes to the debug port, the rest only remembers.

int_10h:
    push word video_service
    jmp service_frame

video_service:
    push BDA_SEGMENT
    pop es
    cmp ah, 0x0E
    je .teletype
    cmp ah, 0x00
    je .set_mode
    cmp ah, 0x02
    je .set_cursor
    cmp ah, 0x03
    je .get_cursor
    cmp ah, 0x0F
    je .get_mode
    ret

.teletype:                      ; AL = character
    out DEBUG_PORT, al
    ret

.set_mode:                      ; AL = mode; bit 7 means "do not clear"
    and al, 0x7F
    mov [es:BDA_VIDEO_MODE], al
    mov word [es:BDA_CURSOR], 0
    ret

.set_cursor:                    ; DH = row, DL = column
    mov [es:BDA_CURSOR], dx
    ret

.get_cursor:                    ; DH = row, DL = column, CX = shape
    mov ax, [es:BDA_CURSOR]
    mov [bp + FRAME_EDX], ax
    mov ax, [es:BDA_CURSOR_SHAPE]
    mov [bp + FRAME_ECX], ax
    ret

.get_mode:                      ; AL = mode, AH = columns, BH = page
    mov al, [es:BDA_VIDEO_MODE]
    mov ah, [es:BDA_VIDEO_COLUMNS]
    mov [bp + FRAME_EAX], ax
    mov byte [bp + FRAME_EBX + 1], 0
    ret
