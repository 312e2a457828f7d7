; A multiboot kernel: says what it was handed. [Multiboot Specification 0.6.96]
bits 32
org 0x100000
header:
    dd 0x1BADB002
    dd 0x00010003                       ; page-aligned modules, memory information, addresses
    dd -(0x1BADB002 + 0x00010003)
    dd header, header, image_end, bss_end, entry
entry:
    mov esp, 0x180000
    mov [magic], eax
    mov ebp, ebx
    pushfd
    pop dword [flags]
    call com1_init
    mov eax, [magic]
    call put_hex                        ; 2badb002
    mov eax, [flags]
    and eax, 0x20200                    ; IF and VM: clear
    call put_hex
    mov eax, cr0
    and eax, 0x80000001                 ; PG clear, PE set
    call put_hex
    mov eax, [ebp]
    and eax, 0x0000004D                 ; memory, command line, modules, map
    call put_hex
    mov eax, [ebp + 4]
    call put_hex                        ; KiB below 640 KiB
    mov eax, [ebp + 8]
    call put_hex                        ; KiB from 1 MiB on
    mov esi, [ebp + 16]
    call puts_line
    mov eax, [bss_word]                 ; zeroed
    call put_hex
    mov eax, [ebp + 20]
    call put_hex                        ; modules
    mov edi, [ebp + 20]
    mov esi, [ebp + 24]
.module:
    test edi, edi
    jz .modules_done
    push esi
    mov eax, [esi]
    and eax, 0xFFF                      ; on a page
    call put_hex
    mov eax, [esi + 4]
    sub eax, [esi]
    call put_hex                        ; its size
    push esi
    mov esi, [esi]
    mov al, [esi]
    movzx eax, al
    call put_hex                        ; its first byte
    pop esi
    mov esi, [esi + 8]
    call puts_line
    pop esi
    add esi, 16
    sub edi, 1
    jmp .module
.modules_done:
    mov esi, [ebp + 48]                 ; the map: low halves of the addresses, types
    mov edi, esi
    add edi, [ebp + 44]
.entry:
    cmp esi, edi
    jae .done
    mov eax, [esi + 4]
    call put_hex
    mov eax, [esi + 20]
    call put_hex
    add esi, [esi]
    add esi, 4
    jmp .entry
.done:
    jmp power_off
puts_line:
    call puts
    mov al, 10
    jmp put
magic:
    dd 0xFFFFFFFF
flags:
    dd 0xFFFFFFFF
%include "serial.asm"
image_end:
bss_word            equ 0x140000
bss_end             equ 0x150000
