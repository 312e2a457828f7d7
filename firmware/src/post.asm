; Power-on self test, in order: the table of contents of this firmware.

post:
    cli
    cld
    mov al, POST_SEGMENTS
    out POST_PORT, al
    xor ax, ax
    mov ss, ax
    mov sp, STACK_TOP
    mov es, ax
    mov ax, cs                  ; variables and texts lie beside the code
    mov ds, ax

    fninit                      ; reset leaves registers that are not empty, and exceptions unmasked [SDM-3, "FPU Initialization"]

    mov al, POST_A20
    out POST_PORT, al
    call a20_enable

    mov al, POST_TIMER
    out POST_PORT, al
    call pic_init
    call pit_init
    call keyboard_controller_init

    mov al, POST_SHADOW
    out POST_PORT, al
    call shadow_check
    mov si, text_version
    call put_text

    mov al, POST_FW_CFG
    out POST_PORT, al
    call fw_cfg_init

    mov al, POST_MEMORY_MAP
    out POST_PORT, al
    call memory_map_load
    call memory_map_measure
    call memory_map_report
    call acpi_load

    mov al, POST_VECTORS
    out POST_PORT, al
    call vectors_init

    mov al, POST_DATA_AREA
    out POST_PORT, al
    call bios_data_init
    mov dx, [com_ports]         ; COM1, for images that write to it as they find it
    call line_init

    mov al, POST_BOOT_FILE
    out POST_PORT, al
    jmp boot

; Stops the machine. AL = POST code, SI = text that says why.
fail:
    out POST_PORT, al
    call put_text
.halt:
    cli
    hlt
    jmp .halt
