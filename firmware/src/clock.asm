; INT 1Ah: timer ticks and real-time clock.
; [MC146818 datasheet, "Address Map"]

RTC_SECONDS         equ 0x00
RTC_MINUTES         equ 0x02
RTC_HOURS           equ 0x04
RTC_DAY             equ 0x07
RTC_MONTH           equ 0x08
RTC_YEAR            equ 0x09
RTC_STATUS_A        equ 0x0A
RTC_STATUS_B        equ 0x0B
RTC_CENTURY         equ 0x32
RTC_UIP             equ 0x80        ; status A: an update is in progress
RTC_DSE             equ 0x01        ; status B: daylight saving

int_1ah:
    push word clock_service
    jmp service_frame

clock_service:
    push BDA_SEGMENT
    pop es
    cmp ah, 0x00
    je .get_ticks
    cmp ah, 0x01
    je .set_ticks
    cmp ah, 0x02
    je .get_time
    cmp ah, 0x04
    je .get_date
    mov ah, UNSUPPORTED
    jmp service_failed

.get_ticks:                     ; CX:DX = ticks since midnight, AL = whether midnight has passed since the last call
    mov eax, [es:BDA_TICKS]
    mov [bp + FRAME_EDX], ax
    shr eax, 16
    mov [bp + FRAME_ECX], ax
    mov al, [es:BDA_MIDNIGHT]
    mov ah, 0
    mov [bp + FRAME_EAX], ax
    mov byte [es:BDA_MIDNIGHT], 0
    jmp service_succeeded

.set_ticks:                     ; CX:DX = ticks since midnight
    mov [es:BDA_TICKS], dx
    mov [es:BDA_TICKS + 2], cx
    mov byte [es:BDA_MIDNIGHT], 0
    mov byte [bp + FRAME_AH], 0
    jmp service_succeeded

.get_time:                      ; BCD: CH = hours, CL = minutes, DH = seconds; DL = 1 in daylight saving time
    call rtc_wait
    mov al, RTC_HOURS
    call rtc_read
    mov [bp + FRAME_ECX + 1], al
    mov al, RTC_MINUTES
    call rtc_read
    mov [bp + FRAME_ECX], al
    mov al, RTC_SECONDS
    call rtc_read
    mov [bp + FRAME_EDX + 1], al
    mov al, RTC_STATUS_B
    call rtc_read
    and al, RTC_DSE
    mov [bp + FRAME_EDX], al
    jmp .rtc_done

.get_date:                      ; BCD: CH = century, CL = year, DH = month, DL = day
    call rtc_wait
    mov al, RTC_CENTURY
    call rtc_read
    cmp al, 0x19
    jae .century
    mov al, 0x20                ; a clock without that byte
.century:
    mov [bp + FRAME_ECX + 1], al
    mov al, RTC_YEAR
    call rtc_read
    mov [bp + FRAME_ECX], al
    mov al, RTC_MONTH
    call rtc_read
    mov [bp + FRAME_EDX + 1], al
    mov al, RTC_DAY
    call rtc_read
    mov [bp + FRAME_EDX], al
.rtc_done:
    mov byte [bp + FRAME_AH], 0
    jmp service_succeeded

; Waits until no update is in progress; an update takes 2 ms at most, so a clock that never says so is broken.
rtc_wait:
    mov cx, 0xFFFF
.poll:
    mov al, RTC_STATUS_A
    call rtc_read
    test al, RTC_UIP
    loopnz .poll
    ret

; AL = register AL of the clock
rtc_read:
    out RTC_INDEX, al
    in al, RTC_DATA
    ret
