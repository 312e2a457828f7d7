/**
 * A poll that the core repeats by itself (emulator/machine/steady-read.ts): the device sees fewer reads, the guest and its clock
 * see no difference. A run of one instruction at a time never repeats a read by itself.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../firmware/assembler/assemble.js';
import { createTimingModel } from '../../emulator/timing/models.js';
import { projectRoot } from '../cli/s7x.js';
import { TestMachine } from '../guests/test-machine.js';

/** MSR in loop-back, whose first read takes its deltas away; characters, each behind polls of LSR; the PIT interrupts every 100 ticks, and the handler reads another port; passes are counted. */
const SECTOR = `
  org 0x7c00
  bits 16
start:
  cli
  xor ax, ax
  mov ds, ax
  mov ss, ax
  mov sp, 0x7c00
  mov word [8 * 4], timer
  mov word [8 * 4 + 2], 0
  mov al, 0x34
  out 0x43, al
  mov al, 100
  out 0x40, al
  mov al, 0
  out 0x40, al
  mov al, 0xfe
  out 0x21, al
  sti
  mov dx, 0x3fc
  mov al, 0x10
  out dx, al
  mov al, 0x1f
  out dx, al
  mov dx, 0x3fe
  mov cx, 4
deltas:
  in al, dx
  shl ebx, 4
  add bl, al
  loop deltas
  mov dx, 0x3fc
  mov al, 3
  out dx, al
  mov si, 12
next:
  mov dx, 0x3fd
poll:
  inc ebx
  in al, dx
  test al, 0x20
  jz poll
  mov dx, 0x3f8
  mov ax, si
  add al, 64
  out dx, al
  in al, 0x71
  add bl, al
  dec si
  jnz next
  mov eax, ebx
  mov dx, 0xf4
  out dx, eax
  hlt
timer:
  push ax
  inc word [0x600]
  in al, 0x61
  mov al, 0x20
  out 0x20, al
  pop ax
  iret
  times 510 - ($ - $$) db 0
  dw 0xaa55
`;

const LSR = 0x3fd;
const file = (path: string): Uint8Array => readFileSync(join(projectRoot, 'dist/emulator', path));

function boot(runInstructionsMax: number): { readonly seen: unknown; readonly reads: number } {
  const model = 'zen1';
  const test = new TestMachine(assemble('sector.asm', () => SECTOR).bytes, {
    timing: createTimingModel(model),
    timed: {
      core: file('cpu/core-timed.wasm'),
      engines: { [model]: file('timing/engine-zen1.wasm') },
    },
  });
  const { machine } = test;
  const { bus } = machine.board;
  const read = bus.read.bind(bus);
  let reads = 0;
  bus.read = (port, widthBytes) => {
    if (port === LSR) reads++;
    return read(port, widthBytes);
  };
  const end = test.run({ countsPasses: true, runInstructionsMax });
  const seen = {
    end: [end.kind, end.value],
    serial: test.serial,
    state: machine.stateHash(),
    counters: machine.time.counters(),
  };
  return { seen, reads };
}

describe('polls of a busy UART under a timing engine', () => {
  const alone = boot(1);
  const repeated = boot(100_000);

  it('take the same cycles, and count the same, as when the device is asked each time', () => {
    expect(repeated.seen).toEqual(alone.seen);
    expect(alone.seen).toMatchObject({
      serial: 'LKJIHGFEDCBA',
      end: ['debug-exit', expect.anything()],
    });
  });

  it('do not ask the device each time', () => {
    expect(alone.reads).toBeGreaterThan(500);
    expect(repeated.reads).toBeLessThan(alone.reads / 5);
  });
});
