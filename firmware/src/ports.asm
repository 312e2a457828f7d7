; I/O ports, and the POST codes written to port 0x80.

PIC1_COMMAND        equ 0x20
PIC1_DATA           equ 0x21
PIC2_COMMAND        equ 0xA0
PIC2_DATA           equ 0xA1
PIC_EOI             equ 0x20        ; OCW2: non-specific end of interrupt
PIC_READ_ISR        equ 0x0B        ; OCW3: the next read gives the in-service register

PIT_CHANNEL0        equ 0x40
PIT_MODE            equ 0x43

KEYBOARD_DATA       equ 0x60
KEYBOARD_COMMAND    equ 0x64
KEYBOARD_OUTPUT     equ 0xD1        ; command: what follows goes to the output port
KEYBOARD_A20_OFF    equ 0xDD        ; output port: no reset, A20 low

SYSTEM_CONTROL_B    equ 0x61
REFRESH_TOGGLE      equ 0x10        ; changes every 18 periods of the timer's clock

RTC_INDEX           equ 0x70
RTC_DATA            equ 0x71

POST_PORT           equ 0x80
SYSTEM_CONTROL      equ 0x92        ; bit 0 fast reset, bit 1 A20
SYSTEM_CONTROL_A20  equ 0x02
DEBUG_PORT          equ 0xE9

FW_CFG_SELECTOR     equ 0x510       ; 16 bits
FW_CFG_DATA         equ 0x511       ; 8 bits
FW_CFG_DMA          equ 0x514       ; two big-endian dwords: the descriptor's address, high half first

POST_SEGMENTS       equ 0x01
POST_A20            equ 0x02
POST_TIMER          equ 0x03
POST_SHADOW         equ 0x04
POST_FW_CFG         equ 0x05
POST_MEMORY_MAP     equ 0x06
POST_VECTORS        equ 0x07
POST_DATA_AREA      equ 0x08
POST_BOOT_FILE      equ 0x09
POST_HAND_OVER      equ 0x0A
POST_NO_SHADOW      equ 0xE1        ; from here on: why the firmware stopped
POST_NO_FW_CFG      equ 0xE2
POST_BAD_BOOT_FILE  equ 0xE3
POST_NO_IMAGE       equ 0xE4
POST_EXCEPTION      equ 0xE5
