/** `run --profile`: which function had which cycles, and that looking changes nothing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { guest, guestOf, imageFile } from '../guests/guest.js';
import { projectRoot, runRecord, s7x, type Finished } from './s7x.js';

const folded = ({ folder }: Finished): Map<string, number> =>
  new Map(
    readFileSync(join(folder, '.s7x/last/profile.folded'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => {
        const [, stack = '', cycles = ''] = /^(.*) (\d+)$/.exec(line) ?? [];
        return [stack, Number(cycles)];
      }),
  );

// Every instruction is one cycle: the figures are counted by hand.
const CALLS = `
  call outer            ; entry: 1 and the mov esp before it
  call inner
  mov eax, 0x2000       ; 3 instructions and a port access switch the machine off
  mov dx, 0x604
  out dx, ax
  hlt
outer:
  call inner
  call tail
  ret
inner:
  mov ecx, 10
.again:
  dec ecx
  jnz .again
  ret
tail:
  nop
  jmp finish
finish:
  nop
  nop
  ret
`;

describe('run --profile', () => {
  it('charges each calling context with its own instructions; a tail call is a call', async () => {
    const run = await s7x(['run', guestOf(CALLS), '--cpu', 'unit', '--profile']);
    const stacks = folded(run);
    expect(stacks.get('entry;outer')).toBe(3);
    expect(stacks.get('entry;outer;inner')).toBe(1 + 20 + 1);
    expect(stacks.get('entry;inner')).toBe(22);
    expect(stacks.get('entry;outer;tail')).toBe(2);
    expect(stacks.get('entry;outer;finish')).toBe(3);
  });

  describe.each(['unit', 'zen1'])('under --cpu %s', (cpu) => {
    it.each([
      ['the firmware and a kernel', guest('power-off')],
      ['interrupts', guest('ticks')],
      ['long mode, the bundled kernel', join(projectRoot, 'dist/kernel/kernel.elf')],
      ['loops that are counted', guest('ticks-busy')],
    ])('of %s adds up to the run and changes nothing', async (_what, image) => {
      // The kernel's own tests would take minutes; the other images do not read the line.
      const options = ['--cpu', cpu, '--append', 'notests'];
      const [plain, profiled] = await Promise.all([
        s7x(['run', image, ...options]),
        s7x(['run', image, ...options, '--profile']),
      ]);
      const [before, after] = [runRecord(plain), runRecord(profiled)];
      expect({ ...after, host: null }).toEqual({ ...before, host: null });
      const sum = [...folded(profiled).values()].reduce((all, cycles) => all + cycles, 0);
      expect(sum).toBe(after.stats.cycles);
    });
  });

  it('shows an interrupt as a frame in what it interrupted', async () => {
    const stacks = [...folded(await s7x(['run', guest('ticks'), '--profile'])).keys()];
    expect(stacks.some((stack) => /^entry.*;\[interrupt 0x[0-9a-f]+\]$/.test(stack))).toBe(true);
  });

  // A PC's firmware leaves IRQ 0 at vector 8 (8259A, ICW2 = 8), which in real mode is the timer's, and no #DF.
  it('of a boot sector calls the timer an interrupt', async () => {
    const sector = Buffer.alloc(512);
    // sti; hlt; mov dx, 604h; mov ax, 2000h; out dx, ax
    sector.set([0xfb, 0xf4, 0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef]);
    sector.set([0x55, 0xaa], 510);
    const run = await s7x(['run', imageFile(sector, 'timer.img'), '--functional', '--profile']);
    const stacks = [...folded(run).keys()];
    expect([run.status, stacks.filter((stack) => stack.includes('[#'))]).toEqual([0, []]);
    expect(stacks).toContain('[real mode];[interrupt 0x8]');
  });
});
