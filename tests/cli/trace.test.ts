/** `--trace` and what reports make of it: what is recorded is what the run counts, and nothing of the run changes. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TraceFile } from '../../emulator/cli/report/trace-file.js';
import { guest, guestOf } from '../guests/guest.js';
import { emptyFolder, runRecord, s7x, type Finished } from './s7x.js';

const traceText = ({ folder }: Finished, out = '.s7x/last'): string =>
  readFileSync(join(folder, out, 'trace.json'), 'utf8');
const traceOf = (run: Finished): TraceFile => JSON.parse(traceText(run)) as TraceFile;

/** Times of calls are counted by hand: an instruction is a cycle. */
const CALLS = `
  call outer
after:
  mov al, 0x42
  out 0x99, al
  mov eax, 0x2000
  mov dx, 0x604
  out dx, ax
  hlt
outer:
  call inner
  ret
inner:
  nop
  nop
  ret
`;

describe('run --trace', () => {
  it('has calls and returns with their cycles, and accesses to ports', async () => {
    const run = await s7x(['run', guestOf(CALLS), '--cpu', 'unit', '--trace', 'call,io']);
    const { stack, functions, ports, cycles } = traceOf(run);
    const [entered = 0] =
      stack.find(([, frames, name]) => functions[name] === 'outer' && frames === 2) ?? [];
    const after = stack
      .filter(([cycle]) => cycle >= entered)
      .map(([cycle, frames, name]) => [cycle - entered, frames, functions[name]]);
    // call inner; nop, nop, ret; ret
    expect(after.slice(0, 4)).toEqual([
      [0, 2, 'outer'],
      [1, 3, 'inner'],
      [4, 2, 'outer'],
      [5, 1, 'entry'],
    ]);
    expect(ports.map(([, ...access]) => access)).toContainEqual([0x99, 1, 0x42, 1]);
    expect(cycles).toBe(runRecord(run).stats.cycles);
  });

  it.each(['unit', 'zen1'])(
    'under --cpu %s has the interrupts that the run counts',
    async (cpu) => {
      const words = ['run', guest('ticks'), '--cpu', cpu];
      const [plain, run] = [await s7x(words), await s7x([...words, '--trace', 'irq,exc'])];
      expect({ ...runRecord(run), host: null }).toEqual({ ...runRecord(plain), host: null });
      const report = await s7x(['report', '--chrome', 't.json'], { folder: run.folder });
      expect(report.status).toBe(0);
      const { traceEvents } = JSON.parse(readFileSync(join(run.folder, 't.json'), 'utf8')) as {
        traceEvents: { ph: string; cat?: string }[];
      };
      const begun = traceEvents.filter(({ ph, cat }) => ph === 'B' && cat === 'irq');
      // An INT n is on this track, too: the guest and the firmware behind it have none.
      expect(begun).toHaveLength(runRecord(run).stats.interrupts);
      expect(traceEvents.filter(({ ph }) => ph === 'E')).toHaveLength(
        traceEvents.filter(({ ph }) => ph === 'B').length,
      );
    },
  );

  it('is the same twice, and in a replay', async () => {
    const words = ['run', guest('ticks'), '--trace', 'call,irq', '--trace', 'exc,io'];
    const first = await s7x(words);
    const second = await s7x(words);
    expect(traceText(second)).toBe(traceText(first));
    const replay = await s7x(['replay', '--trace', 'call,irq,exc,io'], { folder: first.folder });
    expect(replay.status).toBe(0);
    expect(traceText(replay, '.s7x/replay')).toBe(traceText(first));
  });

  it('says where it ends when it is full', async () => {
    const forever = guestOf('again:\ncall nothing\njmp again\nnothing:\nret\n');
    const words = [
      '--cpu',
      'unit',
      '--max-insns',
      '2M',
      '--trace',
      'call',
      '--log-format',
      'pretty',
    ];
    const run = await s7x(['run', forever, ...words]);
    const { stack, lines, ports, endCycle } = traceOf(run);
    expect(stack.length + lines.length + ports.length).toBe(500_000);
    expect(endCycle).toBeGreaterThan(500_000);
    expect(run.stderr).toMatch(
      /trace\.json is full with 500 000 events: what came from cycle [\d ]+ on is not in it/,
    );
  });

  it.each(['unit', 'zen1'])(
    'from and to moments: what of the whole trace lies between (--cpu %s)',
    async (cpu) => {
      const words = ['run', guestOf(CALLS), '--cpu', cpu, '--trace', 'call,io'];
      const whole = traceOf(await s7x(words));
      const run = await s7x([...words, '--trace-from', 'sym:inner', '--trace-to', 'sym:after']);
      const part = traceOf(run);
      const named = ({ stack, functions }: TraceFile): unknown[] =>
        stack.map(([cycle, frames, name]) => [cycle, frames, functions[name]]);
      const begin = part.stack[0]?.[0] ?? 0;
      const present = part.stack.filter(([cycle]) => cycle === begin);
      expect(present.slice(-3).map(([, , name]) => part.functions[name])).toEqual([
        'entry',
        'outer',
        'inner',
      ]);
      const end = part.endCycle ?? 0;
      const between = named(whole).filter(
        (row) => (row as number[])[0]! > begin && (row as number[])[0]! <= end,
      );
      expect(named(part).slice(present.length)).toEqual(between);
      expect(between.length).toBeGreaterThan(1);
      expect(part.ports).toEqual([]);
      expect((await s7x(['report', '--chrome', 't.json'], { folder: run.folder })).status).toBe(0);
      const { traceEvents } = JSON.parse(readFileSync(join(run.folder, 't.json'), 'utf8')) as {
        traceEvents: { ph: string }[];
      };
      const count = (kind: string): number => traceEvents.filter(({ ph }) => ph === kind).length;
      expect([count('B') > 3, count('B')]).toEqual([true, count('E')]);
    },
  );

  it.each([
    [['--trace-from', '10s'], '--trace-from 10s has not come: trace.json is empty'],
    [['--trace-to', '10s'], '--trace-to 10s has not come: the trace goes to the end'],
    [
      ['--trace-from', 'sym:after', '--trace-to', 'sym:inner'],
      '--trace-from sym:after has not come before --trace-to sym:inner: trace.json is empty',
    ],
  ])('%j is warned of', async (words, sentence) => {
    const run = await s7x(['run', guestOf(CALLS), '--cpu', 'unit', '--trace', 'call', ...words]);
    expect(run.stderr).toContain(sentence);
    expect(run.status).toBe(0);
  });

  it.each([
    [['--trace-from', '10s'], 's7x: --trace-from: nothing is recorded without --trace\n'],
    [['--trace', 'io', '--trace-to', 'end'], 's7x: --trace-to end: a trace ends there anyway\n'],
  ])('%j is refused', async (words, sentence) => {
    const run = await s7x(['run', guestOf(CALLS), ...words]);
    expect([run.status, run.stderr]).toEqual([2, sentence]);
  });

  it('refuses a category that there is not, and a report where nothing was traced', async () => {
    const unknown = await s7x(['run', '--trace', 'calls']);
    expect([unknown.status, unknown.stderr]).toEqual([
      2,
      's7x: --trace calls: no such category (there are: call, irq, exc, io)\n',
    ]);
    const run = await s7x(['run', guest('power-off')], { folder: emptyFolder() });
    const report = await s7x(['report', '--chrome', 't.json'], { folder: run.folder });
    expect([report.status, report.stderr]).toEqual([
      2,
      's7x: --chrome: .s7x/last has no trace.json; run with --trace\n',
    ]);
  });
});

