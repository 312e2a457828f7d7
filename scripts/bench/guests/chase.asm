; Follows a linked list through 1 MiB: 16384 nodes of 64 bytes in an order that jumps about, summing their numbers.
; Node i is followed by node (5 i + 12345) mod 16384, which visits all nodes before it repeats.

%include "iterations.asm"
LIST                        equ 0x200000
NODES                       equ 0x4000
INSTRUCTIONS_PER_ITERATION  equ 1 + NODES * 4 + 2

%include "long-mode.asm"

workload:
    mov esi, LIST
    xor ecx, ecx
.build:
    lea edx, [ecx + ecx*4 + 12345]
    and edx, NODES - 1
    shl edx, 6
    add edx, LIST
    db REX_W
    mov [esi], edx
    db REX_W
    mov [esi + 8], ecx
    add esi, 64
    add ecx, 1
    cmp ecx, NODES
    jne .build

    xor eax, eax
    mov esi, LIST
    mov ebp, ITERATIONS
.iteration:
    mov ecx, NODES
.node:
    db REX_W
    add eax, [esi + 8]
    db REX_W
    mov esi, [esi]
    sub ecx, 1
    jnz .node
    sub ebp, 1
    jnz .iteration

    add eax, esi

%include "finish.asm"
