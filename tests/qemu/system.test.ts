/**
 * System behaviour, side by side with QEMU: small guests that print what the processor did. Where QEMU departs from the
 * manual, the table says how, and what the manual says.
 */
import { describe, expect, it } from 'vitest';
import { s7x } from '../cli/s7x.js';
import { guest } from '../guests/guest.js';
import { hasQemu, qemuKernel, withQemu } from './qemu.js';

interface Departure {
  /** Lines that QEMU prints, and ours in their place. */
  readonly qemu: readonly string[];
  readonly ours: readonly string[];
  /** What the SDM says. */
  readonly why: string;
}

const GUESTS: readonly (readonly [string, readonly Departure[]])[] = [
  ['task-switches', []],
  [
    'pse-36',
    [
      {
        qemu: ['0e00080a'],
        ours: ['0e00090a'],
        why: 'a reserved bit in a present entry: "bit 3 of the error code can be set only if bit 0 is also set" [SDM-3A, "Page-Fault Exceptions"]',
      },
      {
        qemu: ['0e000a0a'],
        ours: ['0e000b0a'],
        why: 'the same for a store',
      },
    ],
  ],
  [
    'protected-faults',
    [
      {
        qemu: ['ffffffff', 'ffffffff'],
        ours: ['0d000005', '0d00000d'],
        why: 'RDMSR of an MSR that does not exist, WRMSR of reserved bits: #GP(0) [SDM-2, RDMSR, WRMSR]',
      },
      {
        qemu: ['06000020'],
        ours: ['11000016'],
        why: 'a misaligned access at CPL 3 with CR0.AM and EFLAGS.AC: #AC(0) [SDM-3A, "Interrupt 17"]',
      },
    ],
  ],
  [
    'debug-traps',
    [
      {
        qemu: ['ffffffff', '00002400', 'ffff0ff1'],
        ours: ['01000008', '00000400', 'ffff2ff1'],
        why: 'MOV from a debug register with DR7.GD: #DB, BD set, GD cleared [SDM-3B, "General-Detect Exception Condition"]',
      },
    ],
  ],
  [
    'apic',
    [
      {
        qemu: ['00000020', '00000049'],
        ours: ['00000049'],
        why: 'LINT0 as a fixed interrupt: the 8259A is not asked for a vector [SDM-3A, "Local Vector Table", ExtINT]',
      },
    ],
  ],
];

/** RAM that a guest needs, other than 64 MiB. */
const MEMORY: Readonly<Record<string, string>> = { 'pse-36': '5G' };

describe.skipIf(!hasQemu)(
  withQemu('system behaviour is that of QEMU, but where QEMU departs from the manual'),
  () => {
    it.each(GUESTS)('%s', async (name, departures) => {
      const path = guest(name);
      const memory = MEMORY[name] ?? '64M';
      const qemu = await qemuKernel(path, memory);
      const ours = await s7x(['run', path, '-m', memory, '--cpu', 'unit', '--uart', 'instant']);
      let expected = qemu.serial;
      for (const departure of departures) {
        const there = `${departure.qemu.join('\n')}\n`;
        expect(
          expected.split(there).length,
          `${departure.why}: QEMU prints it once more`,
        ).toBeGreaterThan(1);
        // The lines that stand where ours differ, not equal ones elsewhere.
        const at = placeOf(expected, there, ours.stdout);
        expected = `${expected.slice(0, at)}${departure.ours.join('\n')}\n${expected.slice(at + there.length)}`;
      }
      expect(ours.stdout).toBe(expected);
      expect(ours.status).toBe(qemu.status);
    });
  },
);

/** Where `lines` stand in `text` at or behind the first place in which it differs from `other`. */
function placeOf(text: string, lines: string, other: string): number {
  let same = 0;
  while (same < text.length && text[same] === other[same]) same++;
  return text.indexOf(lines, text.lastIndexOf('\n', same) + 1);
}
