; Behind the guest's label `workload`: GATE (type, DPL, present) and VECTOR are the guest's; `handler` is in interrupt-loop.asm.

    mov edi, IDT + VECTOR * 16
    mov dword [edi], CODE64 * 0x10000 + handler
    mov dword [edi + 4], GATE   ; offset bits 16 to 31 are 0
    mov dword [edi + 8], 0
    mov dword [edi + 12], 0
    mov esi, idt_pointer
    lidt [esi]
