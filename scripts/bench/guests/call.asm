; Calls and returns: the Fibonacci numbers by their recursive definition.
; fib(15) makes 987 calls that end at once (as many as fib(16)) and 986 that call on.

%include "iterations.asm"
ARGUMENT                    equ 15
LEAVES                      equ 987
INSTRUCTIONS_PER_ITERATION  equ 2 + LEAVES * 4 + (LEAVES - 1) * 12 + 3

%include "long-mode.asm"

workload:
    xor ebx, ebx
    mov ebp, ITERATIONS
.iteration:
    mov edi, ARGUMENT
    call fib
    add ebx, eax
    sub ebp, 1
    jnz .iteration
    mov eax, ebx
    jmp finish

fib:                            ; RAX = fib(RDI)
    cmp edi, 2
    jb .leaf
    push edi
    sub edi, 1
    call fib
    pop edi
    push eax
    sub edi, 2
    call fib
    pop edx
    db REX_W
    add eax, edx
    ret
.leaf:
    mov eax, edi
    ret

%include "finish.asm"
