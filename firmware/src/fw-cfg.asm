; fw_cfg: how the machine tells the firmware about itself.
; [QEMU, docs/specs/fw_cfg.rst]

FW_CFG_SIGNATURE    equ 0x00        ; item keys
FW_CFG_ID           equ 0x01
FW_CFG_CMDLINE_SIZE equ 0x14
FW_CFG_CMDLINE_DATA equ 0x15
FW_CFG_FILE_DIR     equ 0x19
FW_CFG_ID_DMA       equ 0x02        ; bit of the item FW_CFG_ID: there is a DMA interface

FW_CFG_FILE_BYTES   equ 64          ; FWCfgFile { be32 size, be16 select, u16 reserved, char name[56] }
FW_CFG_FILE_SIZE    equ 0
FW_CFG_FILE_SELECT  equ 4
FW_CFG_FILE_NAME    equ 8

; Control field of the DMA descriptor, as the big-endian dword looks to this processor.
DMA_READ            equ 0x02000000
DMA_SKIP            equ 0x04000000
DMA_WRITE           equ 0x10000000
DMA_ERROR           equ 0x01000000

DATA_PORT_CHUNK     equ 0x8000      ; bytes read through the data port before the segment moves on

; Checks the signature and learns whether there is DMA. Does not return when there is no fw_cfg.
fw_cfg_init:
    mov byte [fw_cfg_has_dma], 0
    mov ax, FW_CFG_SIGNATURE
    call fw_cfg_read_dword
    cmp eax, 'QEMU'
    jne .absent
    mov ax, FW_CFG_ID
    call fw_cfg_read_dword
    test al, FW_CFG_ID_DMA
    jz .done
    mov byte [fw_cfg_has_dma], 1
.done:
    ret
.absent:
    mov al, POST_NO_FW_CFG
    mov si, text_no_fw_cfg
    jmp fail

; Selects item AX; reading starts at its first byte. Changes DX.
fw_cfg_select:
    mov dx, FW_CFG_SELECTOR
    out dx, ax
    ret

; The first four bytes of item AX, as EAX. Changes ECX, EDX, EDI, ES.
fw_cfg_read_dword:
    call fw_cfg_select
    mov ecx, 4
    call fw_cfg_read_buffer
    mov eax, [fw_cfg_buffer]
    ret

; Reads the next ECX bytes (at most 64) of the selected item into fw_cfg_buffer.
fw_cfg_read_buffer:
    mov edi, FIRMWARE_BASE + fw_cfg_buffer
    ; continues below

; Reads the next ECX bytes of the selected item to physical address EDI, below 1 MiB. CF=0.
; Changes EAX, ECX, EDX, EDI, ES.
fw_cfg_read:
    jecxz .done
    cmp byte [fw_cfg_has_dma], 0
    je .data_port
    mov dword [dma_control], DMA_READ
    call fw_cfg_dma
    jc .data_port               ; refused: the data port reads the same bytes
    ret
.done:
    clc
    ret

.data_port:
    mov eax, edi
    shr eax, 4
    mov es, ax
    and di, 15
    mov dx, FW_CFG_DATA
.chunk:
    push ecx
    cmp ecx, DATA_PORT_CHUNK
    jbe .last
    mov ecx, DATA_PORT_CHUNK
.last:
    mov eax, ecx
    rep insb
    pop ecx
    sub ecx, eax
    jz .done
    sub di, DATA_PORT_CHUNK
    mov ax, es
    add ax, DATA_PORT_CHUNK >> 4
    mov es, ax
    jmp .chunk

; Writes the ECX bytes at physical address EDI to the selected item. CF=1: it cannot be written.
; Changes EAX, EDX.
fw_cfg_write:
    cmp byte [fw_cfg_has_dma], 1
    jb fw_cfg_dma.done          ; CF=1
    mov dword [dma_control], DMA_WRITE
    ; continues below

; Does what dma_control says with ECX bytes at physical address EDI. CF=1: refused. Changes EAX, EDX.
fw_cfg_dma:
    mov eax, ecx
    call swap_bytes
    mov [dma_length], eax
    mov eax, edi
    call swap_bytes
    mov dword [dma_address], 0
    mov [dma_address + 4], eax
    mov dx, FW_CFG_DMA
    xor eax, eax
    out dx, eax
    mov eax, FIRMWARE_BASE + dma_control
    call swap_bytes
    add dx, 4
    out dx, eax                 ; the low half starts the transfer
.wait:
    mov eax, [dma_control]
    test eax, ~DMA_ERROR & 0xFFFFFFFF
    jnz .wait
    test eax, DMA_ERROR
    jz .done
    stc
.done:
    ret

; Skips ECX bytes of the selected item. Changes EAX, ECX, EDX, EDI, ES.
fw_cfg_skip:
    cmp byte [fw_cfg_has_dma], 0
    je .byte
    mov dword [dma_control], DMA_SKIP
    xor edi, edi
    jmp fw_cfg_dma
.byte:
    mov dx, FW_CFG_DATA
.next:
    jecxz .done
    in al, dx
    dec ecx
    jmp .next
.done:
    ret

; Looks for the file whose name is the text at DS:SI.
; CF=0: AX = its key, ECX = its size in bytes. CF=1: there is none. Changes EBX, EDX, EDI, ES.
fw_cfg_find_file:
    mov ax, FW_CFG_FILE_DIR
    call fw_cfg_read_dword
    call swap_bytes
    mov ebx, eax                ; files left
.next:
    test ebx, ebx
    jz .none
    dec ebx
    mov ecx, FW_CFG_FILE_BYTES
    call fw_cfg_read_buffer
    push si
    mov di, fw_cfg_buffer + FW_CFG_FILE_NAME
.compare:
    lodsb
    cmp al, [di]
    jne .differs
    inc di
    test al, al
    jnz .compare
    pop si
    mov eax, [fw_cfg_buffer + FW_CFG_FILE_SIZE]
    call swap_bytes
    mov ecx, eax
    mov ax, [fw_cfg_buffer + FW_CFG_FILE_SELECT]
    xchg al, ah
    clc
    ret
.differs:
    pop si
    jmp .next
.none:
    stc
    ret

; EAX between little and big endian.
swap_bytes:
    xchg al, ah
    rol eax, 16
    xchg al, ah
    ret
