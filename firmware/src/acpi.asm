; ACPI tables. The machine gives them as files, with a script that says how to place them: etc/table-loader.
; [QEMU, hw/acpi/bios-linker-loader.c, "BiosLinkerLoaderEntry"; ACPI 6.5, "Root System Description Pointer"]
;
; Each file is read into the room behind the firmware's code and gets its final address there and then: the top of the
; highest ACPI range of the memory map (type 3, below 4 GiB) that has room and is RAM; else it stays where it was read,
; in the F-segment, which no operating system takes for RAM. Pointers and checksums are made in the staged copy, and in
; the end each file with another place is copied to it. Usable memory is never touched.

LOADER_ALLOCATE     equ 1           ; commands of 128 bytes; unknown ones are passed over
LOADER_POINTER      equ 2
LOADER_CHECKSUM     equ 3
LOADER_BYTES        equ 128
LOADER_FILE         equ 4           ; char name[56], NUL at its end
LOADER_ALIGN        equ 60          ; ALLOCATE: u32, then u8 zone
LOADER_ZONE         equ 64
LOADER_SOURCE       equ 60          ; ADD_POINTER: char source[56], u32 offset, u8 size
LOADER_OFFSET       equ 116
LOADER_SIZE         equ 120
LOADER_SUM_AT       equ 60          ; ADD_CHECKSUM: u32 offset, u32 start, u32 length
LOADER_SUM_START    equ 64
LOADER_SUM_LENGTH   equ 68
ZONE_HIGH           equ 1           ; anywhere below 4 GiB; 2 = F-segment

ACPI_FILES_MAX      equ 4
ACPI_FILE_BYTES     equ 16          ; { u32 address, u32 size, u16 staged, u16 name, u32 zone }
ACPI_ADDRESS        equ 0
ACPI_SIZE           equ 4
ACPI_STAGED         equ 8
ACPI_NAME           equ 10
ACPI_ZONE           equ 12
E820_ACPI           equ 3
PM1A_CONTROL        equ 0x604
PM1_SCI_EN          equ 1

acpi_load:
    mov word [acpi_free], acpi_room
    mov word [acpi_files_end], acpi_files
    mov dword [acpi_rsdp], 0
    mov si, file_loader
    call fw_cfg_find_file
    jc .absent
    cmp ecx, reset_vector - acpi_room
    ja acpi_no_room
    mov bx, reset_vector        ; the script lies at the top of the room
    sub bx, cx
    mov [acpi_script], bx
    call fw_cfg_select
    movzx edi, word [acpi_script]
    add edi, FIRMWARE_BASE
    call fw_cfg_read

    mov si, [acpi_script]
.command:
    cmp si, reset_vector - LOADER_BYTES
    ja .finish
    mov eax, [si]
    cmp eax, LOADER_ALLOCATE
    jne .not_allocate
    call acpi_allocate
    jc acpi_no_room
.not_allocate:
    cmp eax, LOADER_POINTER
    jne .not_pointer
    call acpi_pointer
.not_pointer:
    cmp eax, LOADER_CHECKSUM
    jne .next
    call acpi_checksum
.next:
    add si, LOADER_BYTES
    jmp .command

.finish:
    call acpi_copy
    ; There is no SMI_CMD: the hardware is in ACPI mode from here on.
    mov dx, PM1A_CONTROL
    mov ax, PM1_SCI_EN
    out dx, ax
    mov si, text_acpi
    call put_text
    mov eax, [acpi_files + ACPI_ADDRESS]
    call put_hex
    mov si, text_rsdp
    call put_text
    mov eax, [acpi_rsdp]
    call put_hex
    mov si, text_line_end
    jmp put_text
.absent:
    ret

acpi_no_room:
    mov dword [acpi_rsdp], 0
    mov si, text_no_room
    jmp put_text