/** It has no --version that succeeds: whether it is there at all. */
function hasAnnotate(): boolean {
  return spawnSync('callgrind_annotate', ['--version'], { stdio: 'ignore' }).error === undefined;
}
const annotates = hasAnnotate();
if (!annotates) process.stderr.write('skipped: no callgrind_annotate is installed\n');

describe('report --callgrind', () => {
  it.skipIf(!annotates)(
    'is read by callgrind_annotate, which has the cycles of the run',
    async () => {
      const run = await s7x(['run', guestOf(CALLS), '--cpu', 'unit', '--profile']);
      const words = ['report', '--callgrind', 'c.out', '--speedscope', 's.json'];
      expect((await s7x(words, { folder: run.folder })).status).toBe(0);
      const shown = execFileSync(
        'callgrind_annotate',
        ['--inclusive=yes', '--threshold=100', 'c.out'],
        {
          cwd: run.folder,
          stdio: ['ignore', 'pipe', 'pipe'],
          encoding: 'utf8',
        },
      );
      const cyclesOf = (name: RegExp): number =>
        Number(
          /^\s*([\d,]+)/
            .exec(shown.split('\n').find((line) => name.test(line)) ?? '')?.[1]
            ?.replaceAll(',', ''),
        );
      expect(cyclesOf(/PROGRAM TOTALS/)).toBe(runRecord(run).stats.cycles);
      expect(cyclesOf(/:outer\b/)).toBe(2 + 3);
      expect(cyclesOf(/:inner\b/)).toBe(3);
    },
  );
});
