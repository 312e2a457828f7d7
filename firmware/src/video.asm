; INT 10h. The text screen is memory at 0xB8000: characters and attributes, which nobody draws. Characters go to the debug
; port as well, and to the console's serial port where there is one.
; [IBM PC AT Technical Reference, "Video"; IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem"]

TEXT_SEGMENT        equ 0xB800
TEXT_ROWS           equ 25
TEXT_ATTRIBUTE      equ 0x07        ; grey on black
TEXT_MODE_LAST      equ 3           ; higher modes are graphics, but for 7
TEXT_MODE_MONO      equ 7

int_10h:
    push word video_service
    jmp service_frame

video_service:
    push BDA_SEGMENT
    pop es
    mov si, video_functions
.find:
    cmp [si], ah
    je .found
    add si, 3
    cmp si, video_functions_end
    jb .find
    ret
.found:
    jmp word [si + 1]

video_functions:
    db 0x00
    dw video_set_mode
    db 0x01
    dw video_set_shape
    db 0x02
    dw video_set_cursor
    db 0x03
    dw video_get_cursor
    db 0x06
    dw video_scroll_up
    db 0x07
    dw video_scroll_down
    db 0x08
    dw video_read
    db 0x09
    dw video_write
    db 0x0A
    dw video_write
    db 0x0E
    dw video_teletype
    db 0x0F
    dw video_get_mode
    db 0x13
    dw video_string
video_functions_end:

; AL = mode; bit 7: the screen is not cleared.
video_set_mode:
    mov cl, al
    and al, 0x7F
    mov [es:BDA_VIDEO_MODE], al
    mov word [es:BDA_CURSOR], 0
    mov word [es:BDA_VIDEO_COLUMNS], 80
    cmp al, 1
    ja .columns
    mov word [es:BDA_VIDEO_COLUMNS], 40
.columns:
    test cl, 0x80
    jnz .done
    call video_is_text
    jne .done
    push TEXT_SEGMENT
    pop es
    xor di, di
    mov cx, 80 * TEXT_ROWS
    mov ax, (TEXT_ATTRIBUTE << 8) | ' '
    rep stosw
.done:
    ret

; CX = shape
video_set_shape:
    mov [es:BDA_CURSOR_SHAPE], cx
    ret

; DH = row, DL = column. On the console another row is another line.
video_set_cursor:
    cmp dh, [es:BDA_CURSOR + 1]
    je .same_row
    mov al, 13
    call console_put
    mov al, 10
    call console_put
.same_row:
    mov dx, [bp + FRAME_EDX]
    mov [es:BDA_CURSOR], dx
    ret

; DH = row, DL = column, CX = shape
video_get_cursor:
    mov ax, [es:BDA_CURSOR]
    mov [bp + FRAME_EDX], ax
    mov ax, [es:BDA_CURSOR_SHAPE]
    mov [bp + FRAME_ECX], ax
    ret

; AL = mode, AH = columns, BH = page
video_get_mode:
    mov al, [es:BDA_VIDEO_MODE]
    mov ah, [es:BDA_VIDEO_COLUMNS]
    mov [bp + FRAME_EAX], ax
    mov byte [bp + FRAME_EBX + 1], 0
    ret

; AL = rows, 0 for all; BH = attribute of new ones; CH, CL = first row and column, DH, DL = last ones.
video_scroll_up:
    call video_is_text
    jne .done
    call video_window
.row:
    mov al, ch
    add al, [bp + FRAME_AL]
    cmp al, dh
    call video_move_row
    inc ch
    cmp ch, dh
    jbe .row
.done:
    ret

video_scroll_down:
    call video_is_text
    jne .done
    call video_window
    xchg ch, dh                 ; CH = present row, DH = first one
.row:
    mov al, ch
    sub al, [bp + FRAME_AL]
    jae .on_screen
    mov al, 0xFF
.on_screen:
    cmp al, ch                  ; above: it was below row 0
    ja .move
    cmp dh, al
.move:
    call video_move_row
    cmp ch, dh
    je .done
    dec ch
    jmp .row
.done:
    ret

; The corners within the screen, and 25 rows for none. CX, DX = corners, BH = attribute.
video_window:
    mov cx, [bp + FRAME_ECX]
    mov dx, [bp + FRAME_EDX]
    cmp dh, TEXT_ROWS - 1
    jbe .rows
    mov dh, TEXT_ROWS - 1
.rows:
    cmp dl, [es:BDA_VIDEO_COLUMNS]
    jb .columns
    mov dl, [es:BDA_VIDEO_COLUMNS]
    dec dl
.columns:
    cmp ch, dh
    jbe .first
    mov ch, dh
.first:
    cmp cl, dl
    jbe .last
    mov cl, dl
.last:
    cmp byte [bp + FRAME_AL], 0
    jne .done
    mov byte [bp + FRAME_AL], TEXT_ROWS
.done:
    ret

; Row AL of the window to row CH, or, when the flags say "above", blanks with the attribute BH.
video_move_row:
    ja .blanks
    call video_row_address      ; of AL
    mov si, di
    call .target
    push ds
    push TEXT_SEGMENT
    pop ds
    push cx
    call .columns
    rep movsb
    pop cx
    pop ds
    jmp .back
.blanks:
    call .target
    push cx
    call .columns
    shr cx, 1
    mov ah, bh
    mov al, ' '
    rep stosw
    pop cx
.back:
    push BDA_SEGMENT
    pop es
    ret
.target:                        ; ES:DI = row CH
    mov al, ch
    call video_row_address
    push TEXT_SEGMENT
    pop es
    ret
.columns:                       ; CX = bytes of a row of the window
    mov al, dl
    sub al, cl
    inc al
    mov ah, 0
    shl ax, 1
    mov cx, ax
    ret

; DI = offset of row AL, column CL. Changes AX.
video_row_address:
    push BDA_SEGMENT
    pop es
    mul byte [es:BDA_VIDEO_COLUMNS]
    add al, cl
    adc ah, 0
    shl ax, 1
    mov di, ax
    ret

; ES:DI = the character at the cursor. Changes AX, CL.
video_at_cursor:
    mov cl, [es:BDA_CURSOR]
    mov al, [es:BDA_CURSOR + 1]
    call video_row_address
    push TEXT_SEGMENT
    pop es
    ret

; ZF=1: this is a text mode. Changes AL.
video_is_text:
    mov al, [es:BDA_VIDEO_MODE]
    cmp al, TEXT_MODE_MONO
    je .done
    cmp al, TEXT_MODE_LAST
    ja .done                    ; ZF=0
    cmp al, al
.done:
    ret

; AL = character at the cursor, AH = its attribute
video_read:
    call video_at_cursor
    mov ax, [es:di]
    mov [bp + FRAME_EAX], ax
    ret

; AL = character, CX = how often, BL = attribute (AH=0Ah: as it is there). The cursor stays.
video_write:
    call video_is_text
    jne .done
    call video_at_cursor
    mov cx, [bp + FRAME_ECX]
    jcxz .done
.next:
    cmp di, 80 * TEXT_ROWS * 2
    jae .done
    mov al, [bp + FRAME_AL]
    call console_put
    stosb
    inc di
    cmp byte [bp + FRAME_AH], 0x09
    jne .no_attribute
    mov al, [bp + FRAME_EBX]
    mov [es:di - 1], al
.no_attribute:
    loop .next
.done:
    ret

; AL = character
video_teletype:
    xor bx, bx
    ; continues below

; Writes AL at the cursor and moves it on; BH <> 0: with the attribute BL. ES = BDA. Changes AX, CX, DI.
video_put:
    call console_put
    mov dx, [es:BDA_CURSOR]
    cmp al, 13
    je .return
    cmp al, 10
    je .down
    cmp al, 8
    je .backspace
    cmp al, 7
    je .done
    push ax
    call video_is_text
    pop ax
    jne .moved
    push ax
    call video_at_cursor
    pop ax
    stosb
    test bh, bh
    jz .attribute_stays
    mov [es:di], bl
.attribute_stays:
    push BDA_SEGMENT
    pop es
.moved:
    inc dl
    cmp dl, [es:BDA_VIDEO_COLUMNS]
    jb .store
    mov dl, 0
.down:
    inc dh
    cmp dh, TEXT_ROWS
    jb .store
    dec dh
    call video_line_up
    jmp .store
.return:
    mov dl, 0
    jmp .store
.backspace:
    sub dl, 1
    adc dl, 0                   ; not below 0
.store:
    mov [es:BDA_CURSOR], dx
.done:
    ret

; The whole screen moves up by a row; the last one has the attribute of the old last row's beginning.
video_line_up:
    call video_is_text
    jne .done
    pusha
    mov al, TEXT_ROWS - 1
    mul byte [es:BDA_VIDEO_COLUMNS]
    mov cx, ax                  ; characters that move
    mov bx, [es:BDA_VIDEO_COLUMNS]
    push ds
    push TEXT_SEGMENT
    pop ds
    push TEXT_SEGMENT
    pop es
    xor di, di
    mov si, bx
    shl si, 1
    rep movsw
    mov ah, [di + 1]
    mov al, ' '
    mov cx, bx
    rep stosw
    pop ds
    push BDA_SEGMENT
    pop es
    popa
.done:
    ret

; ES:BP = text, CX characters, from DH, DL on. AL bit 0: the cursor moves; bit 1: each character is followed by its
; attribute; else BL is that of all.
video_string:
    push word [es:BDA_CURSOR]
    call video_set_cursor
    mov si, [bp + FRAME_EBP]
    mov cx, [bp + FRAME_ECX]
    mov bl, [bp + FRAME_EBX]
    mov bh, 1
    jcxz .end
.next:
    push es
    mov es, [bp + FRAME_ES]
    mov al, [es:si]
    inc si
    test byte [bp + FRAME_AL], 2
    jz .one_attribute
    mov bl, [es:si]
    inc si
.one_attribute:
    pop es
    push cx
    call video_put
    pop cx
    loop .next
.end:
    pop ax
    test byte [bp + FRAME_AL], 1
    jnz .done
    mov [es:BDA_CURSOR], ax
.done:
    ret
