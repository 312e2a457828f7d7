; Reads the TSC again and again, between instructions, accesses to ports that take time, and writes to the TSC itself. With --cpu unit
; the TSC counts instructions, and the time of ports: two RDTSC with nothing between them are 1 apart. Prints 0 where they were.
bits 32
org 0x100000
entry:
    mov esp, 0x180000
    call com1_init
    mov edi, 0x200000
    mov esi, 4000
    xor ebp, ebp
pass:
    rdtsc
    mov ebx, eax
    rdtsc
    mov [edi], eax
    sub eax, ebx
    sub eax, 2                  ; MOV stands between them
    or ebp, eax
    rdtscp
    mov [edi + 4], eax
    mov [edi + 8], edx
    add edi, 12
    test esi, 7
    jnz no_port
    mov eax, esi
    out 0x80, al                ; kept by the core
no_port:
    test esi, 63
    jnz no_wait
    in al, 0x61                 ; the host's
no_wait:
    test esi, 511
    jnz no_write
    mov ecx, 0x10               ; IA32_TIME_STAMP_COUNTER
    mov eax, esi
    xor edx, edx
    wrmsr
no_write:
    sub esi, 1
    jnz pass
    mov eax, ebp
    call put_hex
    jmp power_off
%include "serial.asm"
