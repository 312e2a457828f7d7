; A page allocator's inner loop: all bits of a bitmap are set, then found and cleared one by one from the lowest.

%include "iterations.asm"
BITMAP                      equ 0x200000
WORDS                       equ 256
BITMAP_END                  equ BITMAP + WORDS * 8
INSTRUCTIONS_PER_BIT        equ 8
INSTRUCTIONS_PER_WORD       equ 3 + 64 * INSTRUCTIONS_PER_BIT + 6
INSTRUCTIONS_PER_ITERATION  equ 2 + WORDS * INSTRUCTIONS_PER_WORD + 2

%include "long-mode.asm"

workload:
    xor ebx, ebx
    mov ebp, ITERATIONS
.iteration:
    mov esi, BITMAP
    mov ecx, WORDS
.fill:
    db REX_W
    mov dword [esi + ecx*8 - 8], -1
    sub ecx, 1
    jnz .fill
.word:
    db REX_W
    mov edx, [esi]
    db REX_W
    test edx, edx
    jz .next
    db REX_W
    bsf eax, edx
    db REX_W
    btr edx, eax
    db REX_W
    mov [esi], edx
    add ebx, eax
    jmp .word
.next:
    db REX_W
    add esi, 8
    cmp esi, BITMAP_END
    jne .word
    sub ebp, 1
    jnz .iteration

    mov eax, ebx

%include "finish.asm"
