/** `report --between A..B`: what a trace gives for a part is what a profile and a trace of that part have. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { guestOf } from '../guests/guest.js';
import { emptyFolder, runRecord, s7x, type Finished } from './s7x.js';

/** Calls `work` five times, each time after a character. */
const CALLS = guestOf(`
    call com1_init
    mov ebp, 0x41
again:
    mov eax, ebp
    call put
    mov al, 0x0a
    call put
    call work
    inc ebp
    cmp ebp, 0x46
    jb again
    jmp power_off
work:
    mov ecx, 1000
busy:
    add [0x400000 + ecx * 4], ecx
    loop busy
    call inner
    ret
inner:
    mov ecx, 500
    loop $
    ret
`);
const report = ({ folder }: Finished, words: readonly string[]): Promise<Finished> =>
  s7x(['report', ...words], { folder });
const text = ({ folder }: Finished, name: string): string =>
  readFileSync(join(folder, name), 'utf8');

describe.each(['unit', 'zen1'])('with --cpu %s', (cpu) => {
  const words = ['run', CALLS, '-m', '8M', '--cpu', cpu];

  it('a trace of the whole run has the cycles of its profile', async () => {
    const run = await s7x([...words, '--trace', 'call', '--profile']);
    expect((await report(run, ['--between', '..end', '--folded', 'all'])).status).toBe(0);
    expect(text(run, 'all')).toBe(text(run, '.s7x/last/profile.folded'));
  });

  it('a part has the cycles between its moments, by calling context', async () => {
    const run = await s7x([...words, '--trace', 'call,io', '--atlas']);
    const part = 'sym:work#2..sym:work#4';
    const { stdout } = await report(run, ['--between', part, '--json']);
    const { between } = JSON.parse(stdout) as {
      between: { from: number; to: number; lines: [number, string][]; functions: object[] };
    };
    const until = async (moment: string): Promise<number> =>
      runRecord(await s7x([...words, '--until', moment])).stats.cycles;
    expect([between.from, between.to]).toEqual([
      await until('sym:work#2'),
      await until('sym:work#4'),
    ]);
    expect(between.lines.map(([, line]) => line)).toEqual(['B', 'C']); // the line takes its time
    expect(between.functions).toContainEqual(expect.objectContaining({ name: 'inner', calls: 2 }));
    const all = await report(run, ['--between', part, '--folded', 'part', '--memory', 'm.html']);
    expect(all.status).toBe(0);
    const sum = text(run, 'part')
      .trim()
      .split('\n')
      .reduce((cycles, line) => cycles + Number(line.split(' ').at(-1)), 0);
    expect(sum).toBe(between.to - between.from);
  });

  it('a timeline is that of a trace that was recorded there only', async () => {
    const [from, to] = ['sym:work#2', 'sym:inner#3'];
    const whole = await s7x([...words, '--trace', 'call,io']);
    const only = await s7x([
      ...words,
      '--trace',
      'call,io',
      '--trace-from',
      from,
      '--trace-to',
      to,
    ]);
    await report(whole, ['--between', `${from}..${to}`, '--chrome', 't.json']);
    await report(only, ['--chrome', 't.json']);
    type Event = { readonly name?: string; readonly ph: string; readonly ts?: number };
    const lastOf = (events: readonly Event[]): number =>
      Math.max(...events.map(({ ts = 0 }) => ts));
    // What begins or ends with the part has no length in it.
    const slices = (run: Finished): string[] =>
      (JSON.parse(text(run, 't.json')) as { traceEvents: Event[] }).traceEvents
        .filter(({ ph }) => ph === 'B' || ph === 'E' || ph === 'i')
        .filter(({ ts = 0 }, place, all) => ts > (all[0]?.ts ?? 0) && ts < lastOf(all))
        .map(({ name = '', ph, ts }) => `${ph} ${name} ${ts}`);
    expect(slices(whole).length).toBeGreaterThan(6);
    expect(slices(whole)).toEqual(slices(only));
  });
});

it('prints moments, cycles, lines of COM1 and functions, and compares two parts', async () => {
  const words = ['run', CALLS, '-m', '8M', '--cpu', 'unit', '--trace', 'call', '--atlas'];
  const run = await s7x(words);
  const part = ['--between', 'serial:B..serial:D'];
  const { stdout } = await report(run, part);
  expect(stdout).toMatch(/^between {7}serial:B\.\.serial:D$/m);
  expect(stdout).toMatch(/^guest time {4}\S+ \ws, [\d ]+ cycles, \d+\.\d % of the run$/m);
  expect(stdout).toMatch(/^events {8}\d+ calls, 0 interrupts, 0 exceptions$/m);
  expect(stdout).toMatch(/^pages {9}first 0 written, 0 filled, 0 executed, 0 read$/m);
  expect(stdout).toMatch(/^ +[\d ]+ {2}B\n +[\d ]+ {2}C$/m);
  expect(stdout).toMatch(/^ .* 2 {2}work$/m);
  await s7x([...words, '-o', 'other'], { folder: run.folder });
  const compared = await report(run, ['.s7x/last', 'other', ...part]);
  expect(compared.stdout).toMatch(/^compared with \.s7x\/last$/m);
  expect(compared.stdout).toMatch(/^ +([\d ]+) +\1 +\+0\.00 % {2}cycles$/m);
});

it('says what is missing, and which part a trace has', async () => {
  const plain = await s7x(['run', CALLS, '-m', '8M', '--cpu', 'unit', '--trace', 'io']);
  const refused = async (run: Finished, words: readonly string[]): Promise<string> => {
    const { status, stderr } = await report(run, words);
    expect(status).toBe(2);
    return stderr;
  };
  expect(await refused(plain, ['--between', '1us..2us', '--flame', 'f.svg'])).toBe(
    's7x: --flame: .s7x/last has no trace of calls, which --between cuts; run with --trace call\n',
  );
  expect(await refused(plain, ['--between', '1us..2us', '--memory', 'm.html'])).toContain(
    'run with --atlas',
  );
  const replay = ['replay', '--trace', 'call', '--trace-from', 'sym:work#2', '-o', 'part'];
  await s7x(replay, { folder: plain.folder });
  expect(await refused(plain, ['part', '--between', '..sym:inner'])).toMatch(
    /^s7x: --between \.\.sym:inner: the trace of part has cycles \d+ to \d+ only, not 0 to \d+\n$/,
  );
  expect((await report(plain, ['part', '--between', 'sym:inner..'])).status).toBe(0);
  expect(await refused(plain, ['missing', '--between', 'x'])).toContain('it is A..B');
  const empty = await s7x(['report', '--between', '..1ms'], { folder: emptyFolder() });
  expect(empty.status).toBe(10);
});
