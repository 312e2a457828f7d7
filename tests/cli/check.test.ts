/** `--check`: accesses that are found, by guests that make known ones; what is right to do is not found; and nothing of the run changes. */
import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../emulator/cli/run-record.js';
import { guest, guestOf } from '../guests/guest.js';
import { runRecord, s7x, type Finished } from './s7x.js';

/** What is found is written `check access address bytes times`; the instruction stands at the label `at`. */
interface Case {
  readonly name: string;
  readonly code: string;
  readonly found: readonly string[];
}

const MAP = [
  '-m',
  '8M',
  '--memmap-add',
  '64K@0x300000:reserved',
  '--memmap-add',
  '64K@0x320000:acpi',
];
const CASES: readonly Case[] = [
  {
    name: 'a load of what nobody has written',
    code: 'at: mov eax, [0x400000]',
    found: ['uninit read 0x400000 4 1'],
  },
  {
    name: 'ten loads in a loop are one finding',
    code: 'mov ecx, 10\nat: mov eax, [0x400004]\nloop at',
    found: ['uninit read 0x400004 4 10'],
  },
  {
    name: 'a load of what was stored',
    code: 'mov [0x400000], eax\nat: mov eax, [0x400000]',
    found: [],
  },
  {
    name: 'a load of which some bytes were stored: a structure with gaps',
    code: 'mov [0x400001], al\nat: mov eax, [0x400000]',
    found: [],
  },
  {
    name: 'the byte before the stored one',
    code: 'mov [0x400001], al\nat: mov al, [0x400000]',
    found: ['uninit read 0x400000 1 1'],
  },
  {
    name: 'an addition to what nobody has written',
    code: 'at: add dword [0x400010], 1\nmov eax, [0x400010]',
    found: ['uninit read 0x400010 4 1'],
  },
  {
    name: 'a load over the end of a page: the page behind it',
    code: 'mov [0x400ffc], eax\nat: mov eax, [0x400ffe]',
    found: ['uninit read 0x401000 2 1'],
  },
  {
    name: 'a string that is copied',
    code: 'mov esi, 0x400000\nmov edi, 0x500000\nmov ecx, 16\nat: rep movsd',
    found: ['uninit read 0x400000 64 1'],
  },
  {
    name: 'a string of which all was filled',
    code: 'mov edi, 0x400000\nmov ecx, 0x8000\nrep stosd\nmov esi, 0x40fff0\nmov ecx, 4\nat: rep lodsd',
    found: [],
  },
  {
    name: 'a vector',
    code: 'mov eax, cr4\nor eax, 0x200\nmov cr4, eax\nat: db 0x0f, 0x10, 0x05\ndd 0x400020', // movups xmm0, [0x400020]
    found: ['uninit read 0x400020 16 1'],
  },
  {
    name: 'a line that is flushed: nothing is loaded (CLFLUSH, CLFLUSHOPT, CLWB)',
    code: [
      'db 0x0f, 0xae, 0x3d\ndd 0x400040', // clflush [0x400040]
      'db 0x66, 0x0f, 0xae, 0x3d\ndd 0x400080', // clflushopt [0x400080]
      'db 0x66, 0x0f, 0xae, 0x35\ndd 0x4000c0', // clwb [0x4000c0]
      'at: mov eax, [0x400100]',
    ].join('\n'),
    found: ['uninit read 0x400100 4 1'],
  },
  { name: 'the stack', code: 'push eax\nat: pop eax', found: [] },
  {
    name: 'a stack that nobody has written',
    code: 'mov esp, 0x400000\nat: pop eax',
    found: ['uninit read 0x400000 4 1'],
  },
  {
    name: 'the image, its zeros and the text screen',
    code: 'mov eax, [entry]\nat: mov eax, [0xb8000]\nmov [0xb8000], eax',
    found: [],
  },
  {
    name: 'a store to reserved memory',
    code: 'at: mov [0x300010], eax\nmov eax, [0x300010]',
    found: ['reserved write 0x300010 4 1'],
  },
  {
    name: 'a store to memory of ACPI tables, which may be free by now',
    code: 'at: mov [0x320000], eax',
    found: [],
  },
  {
    name: 'a load where there is no memory',
    code: 'at: mov eax, [0x70000000]',
    found: ['reserved read 0x70000000 4 1'],
  },
  {
    name: 'a store where there is none',
    code: 'at: mov [0x70000000], eax',
    found: ['reserved write 0x70000000 4 1'],
  },
  {
    name: 'a store to code that has been executed',
    code: 'mov edi, next\nnext: nop\nat: mov byte [edi], 0x90',
    found: ['wx write next 1 1'],
  },
  {
    name: 'a fill of many pages over code that has been executed',
    code: 'mov edi, 0x200000\nmov dword [edi], 0xc3\ncall edi\nmov ecx, 0x4000\nat: rep stosd',
    found: ['wx write 0x200000 65536 1'],
  },
  {
    name: 'a store beside code, in its line',
    code: 'call next\njmp at\nalign 64\nnext: ret\nbeside: dd 0\nalign 64\nat: mov [beside], eax',
    found: [],
  },
  {
    name: 'what a string instruction without REP reads, and what comes behind it',
    code: 'mov esi, 0x400000\nat: lodsd\nmov eax, 1',
    found: ['uninit read 0x400000 4 1'],
  },
  {
    name: 'a string that is moved downwards over itself',
    code: 'mov esi, 0x40007c\nmov edi, 0x4000bc\nmov ecx, 32\nstd\nat: rep movsd\ncld',
    found: ['uninit read 0x400000 128 1'],
  },
  {
    name: 'a store to code that has not',
    code: 'at: mov byte [later], 0x90\njmp later\nalign 64\nlater: nop',
    found: [],
  },
];

