; One instruction of GFNI, which this processor does not have.
bits 32
org 0x100000
entry:
    mov esp, 0x180000
    call galois_code
    hlt
galois_code:
    db 0x66, 0x0F, 0x38, 0xCF, 0xC1 ; gf2p8mulb xmm0, xmm1
    ret
