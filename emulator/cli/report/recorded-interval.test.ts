/** `report --between A..B`: how the words are read, which cycles they are, and what lies between. Figures are added up by hand. */
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../base/errors.js';
import { RECORD, TRACE as CALLS } from '../../../tests/profile-fixture.js';
import { foldedStacks, functionRows } from './call-profile.js';
import { callgrindProfile } from './callgrind.js';
import { parseInterval } from '../interval.js';
import { cyclesOfInterval } from './recorded-interval.js';
import type { TraceFile } from './trace-file.js';
import { cutTrace, profileOfTrace } from './trace-stack.js';

/** Alloc calls itself at 3000. */
const TRACE: TraceFile = {
  ...CALLS,
  categories: ['call', 'io'],
  stack: [...CALLS.stack, [3000, 2, 2, 0], [3100, 3, 2, 0], [3300, 2, 2, 0], [3400, 1, 1, 0]],
  ports: [
    [1004, 0x80, 1, 0x12, 1],
    [2100, 0x20, 1, 0x20, 1],
  ],
  lines: [
    [1200, 'PMM ready'],
    [2600, 'heap ready..'],
  ],
};
const FOLDER = {
  path: 'run',
  profile: null,
  record: {
    ...RECORD,
    stats: { ...RECORD.stats, cycles: 5000 },
    expects: [
      { pattern: 'PMM', cycle: 1234, line: 1 },
      { pattern: 'never', cycle: null, line: null },
    ],
  },
};
const cyclesOf = (text: string, trace: TraceFile | null = TRACE): string => {
  const { from, to } = cyclesOfInterval(parseInterval(text, '--between'), FOLDER, trace);
  return `${from} ${to}`;
};

describe('--between', () => {
  it.each([
    ['2Kcyc..3us', '2000 3000'],
    ['..1500cyc', '0 1500'],
    ['1500cyc..', '1500 5000'],
    ['1us..end', '1000 5000'],
    ['1us..1s', '1000 5000'],
    ['serial:/PMM/..serial:heap', '1200 2600'],
    ['serial:PMM .. serial:heap', '1200 2600'],
    ['serial:/heap ..../..end', '2600 5000'],
    ['..serial:/y\\.\\.$/m', '0 2600'],
    ['expect:1..sym:alloc#2', '1234 3000'],
    ['sym:alloc..sym:handler', '1500 1700'],
    ['sym:alloc#3..end', '3100 5000'],
    ['sym:[#PF]..sym:[interrupt 0x20]', '1600 2000'],
  ])('%s is cycles %s', (text, cycles) => {
    expect(cyclesOf(text)).toBe(cycles);
  });

  it.each([
    ['5ms', '--between 5ms: it is A..B, with moments such as 5ms..serial:/ready/'],
    ['..', '--between ..: it is A..B, with moments such as'],
    ['soon..end', '--between soon: not a moment'],
    ['1us..2', '--between 2: not a moment'],
    ['serial:a..serial:b..serial:c', 'serial:b..serial:c: can be read in 2 ways'],
    ['2us..1us', '--between 2us..1us: ends before it begins'],
    ['1us..1us', 'nothing of run lies between (1 000 to 1 000)'],
    ['9us..', 'nothing of run lies between (9 000 to 5 000)'],
    ['5insn..', '--between 5insn: no recording tells when that was'],
    ['..0x1000', '--between 0x1000: no recording tells when that was'],
    ['expect:2..', '--between expect:2: never has not matched in run'],
    ['expect:3..', '--between expect:3: run has 2 expectations'],
    ['serial:none..', '--between serial:none: has not come in the trace of run'],
    ['sym:alloc#4..', '--between sym:alloc#4: the trace of run enters the function 3 times only'],
    ['sym:kmain#2..', 'enters the function once only'],
    ['sym:aloc..', "enters no function of that name; did you mean 'alloc'?"],
  ])('%s is refused', (text, sentence) => {
    expect(() => cyclesOf(text)).toThrow(ConfigurationError);
    expect(() => cyclesOf(text)).toThrow(sentence);
  });

  it('says what was not recorded', () => {
    expect(() => cyclesOf('sym:alloc..', null)).toThrow('run has no trace.json');
    expect(() => cyclesOf('sym:alloc..', { ...TRACE, categories: ['io'] })).toThrow(
      'the trace of run has no calls',
    );
    expect(cyclesOf('1us..2us', null)).toBe('1000 2000');
  });
});

describe('what lies between', () => {
  const folded = (from: number, to: number): string[] =>
    foldedStacks(profileOfTrace(TRACE, { from, to })).trim().split('\n');

  it('has the cycles of each calling context', () => {
    expect(folded(0, 5000)).toEqual(
      [
        '[firmware] 1000',
        'kmain 2700',
        'kmain;[interrupt 0x20] 500',
        'kmain;alloc 400',
        'kmain;alloc;[#PF] 100',
        'kmain;alloc;alloc 200',
        'kmain;alloc;handler 100',
      ].sort(),
    );
    // In the middle of frames, and in that of none.
    expect(folded(1650, 1750)).toEqual(['kmain;alloc;[#PF] 50', 'kmain;alloc;handler 50']);
    expect(folded(200, 300)).toEqual(['[firmware] 100']);
  });

  it('has the calls that were made there, and not those under way', () => {
    const rows = functionRows(profileOfTrace(TRACE, { from: 1550, to: 3200 }));
    const calls = Object.fromEntries(rows.map(({ name, calls: n }) => [name, n]));
    expect(calls).toEqual({
      kmain: 0,
      alloc: 2,
      '[#PF]': 1,
      handler: 1,
      '[interrupt 0x20]': 1,
      '[firmware]': 0,
    });
  });

  it('is a trace that begins with the frames under way', () => {
    const cut = cutTrace(TRACE, { from: 1750, to: 2300 });
    expect(cut.stack.slice(0, 4)).toEqual([
      [1750, 1, 1, 0],
      [1750, 2, 2, 0],
      [1750, 3, 3, 1],
      [1750, 3, 4, 1],
    ]);
    expect(cut.stack.slice(4)).toEqual(TRACE.stack.slice(4, 7));
    expect([cut.ports, cut.lines, cut.endCycle]).toEqual([TRACE.ports.slice(1), [], 2300]);
    const cost = (trace: TraceFile): string =>
      foldedStacks(profileOfTrace(trace, { from: 1800, to: 2300 }));
    expect(cost(cut)).toBe(cost(TRACE));
  });

  it('has no instructions in a file for KCachegrind', () => {
    const text = callgrindProfile(profileOfTrace(TRACE, { from: 0, to: 5000 }), 't', 'x');
    expect(text).toContain('events: Cycles\nsummary: 5000\n');
    expect(text).toMatch(/^cfn=\((\d+)\) alloc\n(?:.*\n)*fn=\(\1\)\n0 600\n/m);
  });
});
