; 4-MByte pages beyond 4 GiB: whether CPUID offers them, where the page of an entry lies (looked at through PAE paging, too), which
; bits of the entry are reserved. There has to be RAM from 4 GiB to 4 GiB + 8 MiB. [SDM-3A, "32-Bit Paging"]
bits 32
org 0x100000
DIRECTORY   equ 0x200000
POINTERS    equ 0x201000
PAE_TABLE   equ 0x202000
PAGE        equ 0x400000            ; linear, and bits 31:22 of the page's address
HIGH        equ 0x2000              ; bit 13: bit 32 of the page's address
LARGE       equ 0x83                ; P, R/W, PS
CR4_PSE     equ 0x10
CR4_PAE     equ 0x20

entry:
    mov esp, 0x190000
    call com1_init
    mov dword [DIRECTORY], LARGE
    mov dword [POINTERS], PAE_TABLE + 1
    mov dword [PAE_TABLE], LARGE
    mov dword [PAE_TABLE + 8], 0x200000 + LARGE
    mov dword [PAE_TABLE + 16], PAGE + LARGE
    mov dword [PAE_TABLE + 20], 1
    jmp run_snippets

offered:
    mov eax, 1
    cpuid
    shr edx, 17
    and edx, 1
    mov eax, edx
    call put_hex
    ret

; One page at PAGE, another 4 GiB above.
written:
    mov dword [PAGE + 0x10], 0x11111111
    mov eax, PAGE + HIGH + LARGE
    call paging_on
    mov dword [PAGE + 0x10], 0x36363636
    mov eax, [DIRECTORY + 4]        ; A and D are set
    call paging_off
    call put_hex
    mov eax, [PAGE + 0x10]
    call put_hex                    ; 11111111
    mov eax, cr4
    or eax, CR4_PAE
    mov cr4, eax
    mov eax, POINTERS
    mov cr3, eax
    mov eax, cr0
    or eax, 0x80000000
    mov cr0, eax
    mov eax, [PAGE + 0x10]
    call paging_off
    call put_hex                    ; 36363636
    ret

; Bit 12 is PAT and no bit of the address.
with_pat:
    mov eax, PAGE + HIGH + 0x1000 + LARGE
    call paging_on
    mov eax, [PAGE + 0x10]
    call paging_off
    call put_hex
    ret

; Bits 20:13 are bits 39:32 of the address, whether there is memory or not.
beyond_memory:
    mov eax, PAGE + 0x1FE000 + LARGE
    call paging_on
    mov eax, [PAGE + 0x10]
    ret

; Bit 21 is reserved, MAXPHYADDR being 40 or more: #PF with P and RSVD.
reserved:
    mov eax, PAGE + 0x200000 + LARGE
    call paging_on
    mov eax, [PAGE + 0x10]
    ret

reserved_written:
    mov eax, PAGE + 0x200000 + HIGH + LARGE
    call paging_on
    mov [PAGE + 0x10], eax
    ret

; EAX: the entry of PAGE.
paging_on:
    mov [DIRECTORY + 4], eax
    call paging_off
    mov eax, cr4
    or eax, CR4_PSE
    mov cr4, eax
    mov eax, DIRECTORY
    mov cr3, eax
    mov eax, cr0
    or eax, 0x80000000
    mov cr0, eax
    ret

; EAX is kept.
paging_off:
    mov edx, cr0
    and edx, 0x7FFFFFFF
    mov cr0, edx
    mov edx, cr4
    and edx, 0xFFFFFFCF
    mov cr4, edx
    ret

align 4
snippets:
    dd offered, written, with_pat, beyond_memory, reserved, reserved_written, 0
%include "snippets.asm"
