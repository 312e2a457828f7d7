/**
 * Every recorded vector on our processor: registers, defined flags, memory, faults with error code and CR2.
 * The recordings: tests/vectors/README.md.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { agrees, describeDifferences, forgiveLastPlace } from './vector-comparison.js';
import { regionsMade, TIERS } from './tiers.js';
import { Outcome } from '../../scripts/vectors/vector-file.js';
import { openVectorFile, readInstruction, VECTOR_FILES } from './vector-file.js';
import { VectorMachine } from './vector-machine.js';

const REPORTED = 20;
/** Compared within one unit in the last place. */
const APPROXIMATED = 'x87-transcendental';

/** Differences found in one file. */
class Findings {
  readonly lines: string[] = [];
  readonly byMnemonic = new Map<string, number>();
  caseCount = 0;

  add(mnemonic: string, line: () => string): void {
    this.byMnemonic.set(mnemonic, (this.byMnemonic.get(mnemonic) ?? 0) + 1);
    if (this.lines.length < REPORTED) this.lines.push(line());
  }

  summary(): string {
    const counts = [...this.byMnemonic].sort((a, b) => b[1] - a[1]);
    return counts.map(([mnemonic, count]) => `${mnemonic} ${count}`).join(', ');
  }
}

function runFile(machine: VectorMachine, name: string): Findings {
  const file = openVectorFile(name);
  const findings = new Findings();
  for (let i = 0; i < file.instructionCount; i += 1) {
    file.next((instruction) => {
      const { bytes, codeOffset, caseCount } = instruction;
      const read = readInstruction(instruction);
      machine.placeCode(bytes, codeOffset);
      let remaining = caseCount;
      return (before, expected) => {
        const odd = machine.run(before, codeOffset);
        const actual = machine.outcome;
        if (name === APPROXIMATED) forgiveLastPlace(expected, actual);
        if (read.undefinedBits !== null) {
          const { register, mask } = read.undefinedBits;
          for (const { registers } of [expected.state, actual.state]) {
            registers[2 * register] = (registers[2 * register] ?? 0) | mask;
          }
        }
        const ignored = expected.fault < 0 ? read.undefinedFlags(before) : 0;
        if (odd !== null || !agrees(expected, actual, ignored)) {
          const hex = Buffer.from(bytes).toString('hex');
          findings.add(read.mnemonic, () =>
            [
              `${hex} ${read.text}`,
              odd ?? '',
              ...describeDifferences(expected, actual, ignored).slice(0, 6),
            ].join(' | '),
          );
        }
        findings.caseCount += 1;
        remaining -= 1;
        if (remaining === 0) machine.removeCode(bytes.length, codeOffset);
      };
    });
  }
  file.verify();
  return findings;
}

const CORE = new URL('../../dist/emulator/cpu/core.wasm', import.meta.url);

describe.each(TIERS)('instruction vectors, %s', (_, translator) => {
  const machine = new VectorMachine(readFileSync(CORE), translator);
  it.each(VECTOR_FILES)('%s: our processor does what silicon did', (name) => {
    const before = regionsMade;
    const findings = runFile(machine, name);
    expect([findings.summary(), ...findings.lines].join('\n')).toBe('');
    expect(findings.caseCount).toBeGreaterThan(100);
    expect(regionsMade > before).toBe(translator !== null);
  });
});

describe('the comparison', () => {
  const changes: [string, (outcome: Outcome) => void][] = [
    ['end no fault / #PF(0) at 0', (outcome) => (outcome.fault = 14)],
    ['RIP offset 0 / 3', (outcome) => (outcome.ripOffset = 3)],
    ['R15 0 / 8000000000000000', ({ state }) => (state.registers[31] = 0x8000_0000)],
    ['flags none / ZF', ({ state }) => (state.rflags = 0x50)],
    ['[10001fff] 0 / 1', ({ state }) => (state.image[383] = 1)],
  ];

  it.each(changes)('sees a difference: %s', (text, change) => {
    const recorded = new Outcome();
    change(recorded);
    const AF = 0x10;
    expect(agrees(recorded, new Outcome(), AF)).toBe(false);
    expect(describeDifferences(recorded, new Outcome(), AF)).toEqual([text]);
  });

  it('ignores the flags that are undefined, and sees none where there is none', () => {
    const recorded = new Outcome();
    recorded.state.rflags = 0x10;
    expect(agrees(recorded, new Outcome(), 0x10)).toBe(true);
  });
});
