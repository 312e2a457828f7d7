; A multiboot 2 kernel: says what it was handed, tag by tag. [Multiboot2 Specification 2.0]
bits 32
org 0x100000
header:
    dd 0xE85250D6
    dd 0                                ; i386
    dd header_end - header
    dd 0x100000000 - (0xE85250D6 + (header_end - header))
    dw 2, 0                             ; address
    dd 24
    dd header, header, image_end, bss_end
    dw 3, 0                             ; entry address
    dd 12
    dd entry
    dd 0
    dw 6, 0                             ; module alignment
    dd 8
    dw 0, 0
    dd 8
header_end:
entry:
    call .here                          ; wherever the image is: EBP = its distance from where it is linked
.here:
    mov ecx, [esp]
    sub ecx, .here
    mov esp, 0x180000
    mov ebp, ecx
    mov [ebp + magic], eax
    mov [ebp + information], ebx
    pushfd
    pop dword [ebp + flags]
    call com1_init
    mov eax, [ebp + magic]
    call hex                        ; 36d76289
    mov eax, [ebp + flags]
    and eax, 0x20200                    ; IF and VM: clear
    call hex
    mov eax, cr0
    and eax, 0x80000001                 ; PG clear, PE set
    call hex
    mov eax, [ebp + bss_word]
    call hex                        ; zeroed
    mov ebx, [ebp + information]
    mov eax, ebx
    and eax, 7
    or eax, [ebx + 4]                   ; aligned, reserved word 0
    call hex
    mov edi, ebx
    add edi, [ebx]                      ; EDI = its end
    add ebx, 8
.tag:
    mov [ebp + tag], ebx
    mov eax, [ebx]
    call put_type
    mov eax, [ebx]
    cmp eax, 0
    je .end
    cmp eax, 1
    je .text
    cmp eax, 2
    je .text
    cmp eax, 3
    je .module
    cmp eax, 4
    je .memory
    cmp eax, 6
    je .map
    cmp eax, 9
    je .sections
    cmp eax, 14
    je .rsdp
    cmp eax, 15
    je .rsdp
    cmp eax, 21
    je .base
.next:
    mov ebx, [ebp + tag]
    mov eax, [ebx + 4]
    add eax, 7
    and eax, 0xFFFFFFF8
    add ebx, eax
    jmp .tag
.end:
    add ebx, [ebx + 4]
    sub ebx, edi
    mov eax, ebx
    call hex                        ; the end is where the total size says
    jmp power_off

.text:
    lea esi, [ebx + 8]
    call puts_line
    jmp .next
.module:
    mov esi, [ebx + 8]
    mov eax, esi
    and eax, 0xFFF                      ; on a page
    call hex
    mov eax, [ebx + 12]
    sub eax, esi
    call hex                        ; its size
    movzx eax, byte [esi]
    call hex                        ; its first byte
    lea esi, [ebx + 16]
    call puts_line
    jmp .next
.memory:
    mov eax, [ebx + 8]
    call hex                            ; KiB below 640 KiB
    mov eax, [ebx + 12]
    call hex                            ; KiB from 1 MiB on
    jmp .next
.map:
    mov eax, [ebx + 8]
    call hex                        ; size of an entry
    mov eax, [ebx + 12]
    call hex                        ; its version
    mov eax, [ebx + 4]
    sub eax, 16
    call hex                        ; all entries
    mov eax, [ebx + 16 + 8]
    call hex                        ; the first one: low half of its length, type
    mov eax, [ebx + 16 + 16]
    call hex
    jmp .next
.sections:
    mov eax, [ebx + 8]
    call hex                            ; how many
    mov eax, [ebx + 12]
    call hex                            ; size of a header
    mov eax, [ebx + 16]
    call hex                            ; which has the names
    mov eax, [ebx + 16]
    imul eax, [ebx + 12]
    lea esi, [ebx + eax + 20]
    cmp dword [ebx + 12], 64
    je .elf64
    mov esi, [esi + 12]                 ; sh_addr
    jmp .names
.elf64:
    mov esi, [esi + 16]
.names:
    add esi, 1                          ; behind the empty name
    call puts_line
    jmp .next
.rsdp:
    mov eax, [ebx + 8]
    call hex                            ; "RSD "
    mov ecx, [ebx + 4]
    sub ecx, 8
    mov eax, ecx
    call hex                            ; its size
    lea esi, [ebx + 8]
    mov eax, 0
.sum:
    add al, [esi]
    add esi, 1
    sub ecx, 1
    jnz .sum
    call hex                            ; its bytes add up to 0
    jmp .next
.base:
    mov eax, [ebx + 8]
    call hex
    jmp .next

; put_hex that keeps all registers but EAX
hex:
    push ebx
    push ecx
    push edx
    call put_hex
    pop edx
    pop ecx
    pop ebx
    ret
; "tag " and the type
put_type:
    push eax
    lea esi, [ebp + tag_text]
    call puts
    pop eax
    jmp hex
puts_line:
    call puts
    mov al, 10
    jmp put
tag_text:
    db "tag ", 0
magic:
    dd 0xFFFFFFFF
information:
    dd 0xFFFFFFFF
flags:
    dd 0xFFFFFFFF
tag:
    dd 0
%include "serial.asm"
image_end:
bss_word            equ 0x140000
bss_end             equ 0x150000
