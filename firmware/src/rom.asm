; The System 7X firmware: the last 48 KiB of the 128 KiB ROM, offsets 0x4000 to 0xFFFF of segment 0xF000.
; The 80 KiB below (0xE0000 to 0xF3FFF) hold nothing in the ROM; in shadow RAM they hold the memory map.
; README.md gives the reading order. An address in this source is an offset in segment 0xF000;
; FIRMWARE_BASE + label is the physical address.

bits 16
org 0x4000

%include "memory.asm"
%include "ports.asm"
%include "variables.asm"

%include "post.asm"
%include "chipset.asm"
%include "fw-cfg.asm"
%include "memory-map.asm"
%include "acpi.asm"
%include "bios-data.asm"
%include "interrupts.asm"
%include "boot.asm"
%include "pvh.asm"
%include "flat.asm"
%include "long-mode.asm"

%include "console.asm"
%include "video.asm"
%include "serial.asm"
%include "system.asm"
%include "keyboard.asm"
%include "clock.asm"
%include "disk.asm"
%include "messages.asm"

; From here to the reset vector the ROM is empty; in shadow RAM this is the room for ACPI tables.
align 64
acpi_room:

; Reset vector. The processor starts at CS base 0xFFFF0000, IP 0xFFF0: these bytes, seen just below 4 GiB.
; The far jump loads CS, and with it the base 0xF0000, so from here on the code runs in shadow RAM.
times 0xFFF0-$ db 0
reset_vector:
    jmp 0xF000:post
    db "01/01/26"               ; where IBM's BIOS has its date
    times 0xFFFE-$ db 0
    db 0xFC                     ; model byte: PC AT
    db 0
