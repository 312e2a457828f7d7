; A Linux kernel image as far as loaders look at it; its protected-mode code says what the zero page holds.
; [Linux, Documentation/arch/x86/boot.rst, zero-page.rst]
bits 32
org 0x100000 - 0x400                    ; one setup sector and the boot sector in front of the protected-mode code
setup:
    times 0x1F1 db 0
    db 1                                ; setup_sects
    times 0x1FE - ($ - setup) db 0
    dw 0xAA55
    dw 0x6AEB                           ; jump over the header: it ends at 0x26C
    db "HdrS"
    dw 0x020F                           ; version
    times 0x211 - ($ - setup) db 0
    db 1                                ; loadflags: LOADED_HIGH
    times 0x214 - ($ - setup) db 0
    dd 0x100000                         ; code32_start
    times 0x22C - ($ - setup) db 0
    dd 0x7FFFFFFF                       ; initrd_addr_max
    times 0x236 - ($ - setup) db 0
    dw 0                                ; xloadflags: the tests set them
    times 0x238 - ($ - setup) db 0
    dd 255                              ; cmdline_size
    times 0x258 - ($ - setup) db 0
    dq 0x100000                         ; pref_address
    dd 0x100000                         ; init_size
    times 0x400 - ($ - setup) db 0
entry:
    mov [saved_ebx], ebx
    mov [saved_edi], edi
    mov [saved_ebp], ebp
    mov ebp, esi
    mov esp, 0x180000
    call com1_init
    mov eax, cs
    shl eax, 16
    mov ax, ds
    call put_hex                        ; 00100018
    mov eax, [saved_ebx]
    or eax, [saved_edi]
    or eax, [saved_ebp]
    call put_hex                        ; 0
    mov eax, [ebp + 0x202]
    call put_hex                        ; HdrS
    movzx eax, byte [ebp + 0x210]
    call put_hex                        ; type_of_loader
    mov esi, [ebp + 0x228]
    call puts
    mov al, 10
    call put
    mov eax, [ebp + 0x21C]
    call put_hex                        ; size of the initial RAM disk
    mov esi, [ebp + 0x218]
    test esi, esi
    jz .no_disk
    movzx eax, byte [esi]
    call put_hex
.no_disk:
    movzx edi, byte [ebp + 0x1E8]
    mov eax, edi
    call put_hex                        ; entries of the map
    lea esi, [ebp + 0x2D0]
.entry:
    test edi, edi
    jz .done
    mov eax, [esi]
    call put_hex
    mov eax, [esi + 16]
    call put_hex
    add esi, 20
    sub edi, 1
    jmp .entry
.done:
    mov eax, [ebp + 0x250]
    test eax, eax
    jz power_off
    mov esi, eax
    mov eax, [esi + 8]
    call put_hex                        ; SETUP_E820_EXT
    mov eax, [esi + 12]
    call put_hex
    jmp power_off
saved_ebx:
    dd 0xFFFFFFFF
saved_edi:
    dd 0xFFFFFFFF
saved_ebp:
    dd 0xFFFFFFFF
%include "serial.asm"
    times 0x600 - ($ - setup) db 0
entry_64:                               ; XLF_KERNEL_64: encodings that mean the same in 64-bit mode
    mov ebp, esi
    mov esp, 0x180000
    call com1_init
    mov eax, cs
    shl eax, 16
    mov ax, ds
    call put_hex                        ; 00100018
    mov eax, 0
    db 0x48, 0xFF, 0xC1                 ; INC RCX; in another mode DEC EAX, INC ECX
    call put_hex
    mov ecx, 0xC0000080
    rdmsr
    and eax, 0x500                      ; LME, LMA
    call put_hex
    pushfd
    pop eax
    and eax, 0x200                      ; IF: clear
    call put_hex
    mov eax, [ebp + 0x202]
    call put_hex                        ; HdrS
    mov eax, [ebp + 0xC0]
    call put_hex                        ; ext_ramdisk_image
    mov eax, [ebp + 0x21C]
    call put_hex                        ; size of the initial RAM disk
    mov eax, [ebp + 0x218]
    and eax, 0xFFF                      ; on a page
    call put_hex
    mov ebx, 0xFFFFFFF0                 ; mapped up to 4 GiB: the reset vector's far jump
    movzx eax, byte [ebx]
    call put_hex
    jmp power_off
