; SSE switched on as the SDM asks, then one SSE instruction.
bits 32
org 0x100000
entry:
    mov eax, cr0
    and eax, 0xFFFFFFFB         ; EM
    or eax, 2                   ; MP
    mov cr0, eax
    mov eax, cr4
    or eax, 0x600               ; OSFXSR, OSXMMEXCPT
    mov cr4, eax
sse_code:
    db 0x0F, 0x58, 0xC1         ; addps xmm0, xmm1
    cli
    hlt
