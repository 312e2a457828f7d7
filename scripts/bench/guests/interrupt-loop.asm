; int VECTOR and iretq, ITERATIONS times PASSES; the handler adds up the passes that are left.

    xor eax, eax
    mov ebp, ITERATIONS
.iteration:
    mov ecx, PASSES
.pass:
    int VECTOR
    sub ecx, 1
    jnz .pass
    sub ebp, 1
    jnz .iteration
    jmp finish

handler:
    add eax, ecx
    db REX_W
    iretd

idt_pointer:
    dw (VECTOR + 1) * 16 - 1
    dq IDT
