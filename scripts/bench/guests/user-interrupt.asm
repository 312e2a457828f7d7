; System calls by interrupt: from CPL 3 through a gate to CPL 0 and back by iretq.

%include "iterations.asm"
VECTOR                      equ 0x80
GATE                        equ 0xEE00 ; present, DPL 3, interrupt gate
PASSES                      equ 100
INSTRUCTIONS_PER_ITERATION  equ 1 + PASSES * 5 + 2

%include "long-mode.asm"

workload:
%include "interrupt-gate.asm"
%include "user-mode.asm"

user:
%include "interrupt-loop.asm"
%include "finish.asm"