const found = ({ checks = [] }: RunRecord): string[] =>
  checks.map(({ check, access, address, bytes, count }) =>
    [check, access, address, bytes, count].join(' '),
  );
const hostless = (record: RunRecord): object => ({ ...record, host: 0, config: 0, checks: 0 });
const ALL = ['--check', 'uninit,reserved,wx,tlb'];

describe.each(['unit', 'zen1'])('with --cpu %s', (cpu) => {
  it.each(CASES)('$name', async ({ code, found: expected }) => {
    // The symbol that the instruction belongs to is its label.
    const image = guestOf(`mov edx, 0x1234\n${code}\njmp power_off`);
    const run = await s7x(['run', image, ...MAP, '--cpu', cpu, ...ALL]);
    const record = runRecord(run);
    const places = record.checks?.map((finding) => finding.function) ?? [];
    expect(places).toEqual(expected.map(() => 'at'));
    const [only] = record.checks ?? [];
    const named = found(record).map((text) =>
      text.includes(' next ') || !expected.some((line) => line.includes(' next '))
        ? text
        : text.replace(only?.address ?? '', 'next'),
    );
    expect(named).toEqual(expected);
    expect(run.status).toBe(expected.length === 0 ? 0 : 4);
  });

  it.each(['ticks', 'task-switches', 'protected-faults', 'modifies-itself', 'vector-registers'])(
    'nothing of the run changes: %s',
    async (name) => {
      const words = ['run', guest(name), '-m', '8M', '--cpu', cpu];
      const [plain, checked] = [await s7x(words), await s7x([...words, ...ALL])];
      expect(checked.stdout).toBe(plain.stdout);
      const outcome = ({ outcome: { kind } }: RunRecord): string => kind;
      const [now, then] = [runRecord(checked), runRecord(plain)];
      expect(outcome(now)).toBe(outcome(then));
      expect([now.hash, now.stats]).toEqual([then.hash, then.stats]);
    },
  );
});

it('is told line by line, ten at most, and whole in run.json', async () => {
  const loads = Array.from({ length: 12 }, (_, number) => `mov eax, [${0x40_0000 + 4 * number}]`);
  const run = await s7x([
    'run',
    guestOf(`${loads.join('\n')}\njmp power_off`),
    '--cpu',
    'unit',
    ...ALL,
  ]);
  expect(run.stderr.match(/--check uninit: read of 4 bytes at 0x4000/g)).toHaveLength(10);
  expect(run.stderr).toContain('--check: 2 more (run.json, checks)');
  expect(run.stderr).toContain('FAIL  the guest switched the machine off; --check found 12');
  expect(runRecord(run).checks).toHaveLength(12);
});

it('can be asked of a run that was made without it', async () => {
  const image = guestOf('mov eax, [0x400000]\njmp power_off');
  const run = await s7x(['run', image, '-m', '8M', '--cpu', 'unit']);
  expect(run.status).toBe(0);
  const replay = (words: readonly string[]): Promise<Finished> =>
    s7x(['replay', ...words], { folder: run.folder });
  const again = await replay(ALL);
  expect(again.stderr).toContain('--check uninit: read of 4 bytes at 0x400000');
  expect(again.stderr).toContain('the run that was recorded');
  expect(again.status).toBe(4);
  expect(hostless(runRecord(again, '.s7x/replay'))).toMatchObject({ hash: runRecord(run).hash });
});

it.each([
  [
    ['--check', 'wild'],
    /^s7x: --check wild: no such check \(there are: uninit, reserved, wx, stack, tlb\)\n$/,
  ],
  [[...ALL, '--save-at', '5ms'], /^s7x: --save-at cannot go with --check/],
])('%j is refused', async (words, sentence) => {
  const run = await s7x(['run', guest('power-off'), ...words]);
  expect([run.status, run.stderr]).toEqual([2, expect.stringMatching(sentence)]);
});

it.each([['pc'], ['zoo:asus-prime-b550-plus-64g'], ['zoo:asustek-z10pe-d16-series-160g']])(
  'the kernel of this package passes on %s',
  async (memmap) => {
    const words = ['--append', 'quiet', '--fill', 'junk:7', '--functional', '--memmap', memmap];
    const run = await s7x(['run', ...words, ...ALL]);
    expect(run.stderr).toContain('PASS');
    expect(run.status).toBe(0);
  },
);
