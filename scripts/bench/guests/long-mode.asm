; From the boot sector's real mode to 64-bit mode, then to the guest's `workload`, which jumps to `finish` (finish.asm)
; with its checksum in EAX. The first GiB is identity-mapped by pages of 2 MiB; interrupts stay off. The stack has pages
; of its own: stores near code cost every emulator a check, which only self-modifying.asm wants to time.
;
; 64-bit code is written with the 32-bit names of the registers, because its encodings are those of 32-bit code:
; addresses and stack operands are 64 bits wide by themselves, and `db REX_W` on the line before an instruction makes
; its operands so. Encodings that differ are not used: absolute addresses, one-byte inc and dec, REX.W mov with an
; immediate to a register.

REX_W       equ 0x48
REP         equ 0xF3            ; for `db REP, REX_W`: a legacy prefix stands before REX

PML4        equ 0x1000
PDPT        equ 0x2000
PAGE_DIR    equ 0x3000
TABLES_END  equ 0x4000
IDT         equ 0x4000          ; for guests that take interrupts

STACK_TOP   equ 0x10000

CODE64      equ 0x08
DATA        equ 0x10

bits 16
org 0x7C00

start:
    cli
    xor eax, eax
    mov ds, ax
    mov es, ax
    mov ss, ax
%include "sectors.asm"
    in al, 0x92
    or al, 2
    out 0x92, al                ; A20

    cld
    xor ax, ax
    mov di, PML4
    mov cx, TABLES_END - PML4
    rep stosb
    mov word [PML4], PDPT + 3   ; present, writable
    mov word [PDPT], PAGE_DIR + 3
    mov di, PAGE_DIR
    mov eax, 0x83               ; present, writable, page size
.entry:
    mov [di], eax
    add eax, 0x200000
    add di, 8
    cmp di, TABLES_END
    jne .entry

    mov eax, cr4
    or al, 0x20                 ; PAE
    mov cr4, eax
    mov eax, PML4
    mov cr3, eax
    mov ecx, 0xC0000080         ; IA32_EFER
    rdmsr
    or ah, 1                    ; LME
    wrmsr
    lgdt [gdt_pointer]
    mov eax, cr0
    or eax, 0x80000001          ; PG, PE
    mov cr0, eax
    jmp CODE64:long_mode

gdt:
    dq 0
    dq 0x00AF9A000000FFFF       ; code, 64-bit, ring 0
    dq 0x00CF92000000FFFF       ; data
gdt_pointer:
    dw gdt_pointer - gdt - 1
    dd gdt

bits 32
long_mode:
    mov eax, DATA
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov esp, STACK_TOP
