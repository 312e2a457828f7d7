; One SSE instruction, as a compiler that was not told otherwise uses them.
bits 32
org 0x100000
entry:
    mov esp, 0x180000
    call sse_code
    hlt
sse_code:
    db 0x0F, 0x58, 0xC1         ; addps xmm0, xmm1
    ret
