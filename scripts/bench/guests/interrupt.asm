; Software interrupts: through a 64-bit interrupt gate and back by iretq.

%include "iterations.asm"
VECTOR                      equ 0x30
GATE                        equ 0x8E00 ; present, interrupt gate
PASSES                      equ 100
INSTRUCTIONS_PER_ITERATION  equ 1 + PASSES * 5 + 2

%include "long-mode.asm"

workload:
%include "interrupt-gate.asm"
%include "interrupt-loop.asm"
%include "finish.asm"
