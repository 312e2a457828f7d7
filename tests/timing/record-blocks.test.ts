/** `npm run record:blocks`: what it reads, and that it measures on any x86-64 processor what is the same on all of them. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { disassemble } from '../../scripts/accuracy/disassembly.js';
import { parseBlockList, readBlockList } from '../../scripts/blocks/block-list.js';
import { canRecord, recordBlocks } from '../../scripts/blocks/recorder.js';
import { projectRoot } from '../cli/s7x.js';

const own = readBlockList(join(projectRoot, 'scripts/blocks/own-blocks.csv'));

/** The machine may be busy: the smallest of so many counts. */
const ATTEMPTS = 4;
const NONE = new Map<string, bigint>();
const ADDITION = '4801d8'; // ADD RAX, RBX
const MULTIPLICATION = '480fafc3'; // IMUL RAX, RBX

describe('a list of blocks', () => {
  it('has a header, or hex alone', () => {
    const [block] = parseBlockList('f', '# mine\nname,hex,setup\nadd,4801D8,rax=1\n');
    expect(block).toMatchObject({ name: 'add', hex: '4801d8', setup: new Map([['rax', 1n]]) });
    expect(parseBlockList('f', '90\n4801d8\n').map(({ hex }) => hex)).toEqual(['90', '4801d8']);
  });

  it.each([
    ['', "f: neither blocks in hexadecimal nor a header with 'hex'"],
    ['name,hex\n', 'f: the file has no blocks'],
    ['90\n9\n', "f:2: a block must be bytes in hexadecimal digits, not '9'"],
    ['hex,setup\n90,rax\n', "f:2: a setup is register=value, not 'rax'"],
  ])('is refused with file, line and value: %j', (text, message) => {
    expect(() => parseBlockList('f', text)).toThrow(message);
  });

  it.each(own.map(({ name, hex, text }) => [name, hex, text] as const))(
    'of our own: %s is what its text says',
    (_name, hex, text) => {
      const { instructions } = disassemble(hex);
      expect(instructions.map((instruction) => instruction.split(' ')[0]).join()).toBe(
        mnemonicsOf(text),
      );
      expect(instructions.join(), 'R15 counts loops').not.toContain('r15');
    },
  );
});

describe.skipIf(!canRecord())('the recorder (where gcc is)', () => {
  const leastOf = (hex: string, copies: number | null): number => {
    const attempts = Array.from({ length: ATTEMPTS }, () => ({ hex, setup: NONE }));
    const { measurements } = recordBlocks(projectRoot, attempts, copies);
    return Math.min(
      ...measurements.map((found) => (found.kind === 'cycles' ? Number(found.cycles) : Infinity)),
    );
  };

  it.each([
    ['additions', ADDITION, 1, null],
    ['multiplications', MULTIPLICATION, 3, null],
    ['additions', ADDITION, 1, 100],
    ['multiplications', MULTIPLICATION, 3, 100],
  ])('measures dependent %s (%s) at %d cycles each, copies in a loop: %s', (...row) => {
    const [, hex, cycles, copies] = row;
    const measured = leastOf(hex, copies);
    expect(measured).toBeGreaterThan(0.9 * cycles);
    expect(measured).toBeLessThan(1.1 * cycles);
  });

  it('says why a block has no cycles', () => {
    const faulty = [
      { hex: '0f0b', setup: NONE, reason: 'an invalid instruction' }, // UD2
      { hex: 'f7f3', setup: new Map([['rbx', 0n]]), reason: 'an exception' }, // DIV EBX
      // MOV RAX, [RAX]
      {
        hex: '488b00',
        setup: new Map([['rax', 1n << 63n]]),
        reason: 'an address that cannot be mapped',
      },
      { hex: 'ebfe', setup: NONE, reason: 'takes too long' }, // JMP to itself
    ];
    const { processor, measurements } = recordBlocks(projectRoot, faulty, null);
    expect(measurements).toEqual(faulty.map(({ reason }) => ({ kind: 'refused', reason })));
    expect(processor).toMatch(/^\w+ family [0-9A-F]+h model [0-9A-F]+h$/);
  });
});

describe('the command', () => {
  const run = (args: readonly string[], PATH: string) =>
    spawnSync(process.execPath, [join(projectRoot, 'dist/scripts/record-blocks.js'), ...args], {
      encoding: 'utf8',
      env: { PATH },
    });
  const list = join(projectRoot, 'scripts/blocks/own-blocks.csv');

  it('says that gcc is missing, with exit status 10', () => {
    const { status, stderr } = run([list], '/nowhere');
    expect(stderr).toMatch(/^record-blocks: gcc on x86-64 Linux: not there; .*\n$/);
    expect(status).toBe(10);
  });

  it('refuses a loop of no copies, with exit status 2', () => {
    const { status, stderr } = run([list, '--loop', '0'], '/nowhere');
    expect(stderr).toBe('record-blocks: --loop 0: not a whole number from 1 to 1000\n');
    expect(status).toBe(2);
  });
});

/** iced-x86 and the list's assembler name these differently. */
function mnemonicsOf(text: string): string {
  return text
    .split('; ')
    .map((instruction) => (instruction.split(' ')[0] ?? '').replace('movabs', 'mov'))
    .join();
}