; ALLOCATE at DS:SI: reads the file and gives it its address. CF=1: there is no such file or no room. Keeps EAX, SI.
acpi_allocate:
    push eax
    push si
    add si, LOADER_FILE
    call fw_cfg_find_file
    pop si
    jc .failed
    mov di, [acpi_files_end]
    cmp di, acpi_files + ACPI_FILES_MAX * ACPI_FILE_BYTES
    jae .failed
    mov ebp, [si + LOADER_ALIGN]
    dec ebp                     ; EBP = mask of the alignment
    movzx ebx, word [acpi_free]
    add ebx, ebp
    mov edx, ebp
    not edx
    and ebx, edx
    mov edx, ebx
    add edx, ecx
    cmp edx, 0x10000
    jae .failed
    cmp dx, [acpi_script]
    ja .failed
    mov [acpi_free], dx
    mov [di + ACPI_STAGED], bx
    mov [di + ACPI_SIZE], ecx
    lea dx, [si + LOADER_FILE]
    mov [di + ACPI_NAME], dx
    movzx edx, byte [si + LOADER_ZONE]
    mov [di + ACPI_ZONE], edx
    add ebx, FIRMWARE_BASE
    mov [di + ACPI_ADDRESS], ebx
    add word [acpi_files_end], ACPI_FILE_BYTES
    push di
    mov edi, ebx
    mov ebx, ecx                ; the file's size survives the read
    call fw_cfg_select
    call fw_cfg_read
    pop di
    cmp dword [di + ACPI_ZONE], ZONE_HIGH
    je .high
    mov eax, [di + ACPI_ADDRESS]
    mov [acpi_rsdp], eax
    jmp .placed
.high:
    call acpi_place
.placed:
    pop eax
    clc
    ret
.failed:
    pop eax
    stc
    ret

; Looks for a place for the file of DS:DI with EBX bytes and the alignment mask EBP: the highest there is.
acpi_place:
    push si
    mov si, di                  ; DI walks the map
    xor edx, edx                ; best place
    call map_first
    jz .done
.entry:
    cmp dword [es:di + E820_TYPE], E820_ACPI
    jne .next
    mov eax, [es:di + E820_BASE_HIGH]
    or eax, [es:di + E820_LENGTH_HIGH]
    jnz .next
    cmp dword [es:di + E820_BASE], MEGABYTE
    jb .next
    mov eax, [es:di + E820_BASE]
    add eax, [es:di + E820_LENGTH]
    jc .next
    sub eax, ebx
    jc .next
    push ebx
    mov ebx, ebp
    not ebx
    and eax, ebx
    pop ebx
    cmp eax, [es:di + E820_BASE]
    jb .next
    cmp eax, edx
    jbe .next
    call acpi_is_ram
    jne .next
    mov edx, eax
.next:
    call map_next
    jnz .entry
.done:
    mov di, si
    pop si
    test edx, edx
    jz .stays
    mov [di + ACPI_ADDRESS], edx
.stays:
    ret

; ZF=1: the bytes at EAX and EAX + EBX - 1 can be written. Keeps all registers.
acpi_is_ram:
    push es
    push eax
    push cx
    call flat_es
    call acpi_flips
    jne .done
    lea eax, [eax + ebx - 1]
    call acpi_flips
.done:
    call real_es
    pop cx
    pop eax
    pop es
    ret

; ZF=1: the byte at ES:EAX changes when it is written. It is as before in the end. Changes CX.
acpi_flips:
    mov cl, [es:eax]
    mov ch, cl
    not ch
    mov [es:eax], ch
    cmp [es:eax], ch
    mov [es:eax], cl
    ret

