; A20, interrupt controllers, timer, shadow RAM.

; Lets address bit 20 through. Leaves bit 0 of the port alone at 0: writing 1 there resets the processor.
a20_enable:
    in al, SYSTEM_CONTROL
    or al, SYSTEM_CONTROL_A20
    and al, 0xFE
    out SYSTEM_CONTROL, al
    ret

; Interrupt requests 0-7 become vectors 0x08-0x0F and 8-15 become 0x70-0x77, all masked.
; [8259A datasheet, "Initialization Command Words"]
pic_init:
    mov al, 0x11                ; ICW1: edge triggered, cascaded, ICW4 follows
    out PIC1_COMMAND, al
    out PIC2_COMMAND, al
    mov al, 0x08                ; ICW2: vector of the first request
    out PIC1_DATA, al
    mov al, 0x70
    out PIC2_DATA, al
    mov al, 0x04                ; ICW3: the second controller is on request 2 …
    out PIC1_DATA, al
    mov al, 0x02                ; … and knows that it is
    out PIC2_DATA, al
    mov al, 0x01                ; ICW4: 8086 mode, end of interrupt by command
    out PIC1_DATA, al
    out PIC2_DATA, al
    mov al, 0xFF                ; OCW1: all masked
    out PIC1_DATA, al
    out PIC2_DATA, al
    ret

; The command byte of the 8042 as a PC's firmware leaves it: interrupts of the keyboard, system flag, nothing from the
; auxiliary device, scan codes of set 1. [PS/2 Hardware Interface, "Keyboard and Auxiliary Device Controller"]
keyboard_controller_init:
    mov al, 0x60
    out KEYBOARD_COMMAND, al
    mov al, 0x65
    out KEYBOARD_DATA, al
    ret

; Channel 0 counts 65536 again and again: 18.2 ticks a second, once request 0 is unmasked.
pit_init:
    mov al, 0x34                ; channel 0, low byte then high byte, mode 2, binary
    out PIT_MODE, al
    xor al, al                  ; 0 stands for 65536
    out PIT_CHANNEL0, al
    out PIT_CHANNEL0, al
    ret

; The firmware keeps its variables and the memory map in its own segment, so that must be RAM by now.
shadow_check:
    mov ah, [boot_reserved]
    mov al, ah
    not al
    mov [boot_reserved], al
    cmp [boot_reserved], al
    jne .read_only
    mov [boot_reserved], ah
    mov bx, E820_SEGMENT
    mov es, bx
    mov al, [es:0]
    mov ah, al
    not al
    mov [es:0], al
    cmp [es:0], al
    mov [es:0], ah
    jne .read_only
    ret
.read_only:
    mov al, POST_NO_SHADOW
    mov si, text_no_shadow
    jmp fail
