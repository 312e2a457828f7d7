; Page-table churn: each of 512 pages is mapped to another frame, its translation dropped, and the page touched.

%include "iterations.asm"
PAGE_TABLE                  equ 0x5000
BUFFER                      equ 0x1000000 ; entry 8 of the page directory
FRAMES                      equ 0x2000000 ; 2 MiB here and 2 MiB behind
PAGES                       equ 512
INSTRUCTIONS_PER_ITERATION  equ 3 + PAGES * 7 + 2

%include "long-mode.asm"

workload:
    mov edi, PAGE_TABLE
    mov eax, FRAMES + 3         ; present, writable
    mov ecx, PAGES
.entry:
    mov [edi], eax
    mov dword [edi + 4], 0
    add eax, 0x1000
    add edi, 8
    sub ecx, 1
    jnz .entry
    mov edi, PAGE_DIR + 8 * 8
    mov dword [edi], PAGE_TABLE + 3

    mov ebp, ITERATIONS
.iteration:
    mov esi, BUFFER
    mov edi, PAGE_TABLE
    mov ecx, PAGES
.page:
    xor dword [edi], 0x200000
    db 0x0F, 0x01, 0x3E         ; invlpg [esi]
    db REX_W
    add [esi], ecx
    add esi, 0x1000
    add edi, 8
    sub ecx, 1
    jnz .page
    sub ebp, 1
    jnz .iteration

    mov esi, BUFFER
    mov eax, [esi]
    mov ebx, [esi + 0x1FF000]
    shl ebx, 16
    add eax, ebx

%include "finish.asm"
