; A crash with values in the vector registers.
bits 32
org 0x100000
entry:
    mov eax, 0x600              ; CR4.OSFXSR, CR4.OSXMMEXCPT
    mov cr4, eax
    mov eax, 0x12345678
    db 0x66, 0x0F, 0x6E, 0xC8   ; movd xmm1, eax
    mov dword [0x180000], 0x1FA0
    db 0x0F, 0xAE, 0x15         ; ldmxcsr [0x180000]
    dd 0x180000
    ud2
