; INT 16h. There is no keyboard: no key is ever waiting.

int_16h:
    push word keyboard_service
    jmp service_frame

keyboard_service:
    and ah, ~0x10 & 0xFF        ; 10h, 11h and 12h are the same for enhanced keyboards
    cmp ah, 0x00
    je .wait
    cmp ah, 0x01
    je .peek
    cmp ah, 0x02
    je .shift_flags
    ret

.wait:                          ; the processor rests, interrupts run, and the caller waits for good
    sti
    hlt
    jmp .wait

.peek:                          ; ZF=1: no key
    or byte [bp + FRAME_FLAGS], FLAGS_ZF
    ret

.shift_flags:
    mov byte [bp + FRAME_AL], 0
    ret