; ADD_POINTER at DS:SI: adds the address of the source file to the number in the file. Keeps EAX, SI.
acpi_pointer:
    push eax
    lea bx, [si + LOADER_SOURCE]
    call acpi_find
    jc .done
    mov edx, [di + ACPI_ADDRESS]
    lea bx, [si + LOADER_FILE]
    call acpi_find
    jc .done
    movzx eax, byte [si + LOADER_SIZE]
    add eax, [si + LOADER_OFFSET]
    jc .done
    cmp eax, [di + ACPI_SIZE]
    ja .done
    mov bx, [di + ACPI_STAGED]
    add bx, [si + LOADER_OFFSET]
    cmp byte [si + LOADER_SIZE], 4
    jb .done
    add [bx], edx
    jnc .done
    cmp byte [si + LOADER_SIZE], 8
    jne .done
    inc dword [bx + 4]
.done:
    pop eax
    ret

; ADD_CHECKSUM at DS:SI: makes the bytes add up to 0. Keeps EAX, SI.
acpi_checksum:
    push eax
    lea bx, [si + LOADER_FILE]
    call acpi_find
    jc .done
    mov ecx, [si + LOADER_SUM_LENGTH]
    mov eax, [si + LOADER_SUM_START]
    cmp eax, [di + ACPI_SIZE]
    ja .done
    add eax, ecx
    jc .done
    cmp eax, [di + ACPI_SIZE]
    ja .done
    mov eax, [si + LOADER_SUM_AT]
    cmp eax, [di + ACPI_SIZE]
    jae .done
    mov bx, [di + ACPI_STAGED]
    add bx, [si + LOADER_SUM_START]
    xor al, al
    jcxz .summed
.byte:
    add al, [bx]
    inc bx
    loop .byte
.summed:
    mov bx, [di + ACPI_STAGED]
    add bx, [si + LOADER_SUM_AT]
    sub [bx], al
.done:
    pop eax
    ret

; The file whose name is the text at DS:BX: DI. CF=1: it was not allocated. Changes AL.
acpi_find:
    mov di, acpi_files
.file:
    cmp di, [acpi_files_end]
    jae .none
    push si
    push bx
    mov si, [di + ACPI_NAME]
.compare:
    lodsb
    cmp al, [bx]
    jne .differs
    inc bx
    test al, al
    jnz .compare
    pop bx
    pop si
    clc
    ret
.differs:
    pop bx
    pop si
    add di, ACPI_FILE_BYTES
    jmp .file
.none:
    stc
    ret

; Copies each file to its place.
acpi_copy:
    mov bx, acpi_files
    call flat_es
.file:
    cmp bx, [acpi_files_end]
    jae .done
    movzx esi, word [bx + ACPI_STAGED]
    mov edi, [bx + ACPI_ADDRESS]
    mov ecx, [bx + ACPI_SIZE]
    lea eax, [esi + FIRMWARE_BASE]
    cmp eax, edi
    je .next
    a32 rep movsb               ; DS:ESI to ES:EDI
.next:
    add bx, ACPI_FILE_BYTES
    jmp .file
.done:
    ; continues below

; ES = segment 0 with a limit of 64 KiB again. Keeps flags and all other registers.
real_es:
    push bx
    mov bx, DATA16
    jmp load_es

; ES = all 4 GiB, from real mode: the descriptor stays in the segment register when protection is off again.
; [SDM Vol. 3A, "Switching Back to Real-Address Mode"] Keeps flags and all other registers.
flat_es:
    push bx
    mov bx, DATA32
    ; continues below

load_es:
    pushf
    push eax
    cli
    lgdt [gdt_pointer]
    mov eax, cr0
    or al, CR0_PE
    mov cr0, eax
    jmp short .protected
.protected:
    mov es, bx
    and al, ~CR0_PE & 0xFF
    mov cr0, eax
    jmp short .real
.real:
    pop eax
    popf
    pop bx
    ret

file_loader:        db "etc/table-loader", 0
text_acpi:          db "acpi: tables at 0x", 0
text_rsdp:          db ", RSDP at 0x", 0
text_line_end:      db 10, 0
text_no_room:       db "acpi: no room for the tables, or one of them is missing", 10, 0
