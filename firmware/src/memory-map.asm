; The memory map: read as given, kept as given. Only the three old services (INT 12h, AX=E801h, AH=88h) need it
; digested, because each of them reports one contiguous run of memory.

E820_BASE           equ 0           ; fields of an entry
E820_BASE_HIGH      equ 4
E820_LENGTH         equ 8
E820_LENGTH_HIGH    equ 12
E820_TYPE           equ 16

MEGABYTE            equ 0x100000
RUN_LIMIT           equ 0xFFFF0000  ; runs are followed to the last 64 KiB block below 4 GiB
EXTENDED_KIB_MAX    equ 0xFC00      ; AH=88h: software of its time expects at most 63 MiB

; Reads the file etc/e820 into the table.
memory_map_load:
    mov dword [e820_count], 0
    mov si, file_e820
    call fw_cfg_find_file
    jc .missing
    push ax
    cmp ecx, E820_ENTRIES_MAX * E820_ENTRY_BYTES
    jbe .fits
    mov si, text_map_cut
    call put_text
    mov ecx, E820_ENTRIES_MAX * E820_ENTRY_BYTES
.fits:
    mov eax, ecx
    xor edx, edx
    mov ebx, E820_ENTRY_BYTES
    div ebx
    mov [e820_count], eax
    pop ax
    call fw_cfg_select
    mov edi, E820_TABLE
    jmp fw_cfg_read
.missing:
    mov si, text_no_map
    jmp put_text

; Fills ram_bytes and what the old services report.
memory_map_measure:
    call sum_usable
    ; From 0, or from the second page where the firmware's map keeps the first one for itself.
    xor eax, eax
    mov edx, LOW_MEMORY_KIB_MAX * 1024
    call run_end
    test eax, eax
    jnz .low
    mov eax, 0x1000
    call run_end
    cmp eax, 0x1000
    jne .low
    xor eax, eax
.low:
    shr eax, 10
    mov [low_kib], ax

    mov eax, MEGABYTE
    mov edx, RUN_LIMIT
    call run_end
    sub eax, MEGABYTE
    shr eax, 10
    mov ecx, eax
    cmp ecx, EXTENDED_KIB_MAX
    jbe .extended
    mov ecx, EXTENDED_KIB_MAX
.extended:
    mov [extended_kib], cx
    cmp eax, 15 * 1024
    jbe .below_16m
    mov eax, 15 * 1024
.below_16m:
    mov [below_16m_kib], ax

    mov eax, 16 * MEGABYTE
    call run_end
    sub eax, 16 * MEGABYTE
    shr eax, 16
    mov [above_16m_64k], ax
    ret

; ram_bytes = sum of the lengths of the usable entries. Overlaps count twice: it is a message, not a promise.
sum_usable:
    xor eax, eax
    xor edx, edx
    call map_first
    jz .done
.entry:
    cmp dword [es:di + E820_TYPE], E820_USABLE
    jne .next
    add eax, [es:di + E820_LENGTH]
    adc edx, [es:di + E820_LENGTH_HIGH]
    jnc .next
    or eax, -1                  ; wrapped: say all ones and stop
    or edx, -1
    jmp .done
.next:
    call map_next
    jnz .entry
.done:
    mov [ram_bytes], eax
    mov [ram_bytes + 4], edx
    ret

; Where the usable memory that starts at EAX ends, at most at EDX: EAX = that end, or unchanged when nothing there is
; usable. Usable entries are joined in whatever order they stand; entries of other types cut. Keeps EDX.
run_end:
    push ebp
    mov ebp, eax                ; start
    mov ebx, eax                ; end so far
.again:
    xor si, si                  ; whether this walk made the run longer
    call map_first
    jz .done
.entry:
    cmp dword [es:di + E820_TYPE], E820_USABLE
    jne .next
    cmp dword [es:di + E820_BASE_HIGH], 0
    jne .next
    cmp [es:di + E820_BASE], ebx
    ja .next
    call entry_end
    cmp eax, ebx
    jbe .next
    mov ebx, eax
    inc si
.next:
    call map_next
    jnz .entry
    test si, si
    jnz .again

    call map_first
.cut_entry:
    cmp dword [es:di + E820_TYPE], E820_USABLE
    je .cut_next
    cmp dword [es:di + E820_BASE_HIGH], 0
    jne .cut_next
    mov eax, [es:di + E820_LENGTH]
    or eax, [es:di + E820_LENGTH_HIGH]
    jz .cut_next                ; an empty entry takes nothing
    cmp [es:di + E820_BASE], ebx
    jae .cut_next
    call entry_end
    cmp eax, ebp
    jbe .cut_next
    mov ebx, [es:di + E820_BASE]
    cmp ebx, ebp
    jae .cut_next
    mov ebx, ebp
.cut_next:
    call map_next
    jnz .cut_entry
.done:
    mov eax, ebx
    pop ebp
    ret

; EAX = end of the entry at ES:DI whose base is below 4 GiB, at most EDX.
entry_end:
    cmp dword [es:di + E820_LENGTH_HIGH], 0
    jne .limit
    mov eax, [es:di + E820_BASE]
    add eax, [es:di + E820_LENGTH]
    jc .limit
    cmp eax, edx
    jbe .done
.limit:
    mov eax, edx
.done:
    ret

; ES:DI = first entry, CX = entries left. ZF=1: there is none.
map_first:
    push E820_SEGMENT
    pop es
    xor di, di
    mov cx, [e820_count]
    test cx, cx
    ret

; ES:DI = next entry, CX = entries left. ZF=1: there is none. The table is longer than a segment, so ES moves along.
map_next:
    push ax
    add di, E820_ENTRY_BYTES
    mov ax, di
    shr ax, 4
    and di, 15
    push bx
    mov bx, es
    add bx, ax
    mov es, bx
    pop bx
    pop ax
    dec cx
    ret

; "e820: 6 entries, 8388095 KiB usable"
memory_map_report:
    mov si, text_map
    call put_text
    mov eax, [e820_count]
    xor edx, edx
    call put_decimal
    mov si, text_entries
    call put_text
    mov eax, [ram_bytes]
    mov edx, [ram_bytes + 4]
    shrd eax, edx, 10
    shr edx, 10
    call put_decimal
    mov si, text_usable
    jmp put_text

file_e820:          db "etc/e820", 0
text_no_map:        db "e820: fw_cfg has no file etc/e820", 10, 0
text_map_cut:       db "e820: more than 4096 entries, the rest is left out", 10, 0
text_map:           db "e820: ", 0
text_entries:       db " entries, ", 0
text_usable:        db " KiB usable", 10, 0
