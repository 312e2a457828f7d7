; Code that writes code: ahead of itself, behind itself, across a page boundary, and in a page that runs at the same time.
bits 32
org 0x100000
entry:
    mov esp, 0x180000
    call com1_init

    mov byte [ahead + 1], 0x22  ; the next instruction, already fetched on a real processor, is the new one [SDM-3A
ahead:                          ; "Handling Self- and Cross-Modifying Code": in the same processor it is seen]
    mov al, 0x11
    movzx eax, al
    call put_hex                ; 22

    xor ebp, ebp                ; a loop that changes its own increment
    mov ecx, 4
counted:
    db 0x83, 0xC5               ; add ebp, imm8
increment:
    db 1
    shl byte [increment], 1
    loop counted
    mov eax, ebp
    call put_hex                ; 1 + 2 + 4 + 8 = f

    mov esi, routine            ; the same routine, copied so that its immediate crosses a page
    mov edi, 0x200FFD
    mov ecx, 6
    cld
    rep movsb
    mov eax, 0x200FFD
    call eax
    call put_hex                ; 12345678
    mov byte [0x201001], 0x99   ; its last byte, in the second page
    mov eax, 0x200FFD
    call eax
    call put_hex                ; 99345678
    mov byte [0x200FFE], 0x77   ; its first, in the first page
    mov eax, 0x200FFD
    call eax
    call put_hex                ; 99345677

    xor ebp, ebp                ; called, changed, called, again and again
again:
    call routine
    add dword [routine + 1], 3
    inc ebp
    cmp ebp, 1000
    jne again
    call routine
    call put_hex                ; 12345678 + 3000 = 12346230
    jmp power_off

routine:
    mov eax, 0x12345678
    ret
%include "serial.asm"
